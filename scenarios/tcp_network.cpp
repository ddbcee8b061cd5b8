#include <raft/scenarios/tcp_network.hpp>

#include <vector>

namespace raft::scenarios {

tcp_network::tcp_network(std::size_t peers)
  : peers_{peers}, proxy_{std::vector<std::uint16_t>(peers * peers)} {
  // nop
}

std::size_t tcp_network::number_of(peer_number from, peer_number to) const {
  return from * peers_ + to;
}

links::address tcp_network::way(peer_number from, peer_number to) const {
  return proxy_.where(number_of(from, to));
}

void tcp_network::plug(peer_number who, std::uint16_t port) {
  for (peer_number from = 0; from < peers_; ++from)
    proxy_.lead(number_of(from, who), port);
}

void tcp_network::cut(peer_number from, peer_number to, bool closed) {
  using direction = tcp_proxy::direction;
  proxy_.cut(number_of(from, to), direction::there, closed);
  proxy_.cut(number_of(to, from), direction::back, closed);
}

} // namespace raft::scenarios
