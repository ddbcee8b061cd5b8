// What leaves the core.

#include <raft/consensus/core.hpp>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace raft::consensus {

output core::take_output() {
  if (auto* state = std::get_if<consensus::leader>(&role_))
    pursue_change(*state);
  pursue_reads();
  if (auto* state = std::get_if<consensus::leader>(&role_)) {
    release(*state);
    for (auto& [id, x] : state->others)
      replicate(*state, id, x);
    pursue_hand_over(*state);
  }
  if (snapshot_is_due())
    take_snapshot();
  answer_install();
  make_batch();
  hand_out();
  // The state machine gets from the disk what it is too slow for.
  log_.evict(config_.log_bytes_in_memory, commit_,
             config_.compaction_bytes_min / 16);
  out_.wake_at = wake_at();
  return std::exchange(out_, {});
}

// -- the state machine --------------------------------------------------------

void core::hand_out() {
  // First it gets what the log goes on from.
  if (snapshots_.install && !snapshots_.resets_log())
    return;
  while (handed_out_ < commit_
         && applying_bytes_ < config_.applying_bytes_max) {
    const auto first = handed_out_.next();
    auto entries = log_.slice(first, commit_,
                              config_.applying_bytes_max - applying_bytes_);
    if (entries.empty()) {
      // After a restart, they are on the disk only.
      if (!reading_) {
        reading_ = first;
        out_.reads.push_back(
          {self_.group, self_.id, first,
           std::min(commit_, log_.first_in_memory().previous()),
           std::min(config_.batch_bytes_max, config_.applying_bytes_max)});
      }
      return;
    }
    hand_out(std::move(entries));
  }
}

void core::hand_out(std::vector<entry> entries) {
  if (entries.empty() || entries.front().index != handed_out_.next())
    return;
  std::size_t size = 0;
  for (const auto& x : entries)
    size += cost(x);
  handed_out_ = entries.back().index;
  assert(handed_out_ <= commit_);
  applying_.push_back({handed_out_, size});
  applying_bytes_ += size;
  if (out_.committed.empty())
    out_.committed = std::move(entries);
  else
    std::ranges::move(entries, std::back_inserter(out_.committed));
}

std::size_t core::following_bytes() const noexcept {
  return log_.bytes_between(handed_out_, log_.last().index);
}

void core::applied(log_index index, log_index durable) {
  if (index > handed_out_)
    return;
  if (index > applied_)
    applied_at_ = now_;
  applied_ = std::max(applied_, index);
  if (applied_ == commit_)
    stuck_machine_.hand_overs = 0;
  applied_durable_ = std::max(applied_durable_, std::min(durable, applied_));
  while (!applying_.empty() && applying_.front().last <= applied_) {
    applying_bytes_ -= applying_.front().bytes;
    applying_.pop_front();
  }
}

} // namespace raft::consensus
