// The connections between the processes of a cluster, which can be cut.

#pragma once

#include <raft/scenarios/commit_record.hpp>
#include <raft/scenarios/tcp_proxy.hpp>

#include <cstddef>
#include <cstdint>

namespace raft::scenarios {

/// Passes on what processes say to each other over TCP, each way from one to
/// another at an address of its own. What gets lost during a cut stays lost, as
/// on other environments: see `tcp_proxy::cut`. Both sides notice then, and
/// connect anew.
///
/// Thread safe. Loopback only.
class tcp_network {
public:
  /// @throws std::system_error if there are no sockets for it.
  explicit tcp_network(std::size_t peers);

  /// Where a peer has to connect to so that it reaches another one.
  links::address way(peer_number from, peer_number to) const;

  /// Says where a peer listens from now on.
  void plug(peer_number who, std::uint16_t port);

  /// Nobody listens there any more.
  void unplug(peer_number who) {
    plug(who, 0);
  }

  /// Cuts one direction, whoever connected, or opens it again.
  void cut(peer_number from, peer_number to, bool closed);

  /// How many bytes passed so far.
  std::uint64_t bytes() const noexcept {
    return proxy_.bytes();
  }

private:
  std::size_t number_of(peer_number from, peer_number to) const;

  std::size_t peers_;
  tcp_proxy proxy_;
};

} // namespace raft::scenarios
