// raft-bench-floor: what one command of one client takes at least, for
// ./dev bench compare.

#include <raft/bench/floor/floor.hpp>
#include <raft/bench/keyspace.hpp>
#include <raft/bench/measurement.hpp>
#include <raft/bench/open_loop.hpp>
#include <raft/programs/command_line.hpp>
#include <raft/programs/standard_files.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace raft::bench::floor {

namespace {

struct options {
  floor_options what;
  unsigned round = 1;
  std::string data;
  std::string to;
  double seconds = 2;
};

void declare(CLI::App& app, options& x) {
  using programs::whole_number;
  programs::add_text(app, "--data", x.data, "Directory on the disk to be used")
    ->required();
  programs::add_text(app, "--to", x.to, "File to which a line is added")
    ->required();
  app.add_option("--round", x.round, "What round this is")
    ->transform(whole_number(1, 1000));
  app.add_option("--value-bytes", x.what.value_bytes, "Size of a value")
    ->transform(whole_number(keyspace::min_value_bytes, 1 << 20))
    ->capture_default_str();
  app
    .add_option("--seconds", x.seconds, "How long each of the two is measured")
    ->check(CLI::Range(0.1, 3600.0))
    ->capture_default_str();
}

void run(options x) {
  x.what.directory = x.data;
  x.what.length = std::chrono::duration<double>{x.seconds};
  floor_figure result;
  result.round = x.round;
  result.value_bytes = x.what.value_bytes;
  result.sync_ms = quantile(measure_syncs(x.what), 0.5);
  result.round_trip_ms = quantile(measure_round_trips(x.what), 0.5);
  std::cout << fmt::format(
    "  {:<13} SET {:>5} bytes: a sync {:.3f} ms, a round "
    "trip {:.3f} ms\n",
    "floor", result.value_bytes, result.sync_ms, result.round_trip_ms)
            << std::flush;
  std::ofstream out{x.to, std::ios::app};
  if (!(out << nlohmann::json(result) << '\n' << std::flush))
    throw std::runtime_error{x.to + ": cannot be written"};
}

int main(int argc, char** argv) {
  programs::fill_standard_files();
  CLI::App app{"Measures what a SET of one client takes at least, whoever "
               "serves it: the sync of a\njournal's record, with three "
               "processes at once, and the round trip of a message\nbetween "
               "two processes; medians, in milliseconds.",
               "raft-bench-floor"};
  options x;
  declare(app, x);
  try {
    programs::parse(app, argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  try {
    run(x);
    return 0;
  } catch (const std::exception& problem) {
    std::cerr << "raft-bench-floor: " << problem.what() << '\n';
    return 1;
  }
}

} // namespace

} // namespace raft::bench::floor

int main(int argc, char** argv) {
  return raft::bench::floor::main(argc, argv);
}
