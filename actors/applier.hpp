// The applier: runs the state machine of one group.

#pragma once

#include <raft/actors/bounds.hpp>
#include <raft/actors/failure.hpp>
#include <raft/actors/flusher.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/actors/strays.hpp>
#include <raft/machine/executor.hpp>
#include <raft/messages/ids.hpp>

#include <chrono>
#include <memory>

namespace caf {
class actor_system;
}

namespace raft::actors {

struct applier_options {
  group_id group = {1};

  /// The state machine with its sessions. Released before `stop` is answered.
  std::shared_ptr<machine::executor> executor = {};

  /// Called with index and reason when the state machine threw. The entry is
  /// neither skipped nor tried again; every further request but `stop` is
  /// answered with an error, and the peer ends. Also called when the state
  /// could not be saved.
  failure_handler on_failure = abort_on_failure;

  /// Told when the disk has no room for the state, and when it has again.
  trouble_handler on_trouble = {};
  /// Counts what other processes send; may be null.
  strays_ptr strays = {};

  /// What was applied is on the disk about so long after, also if it is little.
  std::chrono::milliseconds save_after = save_after_default;

  /// How long `stop` waits for a save before it is given up.
  std::chrono::milliseconds stop_saves_within{150};

  /// Whether it gets a thread of its own, for state machines that block or take
  /// long.
  bool detached = false;

  /// Whether its flusher gets one.
  bool flusher_detached = true;
};

/// Spawns the applier of one group, with a flusher if the state machine keeps
/// its state on the disk. It expects the log from behind
/// `options.executor->applied()`.
///
/// While memory is full of what is still to be saved, `apply` waits, and is
/// answered later; queries are answered. `stop` saves what may be saved, unless
/// there is no room or it takes too long, which loses nothing: the log has it,
/// too; and it answers what still waits with an error.
/// @pre `options.executor`.
applier_actor spawn_applier(caf::actor_system& system, applier_options options);

} // namespace raft::actors
