// The applier: runs the state machine of one group.

#pragma once

#include <raft/actors/bounds.hpp>
#include <raft/actors/checkpointer.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/actors/strays.hpp>
#include <raft/events/event.hpp>
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

  /// Told `failed`, with index and reason, when the state machine threw. The
  /// entry is neither skipped nor tried again; every further request but `stop`
  /// is answered with an error, and the peer ends. The same when the state
  /// could not be checkpointed. Also told what its checkpointer tells.
  events::sink on_event = events::abort_on_failure;
  /// Counts what other processes send; may be null.
  strays_ptr strays = {};

  /// What was applied is checkpointed after about this time, however little it
  /// is.
  std::chrono::milliseconds checkpoint_after = checkpoint_after_default;

  /// How long `stop` waits for a checkpoint before it is given up.
  std::chrono::milliseconds stop_checkpoints_within{150};

  /// Whether it gets a thread of its own, for state machines that block or take
  /// long.
  bool detached = false;

  /// Whether it runs in the thread of CAF's middleman, where its peer lives,
  /// for as long as its state machine `is_prompt`. That saves two hand-offs
  /// between threads for each command.
  bool in_middleman = false;

  /// Whether its checkpointer gets a thread of its own.
  bool checkpointer_detached = true;
};

/// Spawns the applier of one group, with a checkpointer if the state machine
/// keeps its state on the disk. It expects the log from behind
/// `options.executor->applied()`.
///
/// While memory is full of changes that are not checkpointed yet, `apply`
/// waits, and is answered later; queries are answered. `stop` checkpoints what
/// it can, unless there is no room or it takes too long, which loses nothing:
/// the log has it, too. It answers what still waits with an error.
/// @pre `options.executor`.
applier_actor spawn_applier(caf::actor_system& system, applier_options options);

} // namespace raft::actors
