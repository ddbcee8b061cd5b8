// raft-bench-core: what the consensus core itself costs.

#include <raft/bench/core/load.hpp>
#include <raft/programs/command_line.hpp>
#include <raft/programs/standard_files.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
  namespace programs = raft::programs;
  programs::fill_standard_files();
  CLI::App app{"Runs three consensus cores in one thread, with stores in "
               "memory, and prints what an\nentry costs each of them, in "
               "nanoseconds of processor time, and entries a second.",
               "raft-bench-core"};
  raft::bench::core::load_options options;
  app.add_option("--entries", options.entries, "How many")
    ->transform(programs::whole_number(1, 1'000'000'000))
    ->capture_default_str();
  app
    .add_option("--value-bytes", options.value_bytes, "Size of an entry's data")
    ->transform(programs::whole_number(0, 1 << 20))
    ->capture_default_str();
  app
    .add_option("--outstanding", options.outstanding,
                "How many commands come before the first of them is committed")
    ->transform(programs::whole_number(1, 10'000))
    ->capture_default_str();
  try {
    programs::parse(app, argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  try {
    auto found = raft::bench::core::run_load(options);
    auto show = [&](const char* what, std::chrono::nanoseconds spent) {
      auto each = static_cast<double>(spent.count())
                / static_cast<double>(found.entries);
      std::cout << fmt::format("{:<34} {:>6.0f} ns {:>11.0f}/s\n", what, each,
                               1e9 / each);
    };
    show("leader", found.leader);
    show("follower", found.follower);
    show("all three and their stores",
         found.leader + found.followers + found.stores);
    std::cout << fmt::format("{:.1f} entries in an append request\n",
                             static_cast<double>(found.entries)
                               / static_cast<double>(found.appends));
  } catch (const std::exception& problem) {
    std::cerr << "raft-bench-core: " << problem.what() << '\n';
    return 1;
  }
}
