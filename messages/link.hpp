// Link conversation: two processes find out whether they belong together.

#pragma once

#include <raft/messages/identity.hpp>
#include <raft/messages/ids.hpp>

#include <cstdint>
#include <string>

namespace raft {

/// Incremented when a peer of the version before could not understand us.
inline constexpr std::uint32_t protocol_version = 3;

/// First message on a connection; a handle of the sender's peer goes with it.
struct hello {
  /// Name of the cluster; both sides must use the same.
  std::string cluster;
  std::uint32_t version = protocol_version;
  /// Who speaks; 0 for a client.
  peer_id from;
  /// The peer that the address was configured for; 0 if the sender cannot know.
  peer_id to;
  credentials shown;

  friend bool operator==(const hello&, const hello&) = default;
};

/// The answer; a handle of the receiver's peer goes with it, if the sender is
/// welcome.
struct welcome {
  /// Empty if the sender is welcome, else why not and what to do.
  std::string refusal;
  exclusion reason = exclusion::none;
  std::string cluster;
  std::uint32_t version = protocol_version;
  peer_id from;
  credentials shown;

  friend bool operator==(const welcome&, const welcome&) = default;
};

/// Ends a connection that came about by `hello`, and says why. It may be begun
/// anew after a pause.
struct farewell {
  std::string why;

  friend bool operator==(const farewell&, const farewell&) = default;
};

/// Tells those who connected a peer with another one that it sends what cannot
/// be true.
struct distrust {
  peer_id peer;
  std::string why;

  friend bool operator==(const distrust&, const distrust&) = default;
};

/// Tells a peer that another one can be reached; a handle goes with it.
struct link_up {
  peer_id peer;
  incarnation_id incarnation;

  friend bool operator==(const link_up&, const link_up&) = default;
};

/// Tells a peer that another one can no longer be reached.
struct link_down {
  peer_id peer;

  friend bool operator==(const link_down&, const link_down&) = default;
};

} // namespace raft
