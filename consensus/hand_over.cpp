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
  if (is_overtaken(slow_disk_, durable, writer != nobody && !disk_full_)) {
    ++slow_disk_.hand_overs;
    note_that(note_kind::stepped_down_slow_disk, writer->first, log_on_disk());
    become_follower({});
    return;
  }
  const auto target = machine_waits_for();
  const auto applier
    = ahead([&](const progress& x) { return target && x.applied >= target; });
  if (!is_overtaken(stuck_machine_, applied_, applier != nobody)) {
    state.handing_over_since = instant::max();
    return;
  }
  // Meanwhile it takes no commands, so that the other one can get all.
  state.handing_over_since = std::min(state.handing_over_since, now_);
  const auto has_all = ahead([&](const progress& x) {
    return x.applied >= target && x.match == log_.last().index;
  });
  if (has_all == nobody
      && now_ - state.handing_over_since < config_.election_timeout_max)
    return;
  ++stuck_machine_.hand_overs;
  note_that(note_kind::stepped_down_stuck_machine, applier->first,
            {applied_, {}});
  become_follower({});
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
