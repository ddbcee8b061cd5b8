// Whether two processes belong together, decided by both sides.

#pragma once

#include <raft/links/address.hpp>
#include <raft/messages/link.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace raft::links {

/// Who a process is.
struct card {
  std::string cluster;
  /// 0 for a client.
  peer_id self;
  credentials shown;
  /// The peers that may connect.
  std::vector<member> remotes;
  std::uint32_t version = protocol_version;
};

/// What we say to a process that we connected to.
hello make_hello(const card& us, peer_id to);

/// What we answer to a hello.
/// @param reason Why a peer is refused, if who it is decides that.
welcome make_welcome(const card& us, std::string refusal,
                     exclusion reason = exclusion::none);

/// Says why the sender of a hello is not welcome, and what to do; empty if it
/// is.
/// @param from_peer Whether a peer speaks, not a client.
std::string refusal_of(const card& us, const hello& msg, bool from_peer);

/// Says why an answer cannot be accepted, and what to do; empty if it can.
/// @param to Whom we expected; 0 if anybody will do.
std::string complaint_about(const card& us, peer_id to, const welcome& msg);

/// Whether an answer comes from whom we expected, be it a refusal or not.
bool comes_from(const card& us, peer_id to, const welcome& msg);

/// What to say when a connection leads back to this very process.
std::string complaint_about_self(const address& where);

} // namespace raft::links
