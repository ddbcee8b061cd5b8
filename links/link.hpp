// One link of a process, and what was told to people about it and about others.

#pragma once

#include <raft/consensus/acquaintances.hpp>
#include <raft/events/event.hpp>
#include <raft/links/address.hpp>
#include <raft/links/link_state.hpp>
#include <raft/messages/membership.hpp>
#include <raft/messages/versions.hpp>

#include <caf/actor_control_block.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace raft::links {

/// A link to another process.
struct link {
  member to;
  link_state state;
  /// Whether an actor is dialing, perhaps of an attempt that is over: a name
  /// lookup can take longer than we want to wait.
  bool dialing = false;
  /// What was last told to people, so that they are not told twice.
  std::string told = {};
  /// The actor that keeps the other end.
  caf::strong_actor_ptr far = {};
  /// The peer at the other end, while it is up.
  caf::strong_actor_ptr peer = {};
  /// Whether the other side waits until we have made durable who it is.
  bool meeting = false;
  /// Which start of its store is, or was last, connected.
  start_id start = {};
  /// What both sides speak, or spoke last.
  std::uint32_t version = protocol_version;
  /// What was found against it, or against us, when it was last met.
  consensus::finding against = {};
  /// Whether it leads to a member, as far as our log knows.
  bool is_member = true;
  /// When it ends, as it leads to nobody who is a member any more.
  std::optional<instant> ends_at = {};
  /// Whether people were told that we do what is the other side's turn.
  bool fell_back = false;
};

/// Where a member is: where it has moved to, or else where it is configured to
/// be; port 0 if that is not known.
address place_of(peer_id who, const membership& now,
                 const std::vector<member>& configured);

/// Whether a peer connects with another one rather than wait for it: who has a
/// vote before who has none, then the lower id.
bool connects_first(peer_id self, peer_id other, const membership& now);

/// Whom the link leads to, for people.
events::remote title_of(const link& x);

/// Why a peer that has been sending what cannot be true is not welcome yet.
std::string reason_to_shun(const link& x, instant now);

/// What keeps a process out, if anything does.
/// @param us What it knows of itself and of others.
standing find_standing(const consensus::acquaintances& us,
                       const std::deque<link>& links);

/// Tells people whom we refuse, and why; repetitions are of interest to few.
class refusals_told {
public:
  void tell(const events::sink& to, peer_id from,
            const consensus::finding& why);

  /// It is connected after all.
  void forget(peer_id who) {
    told_.erase(who);
  }

private:
  std::map<peer_id, std::string> told_;
};

/// Tells people what keeps us out, at first and then now and then.
class standing_told {
public:
  /// @returns whether that is new.
  bool change(standing now, instant at);

  void tell(const events::sink& to, instant now,
            std::chrono::milliseconds every);

  /// When to call `tell`.
  std::optional<instant> wake_at() const {
    return now_.reason == exclusion::none ? std::nullopt : std::optional{next_};
  }

  const standing& now() const noexcept {
    return now_;
  }

private:
  standing now_;
  instant next_{0};
};

} // namespace raft::links
