// What the disk holds, and who must wait for it.

#include <raft/consensus/core.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

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

bool core::log_may_be_written(log_index end) const noexcept {
  return log_.unwritten(end)
      && (!disk_full_ || now_ >= space_wanted_at_ || !log_.needs_space(end));
}

bool core::disk_is_left_alone() const noexcept {
  const auto end = log_end_to_write();
  return (now_ < reserve_wanted_at_
          && (!hard_state_is_durable() || log_.unwritten(end)
              || compaction_point() > log_.compacted().index))
      || (now_ < space_wanted_at_ && log_.unwritten(end));
}

log_index core::compaction_point() const noexcept {
  const auto nothing = log_.compacted().index;
  if (snapshots_.resets_log())
    return nothing;
  // Nobody needs an entry any more that everybody has (or gets within a
  // snapshot), and whose effects are on our own disk. A machine that keeps
  // nothing needs all of them. For who lags
  // behind, what is new is not refused.
  const auto kept = disk_full_ ? 0 : config_.log_bytes_kept;
  const auto least = disk_full_ ? 1 : config_.compaction_bytes_min;
  const auto waits = config_.log_waits_for_absent;
  const auto point
    = std::min({applied_durable_, waits ? lowest_match_ : lowest_lagging(),
                log_.durable(), log_.followed_by(kept)});
  if (point <= nothing || log_.bytes_between(nothing, point) < least)
    return nothing;
  return waits ? point
               : std::min(point, nothing + config_.compaction_entries_max);
}

log_index core::lowest_lagging() const noexcept {
  const auto all = log_.last().index;
  const auto* state = std::get_if<consensus::leader>(&role_);
  if (!state
      || log_.bytes_between(log_.compacted().index, all)
           > config_.lagging_bytes_max)
    return all;
  auto result = all;
  for (const auto& [id, x] : state->others)
    if (x.connected && now_ - x.heard_at < config_.election_timeout_max)
      result = std::min(result, x.sending == progress::mode::snapshot
                                  ? wanted_behind(x)
                                  : x.match);
  return result;
}

void core::make_batch() {
  if (batch_ || now_ < reserve_wanted_at_)
    return;
  if (snapshots_.resets_log()) {
    make_install_batch();
    return;
  }
  const auto end = log_end_to_write();
  const auto point = compaction_point();
  const auto compacts = point > log_.compacted().index;
  // What makes room goes alone, so that it is not refused with what needs some.
  const auto with_log = log_may_be_written(end)
                     && !(disk_full_ && compacts && log_.needs_space(end));
  const auto tells = snapshots_.tell_installed;
  if (hard_state_is_durable() && !with_log && !compacts && !tells)
    return;
  batch_.emplace();
  batch_->number = ++last_batch_;
  batch_->hard = hard_;
  batch_->since = now_;
  batch_->cluster = cluster_;
  batch_->tells_installed = tells;
  persist msg;
  msg.group = self_.group;
  msg.number = batch_->number;
  msg.batch.hard = hard_;
  msg.batch.installed = tells;
  // At the latest with the batch that drops the entry that holds it.
  if (cluster_ != durable_cluster_)
    msg.batch.cluster = cluster_;
  if (with_log) {
    // On a full disk there may be room for one entry where there is none for
    // all.
    log_.fill(msg.batch, end, disk_full_ ? 1 : config_.batch_bytes_max);
    batch_->needs_space
      = std::ranges::any_of(msg.batch.entries, raft::needs_space);
    if (members_.all() != durable_members_) {
      batch_->members
        = members_.between(log_.compacted().index, log_.handed_to_disk());
      msg.batch.members_changed = batch_->members != durable_members_;
      if (msg.batch.members_changed)
        msg.batch.members = *batch_->members;
    }
  }
  if (compacts) {
    batch_->compacted = point;
    msg.batch.compacted = {point, *log_.term_at(point)};
  }
  out_.batch = std::move(msg);
}

