// raft-bench: how long commands take at a load that comes at fixed moments.

#include <raft/bench/open_loop.hpp>
#include <raft/programs/command_line.hpp>
#include <raft/programs/standard_files.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <iostream>

int main(int argc, char** argv) {
  namespace programs = raft::programs;
  programs::fill_standard_files();
  CLI::App app{
    "Sends SET to a Redis port of this machine at fixed moments, and "
    "prints how many there\nwere, and the median, the 99th "
    "percentile and the longest of their times in milliseconds.",
    "raft-bench"};
  raft::bench::open_loop_options options;
  auto seconds = options.length.count();
  app.add_option("--port", options.port, "Port of a raftd that leads")
    ->transform(programs::whole_number(1, 65'535))
    ->required();
  app.add_option("--connections", options.connections, "They take turns")
    ->transform(programs::whole_number(1, 1000))
    ->capture_default_str();
  app.add_option("--rate", options.per_second, "Commands a second")
    ->check(CLI::Range(1.0, 1e6))
    ->capture_default_str();
  app.add_option("--seconds", seconds, "How long")
    ->transform(programs::whole_number(1, 86'400))
    ->capture_default_str();
  app.add_option("--value-bytes", options.value_bytes, "Size of a value")
    ->transform(programs::whole_number(0, 1 << 20))
    ->capture_default_str();
  app.add_option("--keys", options.keys, "How many there are to choose from")
    ->transform(programs::whole_number(1, 1'000'000'000))
    ->capture_default_str();
  app.add_option("--seed", options.seed, "Of the choice")
    ->transform(programs::whole_number())
    ->capture_default_str();
  try {
    programs::parse(app, argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  // A lost connection is an error with a name, not an end without a word.
  std::signal(SIGPIPE, SIG_IGN);
  options.length = std::chrono::seconds{seconds};
  try {
    auto took = raft::bench::run_open_loop(options);
    using raft::bench::quantile;
    std::cout << fmt::format("{} {:.2f} {:.2f} {:.2f}\n", took.size(),
                             quantile(took, 0.5), quantile(took, 0.99),
                             quantile(took, 1));
  } catch (const std::exception& problem) {
    std::cerr << "raft-bench: " << problem.what() << '\n';
    return 1;
  }
}
