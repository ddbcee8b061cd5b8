// Whether two processes belong together, decided by both sides.

#pragma once

#include <raft/links/address.hpp>
#include <raft/messages/link.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace raft::links {

/// Who a process is.
struct card {
  std::string cluster;
  /// 0 for a client.
  peer_id self;
  credentials shown;
  version_range speaks = {};
  /// That of the members that we know (`membership::level`): peers that do not
  /// speak it cannot be linked. 0 for a client.
  std::uint32_t level = 0;
};

/// What we say to a process that we connected to.
/// @param version What we propose to speak; 0 for the newest that we can.
hello make_hello(const card& us, peer_id to, std::uint32_t version = 0);

/// What we answer to a hello.
/// @param reason Why a peer is refused, if who it is decides that.
welcome make_welcome(const card& us, const hello& msg, std::string refusal,
                     exclusion reason = exclusion::none);

/// Whether the sender of a hello speaks something newer than we do, and may
/// propose something older next.
bool is_too_new(const card& us, const hello& msg);

/// Says why the sender of a hello is not welcome, and what to do; empty if it
/// is.
/// @param from_peer Whether a peer speaks, not a client.
std::string refusal_of(const card& us, const hello& msg, bool from_peer);

/// What to say after a hello was refused for its version only: the same in the
/// version of the answer. Nothing if that would not help.
std::optional<hello> say_again(const card& us, const hello& said,
                               const welcome& msg);

/// Says why an answer cannot be accepted, and what to do; empty if it can.
/// @param said What it answers; `said.to` is 0 if anybody will do.
std::string complaint_about(const card& us, const hello& said,
                            const welcome& msg);

/// Whether an answer comes from whom we expected, be it a refusal or not.
bool comes_from(const card& us, const hello& said, const welcome& msg);

/// What to say when a connection leads back to this very process.
std::string complaint_about_self(const address& where);

} // namespace raft::links
