// Connects to a server from outside of its cluster.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/cluster/client.hpp>

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <string>

namespace raft::cluster {

/// Connects to a server, says hello as a client of a cluster, and gets the
/// handle of its peer: from the name lookup to its welcome. Blocks up to the
/// deadline, or a second longer if the handshake takes its time; for threads
/// that are no actor.
/// @param self Of an actor system with the middleman.
/// @throws client_error naming the address, and why.
actors::peer_actor connect_to_peer(caf::scoped_actor& self,
                                   const address& where,
                                   const std::string& cluster,
                                   std::chrono::milliseconds deadline);

/// What to throw if a server did not answer within a deadline, or for another
/// reason.
client_error visit_failure(caf::actor_system& system, const address& where,
                           std::chrono::milliseconds deadline,
                           const caf::error& reason);

} // namespace raft::cluster
