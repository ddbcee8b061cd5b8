// The client handle as an actor: for servers of other protocols of a server,
// and inside the blocking client.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/actors/strays.hpp>
#include <raft/client/request_queue.hpp>
#include <raft/client/state/client_state.hpp>

#include <cstdint>
#include <memory>

namespace caf {
class actor_system;
}

namespace raft::client {

/// A client handle that is told who can be reached.
using linked_client_actor
  = actors::client_actor::extend_with<actors::contact_actor>::extend<
    // From itself: a deadline or the end of a pause has come.
    actors::takes<wake>,
    // There is something in the `request_queue`.
    actors::takes<drain>>;

/// What a client actor is made of.
struct client_actor_options {
  group_id group = {1};
  client_settings settings = {};
  /// The peer of this process, if there is one: it is asked first.
  peer_id home = {};
  actors::peer_actor peer = {};
  /// Where commands of other threads arrive, if they do.
  std::shared_ptr<request_queue> queue = {};
  std::uint64_t seed = 0;
  /// Whether it runs in the middleman's thread, as a typed broker: right where
  /// peer and servers of other protocols do, too.
  bool in_middleman = false;
  /// Counts what other processes may not send; may be null.
  actors::strays_ptr strays = {};
};

/// Spawns a client actor. A command costs one message to the leader and one
/// back. `query` goes to the home peer if there is one, else to whom it takes
/// for the leader; if nobody can be reached, the answer is an error.
linked_client_actor spawn_client(caf::actor_system& system,
                                 client_actor_options options);

} // namespace raft::client
