// The applier: runs the state machine of one group.

#pragma once

#include <raft/actors/failure.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/messages/ids.hpp>

namespace caf {
class actor_system;
}

namespace raft::actors {

struct applier_options {
  group_id group = {1};

  /// Called once, in the applier's context, to make the state machine.
  machine::state_machine_factory machine = {};

  /// Called with index and reason when the state machine threw. The entry is
  /// neither skipped nor tried again; every further request but `stop` is
  /// answered with an error, and the peer ends.
  failure_handler on_failure = abort_on_failure;

  /// Whether it gets a thread of its own, for state machines that block or take
  /// long.
  bool detached = false;
};

/// Spawns the applier of one group. It expects the log from its first entry.
/// @pre `options.machine`.
applier_actor spawn_applier(caf::actor_system& system, applier_options options);

} // namespace raft::actors
