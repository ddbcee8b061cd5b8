// The snapshots of a peer: those that it took, those that it sends, and the one
// that takes the place of its log.

#include <raft/consensus/core.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace raft::consensus {

// -- our own ------------------------------------------------------------------

void core::snapshot_taken(const snapshot_head& head) {
  // The newest wins, whoever took it: an older one that is finished late is of
  // no use any more.
  if (head.last.index > commit_
      || (snapshots_.ready && head.last.index <= snapshots_.ready->last.index))
    return;
  snapshots_.ready = head;
  snapshots_.lost = false;
  if (config_.machine_keeps_state)
    return;
  // A process that starts gets the state from there.
  applied_durable_
    = std::max(applied_durable_, std::min(head.last.index, applied_));
  wait_for_snapshot();
}

void core::wait_for_snapshot() {
  snapshots_.renewed_at = now_;
  snapshots_.share = random_.between(500, 1000);
}

bool core::snapshot_is_due() const noexcept {
  const auto& x = snapshots_;
  if (config_.machine_keeps_state || x.install)
    return false;
  if (x.lost || applied_ == applied_durable_)
    return x.lost;
  // The product could be too large.
  const auto share = [&x](std::uint64_t all) {
    return all / 1000 * x.share + all % 1000 * x.share / 1000;
  };
  const auto size = x.ready ? x.ready->size : 0;
  const auto age
    = std::chrono::ceil<std::chrono::milliseconds>(now_ - x.renewed_at);
  const auto age_max
    = share(static_cast<std::uint64_t>(config_.snapshot_interval.count()));
  return applied_.value - applied_durable_.value
        >= share(config_.snapshot_log_entries)
      || log_.bytes_between(applied_durable_, applied_)
           >= std::max(share(config_.snapshot_log_bytes), size)
      || (age_max > 0 && static_cast<std::uint64_t>(age.count()) >= age_max);
}

void core::take_snapshot() {
  if (now_ < snapshots_.take_again_at)
    return;
  snapshots_.take_again_at = now_ + config_.heartbeat_interval;
  out_.take_snapshot = true;
}

void core::snapshot_lost(const snapshot_head& head) {
  if (snapshots_.ready == head) {
    snapshots_.ready.reset();
    snapshots_.lost = true;
  }
  if (snapshots_.receipt && snapshots_.receipt->head == head)
    snapshots_.receipt.reset();
  if (auto* state = std::get_if<consensus::leader>(&role_))
    for (auto& [id, x] : state->others)
      if (x.snapshot.head == head) {
        x.snapshot.head.reset();
        x.snapshot.ask_anew();
      }
}

bool core::needs_snapshot(const snapshot_head& head) const noexcept {
  if ((snapshots_.ready == head && reaches_log(head))
      || (snapshots_.receipt && snapshots_.receipt->head == head)
      || (snapshots_.install && snapshots_.install->head == head))
    return true;
  const auto* state = std::get_if<consensus::leader>(&role_);
  return state && std::ranges::any_of(state->others, [&](const auto& x) {
           return x.second.snapshot.head == head;
         });
}

// -- those that are sent ------------------------------------------------------

/// Whether the log goes on behind it.
bool core::reaches_log(const snapshot_head& head) const noexcept {
  return head.last.index >= log_.compacted().index;
}

/// The snapshot that a follower gets is no use if the log does not go on behind
/// it.
log_index core::wanted_behind(const progress& x) const noexcept {
  const auto& head = x.snapshot.head ? x.snapshot.head : snapshots_.ready;
  return head && reaches_log(*head) ? head->last.index : log_.last().index;
}

void core::need_snapshot(peer_id id, progress& x) {
  if (x.sending == progress::mode::snapshot)
    return;
  x.probe_from(x.match.next());
  x.sending = progress::mode::snapshot;
  x.snapshot.ask_anew();
  note_that(note_kind::needs_snapshot, id, log_.compacted());
}

/// Whether a refusal shows that the follower's log ends, or turns away from
/// ours, before ours begins.
bool core::lacks_dropped(const append_reply& msg,
                         const progress& x) const noexcept {
  const auto begin = log_.compacted().index;
  if (!begin || msg.refused <= x.match)
    return false;
  return msg.refused == begin
      || (!msg.conflict.term && msg.conflict.index <= begin);
}

void core::end_snapshot(peer_id id, progress& x) {
  note_that(note_kind::sent_snapshot, id, {x.match, {}});
  x.snapshot.head.reset();
  x.snapshot.ask_anew();
  x.lacks_dropped = false;
  x.probe_from(x.match.next());
}

