// Transfer conversation: a leader hands its office to another voter (thesis,
// section 3.10), by itself or because it was asked to.

#pragma once

#include <raft/messages/header.hpp>
#include <raft/messages/ids.hpp>

#include <cstdint>

namespace raft {

/// How much a peer is wanted as the leader, see
/// `consensus::settings::priority`.
inline constexpr std::uint8_t priority_usual = 5;
inline constexpr std::uint8_t priority_max = 10;

/// That of a peer whose release has no priorities, and knows no transfers.
inline constexpr std::uint8_t priority_unknown = 255;

/// A leader asks a voter that has all of its log to campaign at once. It has
/// given up its lease before, and relies on no promise made to it in this or an
/// earlier round (consensus/lease.hpp).
struct timeout_now {
  message_header header;
  term_number term;
  /// The last heartbeat round that the leader has begun.
  round_number round;

  friend bool operator==(const timeout_now&, const timeout_now&) = default;
};

/// How a transfer of leadership ended, or why there was none.
enum class transfer_result : std::uint8_t {
  /// Another peer leads.
  transferred = 0,
  /// The peer that was asked does not lead.
  not_leader = 1,
  /// The target is no member of the group.
  unknown_peer = 2,
  /// The target is a member that has no vote.
  not_a_voter = 3,
  /// The target leads already.
  leads_already = 4,
  /// There is no connection to the target, or it does not answer.
  unreachable = 5,
  /// The target's log is too far behind to catch up in time.
  lags = 6,
  /// The target's priority is 0, or its disk or state machine stands still.
  should_not_lead = 7,
  /// The leader hands over to another peer already.
  under_way = 8,
  /// No target was named, and no voter is fit to lead.
  nobody_fit = 9,
  /// The target did not take over in time; the leader leads on.
  timed_out = 10,
  /// The peer that was asked is stopping.
  stopping = 11,
  /// The target's release knows no transfers, or it has not answered yet.
  too_old = 12,
};

/// Asks a peer that leads to hand over. Answered by `leadership_transferred`:
/// at once if it is refused, else when it is known who leads. That may be late:
/// use a deadline.
struct transfer_leadership {
  group_id group;
  /// Who is to lead; 0: the voter that is best fit.
  peer_id target;
  /// For how long the leader may take no commands meanwhile, in milliseconds;
  /// 0, or more than the maximal election timeout: for as long as that.
  std::uint64_t limit_ms = 0;

  friend bool operator==(const transfer_leadership&, const transfer_leadership&)
    = default;
};

struct leadership_transferred {
  group_id group;
  transfer_result result = transfer_result::transferred;
  /// Whom it was handed to, or should have been; 0 if nobody was chosen.
  peer_id target;
  /// Who leads now, as far as the peer that was asked knows; 0 if none.
  peer_id leader;
  term_number term;

  friend bool operator==(const leadership_transferred&,
                         const leadership_transferred&)
    = default;
};

} // namespace raft
