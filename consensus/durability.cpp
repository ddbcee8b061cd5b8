// What the disk holds, and who must wait for it.

#include <raft/consensus/core.hpp>

#include <algorithm>
#include <cassert>

namespace raft::consensus {

bool core::hard_state_is_durable() const noexcept {
  return durable_hard_ == hard_;
}

bool core::disk_hangs() const noexcept {
  return batch_ && now_ - batch_->since > config_.election_timeout_max;
}

// -- batches ------------------------------------------------------------------

log_index core::log_end_to_write() const noexcept {
  // A leader's disk gets the same batches as its followers.
  if (const auto* state = std::get_if<consensus::leader>(&role_))
    return state->released;
  return log_.last().index;
}

void core::make_batch() {
  const auto end = log_end_to_write();
  if (batch_ || (hard_state_is_durable() && !log_.unwritten(end)))
    return;
  batch_ = batch_under_way{++last_batch_, hard_, now_};
  persist msg;
  msg.group = self_.group;
  msg.number = batch_->number;
  msg.batch.hard = hard_;
  log_.fill(msg.batch, end, config_.batch_bytes_max);
  out_.batch = std::move(msg);
}

void core::persisted(batch_number number) {
  if (!batch_ || batch_->number != number)
    return;
  durable_hard_ = batch_->hard;
  batch_.reset();
  log_.wrote();
  release_held_answers();
  if (auto* state = std::get_if<candidate>(&role_)) {
    // A vote request speaks of our term, our vote and our log. If we crashed
    // and came back with less, a late vote would elect a leader without a
    // committed entry.
    if (!state->asked && hard_state_is_durable()
        && log_.durable() == log_.last().index) {
      state->asked = true;
      state->granted.insert(self_.id);
      ask_for_votes();
      count_votes();
    }
  } else if (auto* state = std::get_if<consensus::leader>(&role_)) {
    commit_what_is_agreed(*state);
  }
}

// -- answers ------------------------------------------------------------------

namespace {

/// Whether the new answer makes the old one superfluous: the same is said
/// again.
bool replaces(const message& fresh, const message& old) {
  if (const auto* x = std::get_if<append_reply>(&fresh)) {
    const auto* y = std::get_if<append_reply>(&old);
    return y && x->header.to == y->header.to && x->accepted == y->accepted
        && x->match == y->match;
  }
  const auto* x = std::get_if<vote_reply>(&fresh);
  const auto* y = std::get_if<vote_reply>(&old);
  return x && y && x->header.to == y->header.to;
}

} // namespace

void core::answer(message msg, log_index durable_index) {
  // Figure 2: persistent state is "updated on stable storage before responding
  // to RPCs".
  if (hard_state_is_durable() && durable_index <= log_.durable()) {
    out_.messages.push_back(std::move(msg));
    return;
  }
  std::erase_if(held_,
                [&](const held_answer& x) { return replaces(msg, x.answer); });
  held_.push_back({std::move(msg), durable_index});
}

void core::release_held_answers() {
  if (!hard_state_is_durable())
    return;
  std::optional<append_reply> accepted;
  std::erase_if(held_, [&](held_answer& x) {
    if (x.index > log_.durable())
      return false;
    auto* reply = std::get_if<append_reply>(&x.answer);
    if (!reply || !reply->accepted) {
      out_.messages.push_back(std::move(x.answer));
    } else if (!accepted) {
      accepted = *reply;
    } else {
      // One answer for all says as much: they are to the same leader.
      accepted->match = std::max(accepted->match, reply->match);
      accepted->round = std::max(accepted->round, reply->round);
    }
    return true;
  });
  if (accepted)
    out_.messages.push_back(*accepted);
}

void core::drop_held_answers() {
  if (!held_.empty())
    note_that(note_kind::dropped_held_answer);
  held_.clear();
}

void core::drop_held_answers_from(log_index index) {
  const auto dropped = std::erase_if(
    held_, [index](const held_answer& x) { return x.index >= index; });
  if (dropped > 0)
    note_that(note_kind::dropped_held_answer);
}

} // namespace raft::consensus