void core::choose_snapshot(const consensus::leader& state, progress& x) {
  auto& head = x.snapshot.head;
  if (head && !reaches_log(*head))
    head.reset();
  if (head)
    return;
  if (!snapshots_.ready || !reaches_log(*snapshots_.ready)) {
    take_snapshot();
    return;
  }
  const auto sent = std::ranges::count_if(state.others, [](const auto& other) {
    const auto& y = other.second;
    return y.connected && y.sending == progress::mode::snapshot
        && y.snapshot.head;
  });
  if (static_cast<std::size_t>(sent) >= config_.snapshots_sent_max)
    return;
  head = snapshots_.ready;
  x.snapshot.ask_anew();
}

void core::send_snapshot(const consensus::leader& state, peer_id id,
                         progress& x) {
  if (!x.connected)
    return;
  choose_snapshot(state, x);
  auto& to = x.snapshot;
  if (!to.head)
    return;
  if (!std::exchange(to.asked, true))
    send_chunk(id, x, 0);
  while (to.agreed && to.offset < to.head->size
         && to.offset - to.stored < config_.wire_bytes_max) {
    const auto size = std::min<std::uint64_t>(config_.frame_bytes_max,
                                              to.head->size - to.offset);
    send_chunk(id, x, size);
    to.offset += size;
  }
}

/// @param size 0 to ask how much is there.
void core::send_chunk(peer_id id, progress& x, std::uint64_t size) {
  chunk_to_send chunk;
  auto& msg = chunk.request;
  msg.header = header_to(id);
  msg.term = hard_.term;
  msg.snapshot = *x.snapshot.head;
  msg.level = msg.snapshot.members.level;
  msg.number = ++x.snapshot.last_number;
  msg.offset = x.snapshot.offset;
  chunk.size = size;
  out_.chunks_to_send.push_back(std::move(chunk));
}

// -- the one that is installed ------------------------------------------------

void core::install_if_whole() {
  const auto& x = snapshots_.receipt;
  const auto* state = std::get_if<follower>(&role_);
  if (!x || !x->whole() || !state || !state->leader || snapshots_.install)
    return;
  // Meanwhile the log may have got as far without it.
  if (x->head.last.index > commit_ && !log_.holds(x->head.last))
    snapshots_.install
      = snapshot_install{x->head, snapshot_install::phase::wanted, x->number};
  snapshots_.receipt.reset();
}

/// Nothing goes with it.
void core::make_install_batch() {
  auto& install = *snapshots_.install;
  install.at = snapshot_install::phase::resetting;
  const auto& head = install.head;
  batch_.emplace();
  batch_->number = ++last_batch_;
  batch_->hard = hard_;
  batch_->since = now_;
  batch_->cluster = head.cluster ? head.cluster : durable_cluster_;
  batch_->installs = true;
  auto batch = reset_to(head, batch_->hard, members_.founding());
  batch_->members = batch.members;
  out_.batch = persist{self_.group, batch_->number, std::move(batch)};
}

/// The log is reset on the disk.
void core::reset_log() {
  auto& install = *snapshots_.install;
  install.at = snapshot_install::phase::swapping;
  const auto& head = install.head;
  log_.reset(head.last);
  time_.follow(head.time_ms, clock_);
  members_.reset(head.members);
  if (head.cluster)
    cluster_ = head.cluster;
  proposed_ = {};
  proposed_at_ = {};
  assembly_.drop();
  drop_held_answers();
  commit_ = handed_out_ = head.last.index;
  applying_.clear();
  applying_bytes_ = 0;
  reading_ = {};
  snapshots_.tell_installed = false;
  members_differ();
  // As after a restart: who lacks what is gone gets a snapshot as well.
  learn_lowest_match(head.last.index);
  note_that(note_kind::reset_log, {}, head.last);
  out_.install = head;
}

void core::installed(const snapshot_head& head) {
  auto& install = snapshots_.install;
  if (!install || install->at != snapshot_install::phase::swapping
      || install->head != head)
    return;
  const auto number = install->number;
  install.reset();
  applied_ = applied_durable_ = head.last.index;
  applied_at_ = now_;
  snapshots_.tell_installed = true;
  snapshot_taken(head);
  note_that(note_kind::installed_snapshot, {}, head.last);
  owe_install_reply(head, number);
}

} // namespace raft::consensus
