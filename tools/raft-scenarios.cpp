// raft-scenarios: tests of clusters as a program. Reads arguments and calls
// what they name.

#include <raft/programs/command_line.hpp>
#include <raft/programs/standard_files.hpp>
#include <raft/tools/lib/scenarios.hpp>

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>

namespace raft::tools {

namespace {

int finish(scenarios_exit x) {
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "raft-scenarios: standard output cannot be written\n";
    x = scenarios_exit::unusable;
  }
  return static_cast<int>(x);
}

int main(int argc, char** argv) {
  CLI::App app{"Tests clusters, and what clients saw of them.",
               "raft-scenarios"};
  scenarios_run chosen;
  app.require_subcommand(1);
  add_check(app, chosen);
  add_explain(app, chosen);
  add_list(app, chosen);
  add_run(app, chosen);
  add_fuzz(app, chosen);
  add_replay(app, chosen);
  try {
    programs::parse(app, argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0
                                  : static_cast<int>(scenarios_exit::unusable);
  }
  try {
    return finish(chosen());
  } catch (const std::exception& problem) {
    std::cerr << "raft-scenarios: " << problem.what() << '\n';
    return static_cast<int>(scenarios_exit::unusable);
  }
}

} // namespace

} // namespace raft::tools

int main(int argc, char** argv) {
  raft::programs::fill_standard_files();
  return raft::tools::main(argc, argv);
}
