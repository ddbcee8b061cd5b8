// The network between the peers of one process, as an actor.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/scenarios/network.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace caf {
class actor_system;
}

namespace raft::scenarios {

/// What the network's actors and the scenario share. Thread safe.
class switchboard {
public:
  switchboard(std::size_t peers, std::uint64_t seed);

  /// What arrives for a peer, and at which handle.
  struct parcel {
    simulation::peer_message what;
    actors::peer_actor to;
  };

  /// The peer runs, behind this handle.
  void plug(peer_number who, const actors::peer_actor& handle);

  /// The peer is gone: nothing reaches it, nothing on its way will.
  void unplug(peer_number who);

  void send(simulation::peer_message what);

  std::vector<parcel> take();

  /// How long until something arrives; nothing if nothing is on its way.
  std::optional<duration> next() const;

  /// Anything else that is to be done with the network.
  template <class F>
  auto with(F&& f) const {
    std::lock_guard guard{mutex_};
    return f(network_);
  }

private:
  instant now() const;

  mutable std::mutex mutex_;
  mutable network network_;
  std::map<peer_id, actors::peer_actor> plugged_;
  std::chrono::steady_clock::time_point begin_;
};

/// What peers get as the handle of every other peer.
using network_actor = actors::inbox_actor::extend<
  // From itself: something arrives.
  actors::takes<wake>,
  // End; what is on its way is lost.
  actors::answers<stop, stopped>>;

network_actor spawn_network(caf::actor_system& system,
                            std::shared_ptr<switchboard> board);

/// Spawns the way from one client to one peer: what the client gets as the
/// handle of that peer. Passes on `execute` and `open_session`, and loses and
/// delays them and their answers as the network profile is. A client is not
/// told of losses; it is told when the peer ends. `stop` ends the way.
actors::peer_actor spawn_client_way(caf::actor_system& system,
                                    std::shared_ptr<switchboard> board,
                                    peer_number to,
                                    const actors::peer_actor& peer);

} // namespace raft::scenarios
