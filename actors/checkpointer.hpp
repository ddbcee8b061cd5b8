// The checkpointer: takes frozen state to the disk while commands go on.

#pragma once

#include <raft/actors/failure.hpp>
#include <raft/actors/interfaces.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace caf {
class actor_system;
}

namespace raft::actors {

/// Told what people should know about the disk, in the context of an actor.
using trouble_handler = std::function<void(const std::string&)>;

struct checkpointer_options {
  /// Called when a checkpoint failed for any other reason than missing room.
  /// What the disk holds is not known then: the process must end.
  failure_handler on_failure = abort_on_failure;

  /// Told when there is no room, and when there is again.
  trouble_handler on_trouble = {};

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
