// Brings the committed entries of a peer to whoever is no actor.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/messages/entry.hpp>

#include <functional>
#include <vector>

namespace caf {
class actor_system;
}

namespace raft::client {

/// How many bytes may be on their way to a listener.
inline constexpr std::uint64_t listener_credit = 4 << 20;

/// Spawns a subscriber that hands everything on, in the actor's context, and
/// gives the peer credit for it. It ends with the peer, or when its process can
/// no longer be reached, and says that it does.
actors::subscriber_actor
spawn_listener(caf::actor_system& system, const actors::peer_actor& peer,
               std::function<void(std::vector<entry>)> hand_on,
               std::function<void()> on_lost);

} // namespace raft::client
