// Leaders that should not lead: heartbeats alone would keep them in office.

#include <raft/consensus/core.hpp>

#include <algorithm>

namespace raft::consensus {

namespace {

/// Two timeouts, so that a disk on which a write takes about one of them does
/// not cost an election each time. Longer each time that handing over was no
/// use: what all share must not make them elect each other forever.
constexpr unsigned timeouts_before_hand_over = 2;
constexpr unsigned doublings_max = 4;

/// Who is preferred must have been fit to lead for long, and longer each time
/// that its office came back to us: a leader that comes and goes is worse than
/// one that is not preferred.
constexpr unsigned timeouts_before_yielding = 10;
constexpr unsigned doublings_of_yielding_max = 6;

} // namespace

bool core::is_overtaken(standstill& x, log_index where, bool by_another) const {
  if (!by_another) {
    x.since = instant::max();
    return false;
  }
  if (x.where != where || x.since == instant::max()) {
    x.where = where;
    x.since = now_;
  }
  const auto limit = config_.election_timeout_max * timeouts_before_hand_over
                   * (1U << std::min(x.hand_overs, doublings_max));
  return now_ - x.since >= limit;
}

void core::check_standstill(consensus::leader& state, instant stopped_for) {
  // While the process was stopped, nothing of it could move.
  for (auto* x : {&slow_disk_, &stuck_machine_})
    if (x->since != instant::max())
      x->since += stopped_for;
  // Who is ahead, and there.
  const auto ahead = [this, &state](auto is_ahead) {
    return std::ranges::find_if(state.others, [&](const auto& other) {
      const auto& [id, x] = other;
      return is_voter(id) && is_ahead(x)
          && now_ - x.heard_at < config_.election_timeout_max;
    });
  };
  const auto nobody = state.others.end();
  // A full disk has rules of its own.
  const auto durable = log_.durable();
  const auto writer
    = ahead([&](const progress& x) { return x.match > durable; });
  const auto slow
    = is_overtaken(slow_disk_, durable, writer != nobody && !disk_full_);
  const auto target = machine_waits_for();
  const auto applier
    = ahead([&](const progress& x) { return target && x.applied >= target; });
  const auto stuck = is_overtaken(stuck_machine_, applied_, applier != nobody);
  if (const auto& present = state.handing_over) {
    // It goes on, or nobody else does any more. As long as nobody was told, it
    // can lead on.
    const auto began = present->until - config_.election_timeout_max;
    if (present->cause == hand_over_cause::stuck_machine
        && present->tell_at == instant::min() && stuck_machine_.since > began)
      cancel_hand_over(state);
  } else if (slow) {
    lead_no_longer(state, hand_over_cause::slow_disk, writer->first,
                   best_successor(state, durable.next(), {}));
  } else if (stuck) {
    lead_no_longer(state, hand_over_cause::stuck_machine, applier->first,
                   best_successor(state, {}, target));
  }
}

void core::lead_no_longer(consensus::leader& state, hand_over_cause why,
                          peer_id ahead, peer_id successor) {
  if (why == hand_over_cause::slow_disk) {
    ++slow_disk_.hand_overs;
    note_that(note_kind::stepped_down_slow_disk, ahead, log_on_disk());
  } else {
    ++stuck_machine_.hand_overs;
    note_that(note_kind::stepped_down_stuck_machine, ahead, {applied_, {}});
  }
  if (successor)
    begin_hand_over(state,
                    {why, successor, now_ + config_.election_timeout_max});
  else
    become_follower({});
}

/// Hands over to a voter that should rather lead.
void core::check_preference(consensus::leader& state) {
  // What was no use some time ago may be now.
  const auto patience_after = [this](unsigned times) {
    return config_.election_timeout_max * timeouts_before_yielding
         * (1U << std::min(times, doublings_of_yielding_max));
  };
  if (yielded_.last
      && now_ - *yielded_.last >= 4 * patience_after(yielded_.times))
    yielded_ = {};
  const auto patience = patience_after(yielded_.times);
  peer_id chosen;
  for (auto& [id, x] : state.others) {
    if (x.priority <= config_.priority
        || objection_to_successor(state, id) != transfer_result::transferred) {
      x.preferred_since = instant::max();
      continue;
    }
    x.preferred_since = std::min(x.preferred_since, now_);
    if (now_ - x.preferred_since >= patience
        && (!chosen || x.priority > state.others.at(chosen).priority))
      chosen = id;
  }
  if (!chosen || state.handing_over)
    return;
  yielded_ = {now_, yielded_.times + 1};
  for (auto& [id, x] : state.others)
    x.preferred_since = instant::max();
  begin_hand_over(state, {hand_over_cause::priority, chosen,
                          now_ + config_.election_timeout_max});
}

log_index core::machine_waits_for() const noexcept {
  if (applied_ == commit_)
    return {};
  return applying_.empty() ? applied_.next() : applying_.front().last;
}

bool core::machine_stands_still() const noexcept {
  return applied_ < commit_
      && now_ - applied_at_ > config_.election_timeout_max;
}

bool core::should_not_lead() const noexcept {
  return disk_full_ || slow_disk_.hand_overs > 0
      || stuck_machine_.hand_overs > 0 || machine_stands_still();
}

} // namespace raft::consensus
