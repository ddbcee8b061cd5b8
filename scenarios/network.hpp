// A network that loses, delays and cuts, and counts what it is given.

#pragma once

#include <raft/base/random.hpp>
#include <raft/scenarios/environment.hpp>
#include <raft/simulation/peer_message.hpp>

#include <map>
#include <optional>
#include <vector>

namespace raft::scenarios {

/// Decides what becomes of each message. A pure object: time comes in as a
/// value.
class network {
public:
  /// What becomes of one message.
  struct fate {
    bool lost = false;
    duration delay{0};
    /// A way that was cut meanwhile does not stop it.
    bool certain = false;
  };

  network(std::size_t peers, std::uint64_t seed);

  void set_network_profile(const network_profile& x);

  void cut(peer_number from, peer_number to, bool closed);

  /// The peer was started: it counts anew.
  void started(peer_number who);

  /// The peer runs no more: what is on its way to it is lost.
  void crashed(peer_number who);

  /// Draws the fate of a message.
  fate draw(bool request);

  /// Counts an exchange between a client and a peer.
  void count_request(peer_number to, std::size_t bytes);
  void count_bytes(std::size_t bytes);

  /// Takes a message between peers on its way.
  void send(simulation::peer_message what, instant now);

  /// The messages that arrive by now, in the order of their arrival.
  std::vector<simulation::peer_message> take(instant now);

  /// When the next one arrives; nothing if none is on its way.
  std::optional<instant> wake_at() const;

  const traffic& sent() const noexcept {
    return sent_;
  }

  std::uint64_t received(peer_number who) const {
    return received_.at(who);
  }

private:
  struct travelling {
    simulation::peer_message what;
    bool certain = false;
  };

  bool is_open(const message_header& x) const;

  network_profile profile_;
  base::random random_;
  std::vector<std::vector<bool>> closed_;
  std::vector<std::uint64_t> received_;
  traffic sent_;
  std::multimap<instant, travelling> on_the_way_;
};

} // namespace raft::scenarios
