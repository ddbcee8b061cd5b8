// The checkpointer: takes frozen state to the disk while commands go on.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/events/event.hpp>

#include <chrono>

namespace caf {
class actor_system;
}

namespace raft::actors {

struct checkpointer_options {
  /// Told when there is no room, and when there is again; and `failed` when a
  /// checkpoint failed for any other reason. What the disk holds is not known
  /// then: the process must end.
  events::sink on_event = events::abort_on_failure;

  /// After what time a checkpoint is retried for which there was no room.
  std::chrono::milliseconds retry_after{1000};

  /// Whether it gets a thread of its own, because a checkpoint blocks.
  bool detached = true;
};

/// Spawns the checkpointer of one group. A checkpoint is answered when it is on
/// the disk, however long there is no room for it, or with an error if it was
/// given up; `stop` gives up on one that finds no room, which loses nothing:
/// the log has it, too.
checkpointer_actor spawn_checkpointer(caf::actor_system& system,
                                      checkpointer_options options);

} // namespace raft::actors
