// TCP endpoints and members as people write them.

#pragma once

#include <raft/messages/ids.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace raft::links {

/// A setting that cannot work. The message says which one, why, and what to
/// do.
class configuration_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A TCP endpoint: `host:port`, `[ipv6]:port`.
struct address {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const address&, const address&) = default;
};

std::string to_text(const address& x);

/// Reads `host:port`. Port 0 is allowed (listeners then pick a free one).
/// @throws configuration_error naming the text and the form that is expected.
address parse_address(std::string_view text);

/// Whether only processes of this machine can reach the address. Names other
/// than `localhost` count as foreign: what they mean can change.
bool is_loopback(const address& x);

/// One peer of the cluster and where its acceptor is.
struct member {
  peer_id id;
  address where;

  friend bool operator==(const member&, const member&) = default;
};

/// Reads `id=host:port`.
/// @throws configuration_error naming the text and the form that is expected.
member parse_member(std::string_view text);

} // namespace raft::links