void core::refused(batch_number number) {
  if (!batch_ || batch_->number != number)
    return;
  const auto needed_space = batch_->needs_space;
  if (batch_->installs)
    snapshots_.install->at = snapshot_install::phase::wanted;
  batch_.reset();
  log_.refused();
  (needed_space ? space_wanted_at_ : reserve_wanted_at_)
    = now_ + config_.disk_retry_interval;
  const auto known = std::exchange(disk_full_, true);
  if (!known)
    note_that(note_kind::disk_is_full, {}, log_on_disk());
  if (const auto* state = std::get_if<consensus::leader>(&role_)) {
    // Whoever cannot write should not lead, as long as somebody else can. At
    // first that is hoped for; later a voter must have shown it, or peers whose
    // disks are all full would elect each other forever.
    const auto has_more = [this](const auto& other) {
      return is_voter(other.first) && other.second.match > log_.durable();
    };
    if (known
          ? std::any_of(state->others.begin(), state->others.end(), has_more)
          : members_.voters().size() > 1) {
      note_that(note_kind::stepped_down_full_disk);
      become_follower({});
    }
  } else if (!known) {
    draw_election_timeout();
  }
}

void core::drop_what_found_no_space() {
  // As if we had crashed: nobody was told that we have it. What we know to be
  // committed, others have on their disks.
  const auto kept = std::max(log_.durable(), commit_);
  if (disk_full_ && kept < log_.last().index)
    truncate_log(kept.next());
}

void core::persisted(batch_number number) {
  if (!batch_ || batch_->number != number)
    return;
  const auto voted
    = batch_->hard != durable_hard_ && batch_->hard == hard_ && hard_.vote;
  durable_hard_ = batch_->hard;
  durable_cluster_ = batch_->cluster;
  if (batch_->members)
    durable_members_ = std::move(*batch_->members);
  const auto written = *batch_;
  batch_.reset();
  if (now_ - written.since < config_.election_timeout_min)
    slow_disk_.hand_overs = 0;
  if (written.installs) {
    reset_log();
  } else {
    log_.wrote();
    log_.compact(written.compacted);
    members_.compact(log_.compacted().index);
  }
  if (written.tells_installed)
    snapshots_.tell_installed = false;
  if (written.compacted)
    space_wanted_at_ = now_;
  if (written.needs_space && std::exchange(disk_full_, false))
    note_that(note_kind::disk_has_space);
  release_held_answers();
  // Patience with an election begins when our vote counts in it.
  if (voted && std::holds_alternative<follower>(role_) && !leader())
    wait_for_election();
  if (auto* state = std::get_if<candidate>(&role_)) {
    // A vote request speaks of what is durable. So it waits for term and vote
    // and, because a longer log gets more votes, for all that finds room.
    if (!state->asked && hard_state_is_durable()
        && (disk_full_ || log_.durable() == log_.last().index)) {
      state->asked = true;
      state->granted.insert(self_.id);
      wait_for_election();
      election_at_ += now_ - written.since;
      ask_again(*state);
      count_votes();
    }
  } else if (auto* state = std::get_if<consensus::leader>(&role_)) {
    commit_what_is_agreed(*state);
  }
}

// -- the disk of the state machine -------------------------------------------

void core::told_space(log_index index, const space_left& space) {
  if (index < space_at_ || index > handed_out_)
    return;
  space_ = space;
  space_at_ = index;
  while (!owed_.empty() && owed_.front().index <= index) {
    owed_bytes_ -= owed_.front().bytes;
    owed_.pop_front();
  }
  if (has_space() && std::exchange(space_missed_, false))
    note_that(note_kind::machine_has_space);
}

bool core::is_alone() const noexcept {
  return members_.members().size() == 1 && is_sole_voter();
}

bool core::has_space() const noexcept {
  return space_.any == space_left::unlimited;
}

bool core::finds_space(const space_needed& space) const noexcept {
  const auto* state = std::get_if<consensus::leader>(&role_);
  if (!is_alone() || has_space() || state == nullptr)
    return true;
  // What those entries need that we found in the log, nobody knows.
  const auto all_known = space_at_ >= state->first.index.previous();
  const auto left = space.sparing ? space_.sparing : space_.any;
  return all_known && owed_bytes_ <= left && space.bytes <= left - owed_bytes_;
}

void core::owe_space(log_index index, std::uint64_t bytes) {
  if (!is_alone())
    return;
  owed_.push_back({index, bytes});
  owed_bytes_ += bytes;
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
      // Who hands over is promised nothing, so a promise goes with its round.
      if (reply->round >= accepted->round) {
        accepted->round = reply->round;
        accepted->promised_ms = reply->promised_ms;
      }
      accepted->applied = std::max(accepted->applied, reply->applied);
      if (reply->frame >= accepted->frame) {
        accepted->frame = reply->frame;
        accepted->unfinished = reply->unfinished;
        accepted->received = reply->received;
      }
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
