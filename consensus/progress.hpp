// What a leader knows of one follower.

#pragma once

#include <raft/consensus/settings.hpp>
#include <raft/consensus/snapshots.hpp>
#include <raft/messages/entry.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>

namespace raft::consensus {

/// How far one follower's log is known to agree, and what is on its way.
///
///   probe ──accepted──► stream ──refused or link lost──► probe
///
///   any ──it lacks what was dropped──► snapshot ──it has it──► probe
///
/// In `probe` one request is out at a time, until the point of agreement is
/// found. In `stream` requests follow each other without waiting, within the
/// in-flight window. In `snapshot` nothing but heartbeats and chunks go out.
struct progress {
  enum class mode { probe, stream, snapshot };

  /// One append request with entries, unanswered.
  struct request {
    log_index last;
    std::size_t bytes = 0;
  };

  /// One append request with entries or a piece of one, which may still be on
  /// the wire.
  struct frame {
    frame_number number;
    std::size_t bytes = 0;
  };

  mode sending = mode::probe;

  /// Invariant: `match < next`. The follower's durable log agrees up to here.
  log_index match;

  /// How far its state machine was when it last answered.
  log_index applied;

  /// First entry to send next.
  log_index next{1};

  /// Unanswered requests with entries, oldest first. Empty while probing.
  std::deque<request> in_flight;
  std::size_t bytes_in_flight = 0;

  /// Frames that are not known to have arrived, oldest first: entries whether
  /// or not they are durable there, and pieces.
  std::deque<frame> on_wire;
  std::size_t bytes_on_wire = 0;
  /// The last frame sent.
  frame_number last_frame;
  /// Bytes of the last frames, up to which nothing was sent whose answer comes
  /// at once.
  std::size_t bytes_unasked = 0;

  /// How many bytes of the data of entry `next` were sent in pieces. 0 if it
  /// goes as a whole.
  std::uint64_t offset = 0;

  /// Entries from `next` on that were read from the disk for it.
  std::deque<entry> fetched;

  /// Probe only: whether the one request is out. Heartbeats repeat its question
  /// without its entries, in case it was lost.
  bool probe_out = false;

  /// First entry of the read from the disk that is under way for it; 0 if none.
  log_index reading;

  /// It cannot be brought up to date: it lacks entries that were dropped.
  bool lacks_dropped = false;

  /// The snapshot that it gets; kept while there is no link.
  snapshot_transfer snapshot;

  bool connected = false;

  /// When it last proved that it follows us.
  instant heard_at{0};

  /// Highest heartbeat round that it has answered.
  round_number round_answered;

  /// `append_reply::priority` of its last answer.
  std::uint8_t priority = priority_unknown;

  /// Since when it could lead, and is preferred to us; `instant::max()`: it is
  /// not so.
  instant preferred_since = instant::max();

  /// It has caught up if it needed less than an election timeout to get from
  /// where our log ended to where it ends now (thesis, section 4.2.1).
  bool caught_up = false;
  log_index catch_up_to;
  instant catch_up_since{0};

  /// Of one that is no member any more: once it has answered a later round, it
  /// knows. 0 if it is one, or that is not committed yet.
  round_number leaves_after;

  /// Until then, by our clock, it keeps its promise not to vote.
  instant promised_until = instant::min();

  /// Whether the windows let another request with entries go: while fewer
  /// requests and bytes than allowed are out, so that the last one may pass the
  /// bounds on bytes.
  bool may_send(const settings& config) const noexcept;

  /// Notes a request with entries as sent; `next` moves behind it.
  /// @pre `sending == mode::stream`.
  void sent(log_index last, std::size_t bytes);

  /// Notes a request with entries or a piece as being on the wire, and returns
  /// its number.
  frame_number framed(std::size_t bytes);

  /// Notes that nothing is on the wire any more that was sent up to this frame,
  /// be it there or lost.
  void arrived(frame_number number);

  /// Notes how much of entry `next` the follower holds. What was sent and is
  /// neither there nor on the wire is sent again.
  /// @param answered The last frame sent when the follower was asked.
  void holds_of_next(std::uint64_t received, frame_number answered);

  /// Notes that the follower's durable log agrees up to `index`. An old answer
  /// changes nothing.
  void matched(log_index index);

  /// Goes back to probing from `index` on; nothing is in flight any more.
  /// @pre `index > match`.
  void probe_from(log_index index);

  /// Forgets what was in flight on a connection that is gone, and probes.
  void lost_link();

private:
  void go_on_at(log_index index);
};

} // namespace raft::consensus
