// Runs scenarios and says how they went.

#pragma once

#include <raft/scenarios/scenario.hpp>
#include <raft/simulation/event.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace raft::scenarios {

/// A scenario must end within this time, of its environment.
inline constexpr std::chrono::seconds scenario_max{120};

/// How one run of a scenario went.
struct run_report {
  enum class outcome {
    passed,
    failed,
    /// The environment cannot express it.
    impossible,
  };

  outcome result = outcome::passed;
  std::size_t peers = 0;
  std::vector<stage_report> stages;
  std::vector<std::string> remarks;
  /// What was expected and what was seen, or why it is impossible.
  std::string reason;
};

/// Says why a scenario cannot be run on a kind of environment; empty if it can.
std::string objection_to(const scenario& what, environment_kind where);

/// The same as a sentence that names both.
/// @pre It cannot be run.
std::string refusal(const scenario& what, environment_kind where);

/// How to run a scenario.
struct run_options {
  environment_kind where = environment_kind::simulated;
  std::uint64_t seed = 1;
  /// See `environment_options`; without effect on `simulated`.
  unsigned slow_motion = 1;
};

/// Runs a scenario once.
/// @param watching Is told by environment `simulated` what happens, if not
///        null.
run_report run(const scenario& what, const run_options& how,
               simulation::observer* watching = nullptr);

/// The report as people read it: title, then seconds, peers, exchanges, bytes
/// and committed commands; on a failure what happened and how to run it again.
std::string to_text(const run_report& x, const scenario& what,
                    const run_options& how);

} // namespace raft::scenarios
