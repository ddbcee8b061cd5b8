// Link conversation: two processes find out whether they belong together.

#pragma once

#include <raft/messages/identity.hpp>
#include <raft/messages/ids.hpp>
#include <raft/messages/versions.hpp>

#include <cstdint>
#include <string>

namespace raft {

/// First message on a connection; a handle of the sender's peer goes with it.
/// Neither it nor the answer may ever grow: both sides must understand them
/// before they know which version they have in common.
struct hello {
  /// Name of the cluster; both sides must use the same.
  std::string cluster;
  /// What the sender proposes to speak: the newest version it knows, or, after
  /// that was refused, the one of the answer.
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
  /// That of the hello if the receiver speaks it, else the nearest that it
  /// does.
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
  /// What both sides speak.
  std::uint32_t version = protocol_version;

  friend bool operator==(const link_up&, const link_up&) = default;
};

/// Tells a peer that another one can no longer be reached.
struct link_down {
  peer_id peer;

  friend bool operator==(const link_down&, const link_down&) = default;
};

} // namespace raft
