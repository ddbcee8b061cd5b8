// What the core has to tell to people: few events, each with its reason.

#pragma once

#include <raft/base/severity.hpp>
#include <raft/messages/client.hpp>
#include <raft/messages/entry.hpp>

#include <cstdint>
#include <string>

namespace raft::consensus {

/// The reasons. None of them occurs once per command.
enum class note_kind : std::uint8_t {
  became_follower,
  became_pre_candidate,
  became_candidate,
  became_leader,
  // Why a leader gave up.
  stepped_down_higher_term,
  stepped_down_no_quorum,
  stepped_down_slow_disk,
  stepped_down_full_disk,
  stepped_down_stuck_machine,
  stepped_down_untaken,
  // Transfers of leadership.
  hands_over,
  leads_on,
  told_to_campaign,
  refused_transfer,
  // Why a vote was refused.
  refused_vote_old_term,
  refused_vote_already_given,
  refused_vote_log_behind,
  refused_vote_leader_alive,
  refused_vote_promised,
  refused_vote_disk_hangs,
  granted_vote,
  granted_pre_vote,
  // Replication.
  truncated_conflict,
  refused_append_gap,
  refused_append_conflict,
  refused_append_old_term,
  backed_off,
  dropped_held_answer,
  lacks_dropped_entries,
  // What is not believed.
  ignored_stranger,
  refused_malformed,
  refused_answer,
  refused_second_leader,
  refused_contradiction,
  term_far_ahead,
  // The disk.
  disk_is_full,
  disk_has_space,
  machine_lacks_space,
  machine_has_space,
  // Members.
  members_are_now,
  level_has_risen,
  stepped_down_removed,
  // Snapshots.
  needs_snapshot,
  sent_snapshot,
  receives_snapshot,
  refused_old_snapshot,
  reset_log,
  installed_snapshot,
  // Who is who.
  dropped_other_incarnation,
  // Time.
  woke_late,
};

struct note {
  note_kind kind;
  term_number term;
  /// The other peer, if there is one.
  peer_id peer;
  /// Where in the log, if it matters.
  log_position where;

  friend bool operator==(const note&, const note&) = default;
};

/// One line in plain words, such as "refuses 2's vote request: its log ends at
/// 3@1, before ours".
std::string to_text(const note& x);

/// What becomes of it in a log for people.
base::severity severity_of(note_kind kind);

const char* to_text(peer_role x);

} // namespace raft::consensus
