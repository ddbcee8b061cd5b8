// For how long a leader may answer reads without asking anybody (thesis,
// section 6.4.1).

#pragma once

#include <raft/consensus/settings.hpp>
#include <raft/messages/ids.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace raft::consensus {

// Why a read by lease shows all that was committed when it began:
//
// - A voter that hears its leader at h, by its own clock, promises: until
//   h + T it neither votes for anybody nor for itself. It says T in its answer.
// - The leader began the round that was answered at s, by its own clock. It was
//   heard no earlier. Until s + L it answers reads by lease, if a majority has
//   promised as much, itself included.
// - Let no clock run by more than the part d too fast or too slow. Then the
//   voter keeps its promise for T / (1 + d) at least, after a moment that was
//   not before s, and the leader relies on it for L / (1 - d) at most. So
//   L = T (1 - d) / (1 + d), less what clocks do not show: each microsecond
//   appears for the whole of its length.
// - Whoever else leads in a later term has the vote of one of that majority:
//   either of a voter, given after its promise, and so after the lease; or of
//   the leader itself, which gave up its office by that.
//
// A leader may end its lease early, to hand over its office (thesis, section
// 3.10). Then the promises are in the way, and nobody needs them:
//
// - It stops relying on all promises, for good on those of the rounds that have
//   begun, and asks for none while it hands over. Only then it tells its
//   successor, in `timeout_now`, its term t and its last round r; whatever it
//   relies on later was promised in a later round.
// - The successor campaigns in t + 1 at once or never. Its vote requests repeat
//   r. So one for t + 1 with an r says: the leader of t relies on no promise of
//   a round up to r, then or ever.
// - The leader of t was elected, so by the above no leader of an earlier term
//   relies on anything any more, either.
// - So a voter that receives such a request is free of all promises that it
//   made to leaders of terms before t, and to that of t in rounds up to r. If
//   it has promised later (the successor took so long that the leader gave the
//   transfer up), it keeps that promise. So does one that was started since:
//   it does not know in which round it promised last.
//
// The clocks have no part in this: it holds as well when they drift.
//
// Which clock: `core::clock_`, what the monotonic clock showed before the input
// came, and not `core::now_`, which is held back for messages that wait. Each
// use errs on the safe side, or not at all:
//
// - "s": it is read before the round is sent. Earlier is safe.
// - "h": it is read after the message came. Later is safe; `now_` may be
//   earlier by as long as this process stood still.
// - "has h + T come", and "has s + L come": it is read after the vote request,
//   or the read, came. What it shows is what was true when the vote is given
//   or later; and a read may be answered as of any moment after it came. So it
//   does no harm to stand still between the look at the clock and the answer.
//   With `now_` a leader that wakes up would take its lease to be still good.

/// What a voter has promised to its leader.
struct vote_promise {
  /// By the voter's clock: until then it neither votes nor campaigns.
  instant until = instant::min();
  /// The leader's term, and the last round in which it was promised.
  term_number term;
  round_number round;

  /// Whether the leader of the term before `campaign` has given up all that was
  /// promised, if it relies on no promise of a round up to `released`.
  bool is_void(term_number campaign, round_number released) const noexcept {
    return term.next() < campaign
        || (term.next() == campaign && round <= released);
  }
};

/// When the last rounds of heartbeats began, by their leader's clock.
class round_times {
public:
  /// @pre Rounds come one after the other; `clock` is not before that of the
  ///      last call.
  /// @param kept For how long it is to be remembered.
  void begin(round_number round, instant clock, instant kept);

  /// Nothing if it began too long ago.
  std::optional<instant> began_at(round_number round) const noexcept;

private:
  round_number last_;
  std::deque<instant> began_;
};

/// How long a leader may rely on a promise, see above.
/// @param drift_ppm See `settings::lease_drift_ppm`; up to
///        `lease_drift_ppm_max`.
instant lease_for(std::chrono::milliseconds promised,
                  std::uint64_t drift_ppm) noexcept;

} // namespace raft::consensus
