// The reader: reads entries that only the disk has, beside the persister.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/persistence/store.hpp>

#include <memory>

namespace caf {
class actor_system;
}

namespace raft::actors {

/// Spawns the reader of one group. It keeps the store until it is stopped.
/// @param detached Whether it gets a thread of its own.
/// @pre `store`.
reader_actor spawn_reader(caf::actor_system& system,
                          std::shared_ptr<persistence::store> store,
                          bool detached = true);

} // namespace raft::actors
