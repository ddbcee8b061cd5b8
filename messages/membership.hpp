// Who belongs to a group.

#pragma once

#include <raft/messages/fields.hpp>
#include <raft/messages/ids.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace raft {

/// What is known of a member that was not there when its group was founded, or
/// that has moved since.
struct member_details {
  peer_id peer;
  /// That of its store; 0 if it is not known. What comes from another one is
  /// not from this member.
  incarnation_id incarnation;
  /// Where it serves its peers, as "host:port"; empty: where it is configured.
  std::string address;
  /// A learner that is to become a voter as soon as it has caught up.
  bool joins = false;
  /// If so, whose place it takes; 0: nobody's.
  peer_id replaces;

  friend bool operator==(const member_details&, const member_details&)
    = default;
};

/// The members of a group and the log index that made them so.
///
/// While a change of voters is under way, there are two sets of them, and
/// whatever needs a majority needs one of each (joint consensus: paper, section
/// 6; thesis, section 4.3).
struct membership {
  /// 0 for the members that the group was bootstrapped with.
  log_index index;
  std::vector<peer_id> voters;
  /// They get the log and have no vote; among them may be voters of `outgoing`.
  std::vector<peer_id> learners;
  /// The voters before the change that is under way; empty if none is.
  std::vector<peer_id> outgoing = {};
  /// Ascending by peer.
  std::vector<member_details> details = {};
  /// The feature level: the version of the messages that all members have
  /// spoken for a while (`levels_since_version` or later), or 0. Never goes
  /// back, so the log may have what that version brought, and whoever speaks
  /// only older ones is not let in. Entries, stores and snapshots have it; in
  /// messages, it does not travel.
  std::uint32_t level = 0;

  friend bool operator==(const membership&, const membership&) = default;
};

template <>
inline constexpr std::size_t field_count<membership> = 5;

constexpr auto tie_fields(membership& x) {
  return std::tie(x.index, x.voters, x.learners, x.outgoing, x.details);
}

constexpr auto tie_fields(const membership& x) {
  return std::tie(x.index, x.voters, x.learners, x.outgoing, x.details);
}

/// All members that a log knows of.
struct configurations {
  /// Those that the group was founded with.
  membership founding;
  /// Those of entries, ascending: what was in force at the entry up to which
  /// the log is compacted, if that was not the founding, and what came then.
  std::vector<membership> later = {};

  /// What is in force: that of the last entry, committed or not.
  const membership& current() const noexcept {
    return later.empty() ? founding : later.back();
  }

  friend bool operator==(const configurations&, const configurations&)
    = default;
};

inline bool is_in(const std::vector<peer_id>& xs, peer_id x) {
  return std::ranges::find(xs, x) != xs.end();
}

/// Whether a change of voters is under way.
inline bool is_joint(const membership& x) {
  return !x.outgoing.empty();
}

/// Whether it has a vote, in either set.
inline bool is_voter(const membership& x, peer_id who) {
  return is_in(x.voters, who) || is_in(x.outgoing, who);
}

inline bool is_member(const membership& x, peer_id who) {
  return is_voter(x, who) || is_in(x.learners, who);
}

/// All who are members, each once, ascending.
inline std::vector<peer_id> members_of(const membership& x) {
  auto result = x.voters;
  result.insert(result.end(), x.outgoing.begin(), x.outgoing.end());
  result.insert(result.end(), x.learners.begin(), x.learners.end());
  std::ranges::sort(result);
  const auto rest = std::ranges::unique(result);
  result.erase(rest.begin(), rest.end());
  return result;
}

/// What is known of a member; a default value, but for its id, if nothing is.
inline member_details details_of(const membership& x, peer_id who) {
  const auto it = std::ranges::find(x.details, who, &member_details::peer);
  if (it != x.details.end())
    return *it;
  member_details result;
  result.peer = who;
  return result;
}

} // namespace raft
