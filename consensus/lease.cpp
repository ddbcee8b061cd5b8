// Leases: what voters promise to their leader, and what it makes of that.

#include <raft/consensus/core.hpp>
#include <raft/consensus/quorum.hpp>

#include <algorithm>
#include <utility>

namespace raft::consensus {

// -- times --------------------------------------------------------------------

void round_times::begin(round_number round, instant clock, instant kept) {
  last_ = round;
  began_.push_back(clock);
  while (clock - began_.front() > kept)
    began_.pop_front();
}

std::optional<instant>
round_times::began_at(round_number round) const noexcept {
  if (round > last_ || last_ - round >= began_.size())
    return std::nullopt;
  return began_[began_.size() - 1 - (last_ - round)];
}

instant lease_for(std::chrono::milliseconds promised,
                  std::uint64_t drift_ppm) noexcept {
  constexpr std::int64_t million = 1'000'000;
  constexpr instant not_shown{2};
  const auto drift = static_cast<std::int64_t>(drift_ppm);
  const instant all{instant{promised}.count() * (million - drift)
                    / (million + drift)};
  return std::max(all - not_shown, instant{0});
}

// -- a voter ------------------------------------------------------------------

/// Promises the leader from which a message of this round came just now.
std::uint64_t core::promise(round_number round) noexcept {
  if (config_.lease_drift_ppm == 0)
    return 0;
  if (promised_.term == hard_.term)
    round = std::max(round, promised_.round);
  promised_ = {clock_ + config_.election_timeout_min, hard_.term, round};
  return static_cast<std::uint64_t>(config_.election_timeout_min.count());
}

bool core::has_promised() const noexcept {
  return clock_ < promised_.until;
}

// -- a leader -----------------------------------------------------------------

void core::note_round(consensus::leader& state) const {
  if (config_.lease_drift_ppm != 0)
    state.rounds.begin(state.round, clock_, config_.election_timeout_min);
}

void core::rely_on(const consensus::leader& state, progress& x,
                   const append_reply& msg) const {
  const auto began = state.rounds.began_at(msg.round);
  if (!began || config_.lease_drift_ppm == 0 || msg.round < state.lease_from)
    return;
  // No longer than we would promise, whatever others say.
  const auto ours
    = static_cast<std::uint64_t>(config_.election_timeout_min.count());
  const std::chrono::milliseconds promised{std::min(msg.promised_ms, ours)};
  x.promised_until = std::max(
    x.promised_until, *began + lease_for(promised, config_.lease_drift_ppm));
}

bool core::has_lease() const {
  const auto* state = std::get_if<consensus::leader>(&role_);
  if (!state || config_.lease_drift_ppm == 0)
    return false;
  const auto until = agreed(members(), [this, state](peer_id id) {
    return id == self_.id ? instant::max()
                          : state->others.at(id).promised_until;
  });
  // As for any other read: what earlier leaders have committed, it may not know
  // before it has committed an entry of its own.
  return clock_ < until && commit_ >= state->first.index;
}

read_number core::read_by_lease() {
  const auto result = leased_reads_.begin();
  leased_reads_.asked(self_.id, hard_.term, now_);
  leased_reads_.confirmed(result, commit_);
  return result;
}

} // namespace raft::consensus
