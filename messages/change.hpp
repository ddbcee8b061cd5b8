// Change conversation: somebody asks a leader for other members.

#pragma once

#include <raft/messages/membership.hpp>

#include <cstddef>
#include <cstdint>

namespace raft {

/// No group has more members than this, in all sets together.
inline constexpr std::size_t members_max = 64;
/// No address of a member is longer, in bytes.
inline constexpr std::size_t member_address_bytes_max = 255;

/// How a change of members ended, or why there was none.
enum class change_result : std::uint8_t {
  /// The change is in the leader's log, see `members_changed::index`.
  begun = 0,
  /// The peer that was asked does not lead.
  not_leader = 1,
  /// The leader has not committed an entry of its own term yet; ask again.
  not_ready = 2,
  /// Another change is under way; ask again when it is done.
  under_way = 3,
  /// The members are not those any more that the change was made from.
  outdated = 4,
  /// These are the members already.
  no_change = 5,
  /// Nobody would have a vote.
  no_voters = 6,
  /// A peer is named twice, has the id 0, details of nobody, or there are too
  /// many of them.
  malformed = 7,
  /// Two members would have the same address.
  duplicate_address = 8,
  /// The id is that of a member of before: whoever comes back needs a new one.
  id_was_used = 9,
  /// Who is to vote is no learner that has caught up. Can be forced.
  not_caught_up = 10,
  /// A majority of those who are to vote does not answer. Can be forced.
  loses_quorum = 11,
  /// A peer speaks a version that knows of no changes.
  too_old = 12,
  /// The leader's log waits for all members, and has dropped what a new one
  /// needs: its state machine has no snapshots.
  needs_snapshots = 13,
  /// The leader hands over, its disk is full, or it is busy; ask again.
  busy = 14,
  /// The peer that was asked is stopping.
  stopping = 15,
};

/// Asks a leader for other members. It is done in one step, whatever the
/// difference is. Answered by `members_changed`.
struct change_members {
  group_id group;
  /// `membership::index` of those that it was made from.
  log_index based_on;
  /// Those that are wanted; `index` and `outgoing` mean nothing.
  membership wanted;
  /// Do it even if that makes the group stand still.
  bool force = false;

  friend bool operator==(const change_members&, const change_members&)
    = default;
};

struct members_changed {
  group_id group;
  change_result result = change_result::begun;
  /// Who the objection is to, if it is to one peer.
  peer_id peer;
  /// The entry of the change; it is done when the members that are in force are
  /// those of a later entry, or of this one and not joint, and committed.
  log_index index;
  /// Who leads, as far as the peer that was asked knows; 0 if none.
  peer_id leader;

  friend bool operator==(const members_changed&, const members_changed&)
    = default;
};

} // namespace raft
