// The subcommands of raft-scenarios, each in a file of its own:
// scenarios_NAME.cpp.

#pragma once

#include <functional>

namespace CLI {

class App;

} // namespace CLI

namespace raft::tools {

/// Exit codes of `raft-scenarios`. They are part of its interface.
enum class scenarios_exit : int {
  passed = 0,
  /// A scenario failed, or a history is not linearizable.
  failed = 1,
  /// The command line or a file cannot be used; there is no such scenario, or
  /// its environment cannot express it.
  unusable = 2,
  /// A check was given up at its bound.
  undecided = 3,
};

/// What a subcommand does once its arguments are read.
using scenarios_run = std::function<scenarios_exit()>;

/// Each declares a subcommand with its arguments, and puts what it does into
/// `chosen` if it is named.

void add_check(CLI::App& app, scenarios_run& chosen);
void add_explain(CLI::App& app, scenarios_run& chosen);
void add_list(CLI::App& app, scenarios_run& chosen);
void add_run(CLI::App& app, scenarios_run& chosen);
void add_fuzz(CLI::App& app, scenarios_run& chosen);
void add_replay(CLI::App& app, scenarios_run& chosen);

} // namespace raft::tools
