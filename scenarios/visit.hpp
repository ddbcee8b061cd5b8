// Connects to a process and gets the handle of its peer.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/cluster/address.hpp>

#include <caf/scoped_actor.hpp>

namespace raft::scenarios {

/// Connects as a client of the cluster `raft`. Blocks for some seconds at most.
/// @param self Of an actor system with the middleman.
/// @throws std::runtime_error naming the address if it can not be reached.
actors::peer_actor visit(caf::scoped_actor& self,
                         const cluster::address& where);

} // namespace raft::scenarios
