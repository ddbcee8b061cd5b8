// Connects to a server from outside of its cluster.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/client/client_options.hpp>
#include <raft/links/address.hpp>

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <string>

namespace raft::client {

/// Connects to a server, says hello as a client of a cluster, and gets the
/// handle of its peer: from the name lookup to its welcome. Blocks up to the
/// deadline, or a second longer if the handshake takes its time; for threads
/// that are no actor. If the connection is lost meanwhile, it connects once
/// more.
/// @param self Of an actor system with the middleman.
/// @throws client_error naming the address, and why.
actors::peer_actor connect_to_peer(caf::scoped_actor& self,
                                   const links::address& where,
                                   const std::string& cluster,
                                   std::chrono::milliseconds deadline);

/// The connection to a server was lost before it answered.
class connection_lost : public client_error {
public:
  using client_error::client_error;
};

/// Calls a function, and once more if it finds that the connection was lost:
/// where there was one already it is used again, and may be about to end; the
/// next one is new.
/// @pre What the function asks changes nothing.
template <class F>
auto over_a_live_connection(F f) {
  try {
    return f();
  } catch (const connection_lost&) {
    return f();
  }
}

/// Throws what there is to say if a server did not answer within a deadline, or
/// for another reason.
/// @throws connection_lost, or client_error
[[noreturn]] void fail_visit(caf::actor_system& system,
                             const links::address& where,
                             std::chrono::milliseconds deadline,
                             const caf::error& reason);

} // namespace raft::client
