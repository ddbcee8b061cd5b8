// Append conversation: a leader extends a follower's log, the follower answers.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/messages/header.hpp>
#include <raft/messages/transfer.hpp>
#include <raft/messages/versions.hpp>

#include <cstdint>
#include <vector>

namespace raft {

/// AppendEntries (paper, figure 2). Without entries it is a heartbeat; it
/// carries the consistency check all the same.
///
/// An entry too large for one frame travels in pieces, each in a request of its
/// own: `entries` then holds that entry alone, with a piece of its data.
struct append_request {
  message_header header;
  term_number term;
  /// The entry before `entries`, which the follower must have.
  log_position previous;
  /// The leader's commit index.
  log_index commit;
  /// Every member is known to have the log up to here on its disk; 0 while the
  /// leader does not know. Up to here nobody will ever be sent entries again.
  log_index lowest_match;
  /// The heartbeat round that this request belongs to. The answer repeats it,
  /// so that an answer proves leadership only for rounds up to it.
  round_number round;
  /// In order and without gaps, the first at `previous.index + 1`.
  std::vector<entry> entries;
  /// The last request with entries that was sent to this follower, this one
  /// included; 0 if none was. The answer repeats it.
  frame_number frame;
  /// For a piece: where in the entry's data it begins, and how much data the
  /// whole entry has, in bytes. Both 0 if the entries are whole.
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  /// The leader hands over its office, and wants no promise.
  bool hands_over = false;

  friend bool operator==(const append_request&, const append_request&)
    = default;
};

template <>
inline constexpr std::size_t fields_at_first<append_request> = 10;

/// The answer. It never claims more than the follower's disk holds.
struct append_reply {
  message_header header;
  term_number term;
  bool accepted = false;
  /// Accepted: the follower's durable log agrees with the leader's up to here.
  log_index match;
  /// Refused: where the logs may still agree (conflict back-off by term). If
  /// the follower's log ends before `previous`, its index is the first one
  /// missing and its term 0. Otherwise the term is the follower's at
  /// `previous.index`, and the index is its first entry of that term.
  log_position conflict;
  /// Refused: `previous.index` of the request, so that the leader knows an old
  /// refusal when it sees one.
  log_index refused;
  /// `append_request::round` of the request.
  round_number round;
  /// `append_request::frame` of the request. Over a connection that keeps the
  /// order, nothing that was sent before is still on its way.
  frame_number frame;
  /// The entry of which the follower has taken pieces last, 0@0 if none, and
  /// how many bytes of its data it holds, from the first one on. They need not
  /// be on its disk.
  log_position unfinished;
  std::uint64_t received = 0;
  /// How far the follower's state machine has applied the log. It tells a
  /// leader whose own one stands still that another one moves.
  log_index applied;
  /// For how long the follower, since it heard the leader, neither votes nor
  /// campaigns, by its own clock, in milliseconds; 0 if it does not promise
  /// that.
  std::uint64_t promised_ms = 0;
  /// Among those who can lead, the leader prefers the highest, see
  /// `settings::priority`. 0 also while the follower's disk or state machine
  /// stands still.
  std::uint8_t priority = priority_unknown;

  friend bool operator==(const append_reply&, const append_reply&) = default;
};

template <>
inline constexpr std::size_t fields_at_first<append_reply> = 12;

} // namespace raft
