// The persister: makes the state of all groups of a process durable.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/events/event.hpp>
#include <raft/persistence/store.hpp>

#include <memory>

namespace caf {
class actor_system;
}

namespace raft::actors {

struct persister_options {
  /// What it writes to. Released before `stop` is answered: if nobody else
  /// holds it, another process may open it then.
  std::shared_ptr<persistence::store> store = {};

  /// Told `failed` when the store failed. From then on every request but `stop`
  /// is answered with an error; nothing is tried again.
  events::sink on_event = events::abort_on_failure;

  /// Whether it gets a thread of its own, because a sync blocks. Tests that
  /// want all in one thread say false.
  bool detached = true;
};

/// Spawns the persister of a process. Its handlers only collect; a message to
/// itself, behind all that waits in the mailbox, writes everything collected
/// in one commit. If the disk is full, the answer says that the batch was
/// refused; batches without commands that were part of such a commit are
/// written on their own, from the store's reserve.
/// @pre `options.store`, which nobody else commits to from now on.
persister_actor spawn_persister(caf::actor_system& system,
                                persister_options options);

} // namespace raft::actors
