#include <raft/consensus/soundness.hpp>
#include <raft/simulation/promises.hpp>
#include <raft/simulation/virtual_peer.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace raft::simulation {

virtual_peer::virtual_peer(peer_id id, const consensus::settings& config,
                           std::vector<peer_id> voters, std::uint64_t seed)
  : id_{id},
    incarnation_{id.value},
    config_{config},
    seed_{seed},
    disk_{std::move(voters), incarnation_, seed_} {
  // nop
}

// -- the process --------------------------------------------------------------

consensus::output virtual_peer::boot(base::instant now, std::size_t tail,
                                     std::optional<log_index> applied) {
  now_ = clock_ = now;
  flushed_ = applied.value_or(flushed_);
  auto recovered = disk_.state();
  if (auto why
      = consensus::complaint_about(recovered, flushed_, config_.level_max);
      !why.empty())
    throw violation{"peer " + to_text(id_) + " cannot start: " + why};
  applied_.resize(flushed_.value);
  counts_.boots_on_state += flushed_ ? 1 : 0;
  counts_.boots_on_compacted += disk_.compacted().index ? 1 : 0;
  // Each process draws its own seed.
  seed_ = seed_ * 6364136223846793005U + 1442695040888963407U;
  disk_.begin_start({seed_});
  known_ = {id_, disk_.incarnation(), disk_.founders(), disk_.memory()};
  consensus::identity self{group_id{1}, id_, disk_.incarnation(), seed_};
  core_.emplace(self, config_, recovered, disk_.tail(tail), flushed_, now);
  handed_out_ = flushed_;
  tell_snapshots();
  return carry_out();
}

void virtual_peer::crash(unfinished_write fate) {
  ++counts_.crashes;
  auto kept = writing_ && fate == unfinished_write::kept;
  counts_.writes_kept += kept ? 1 : 0;
  disk_.end(writing_ ? &*writing_ : nullptr, kept);
  counts_ += disk_.take_counts();
  core_.reset();
  checker_ = {};
  writing_.reset();
  last_batch_ = {};
  reading_.clear();
  storing_.clear();
  applying_.clear();
  handed_out_ = {};
}

void virtual_peer::lose_disk(std::vector<peer_id> voters) {
  constexpr std::uint64_t step = 1000;
  incarnation_.value += step;
  exchange_disk(recorded_disk{std::move(voters), incarnation_, seed_});
}

recorded_disk virtual_peer::exchange_disk(recorded_disk fresh) {
  flushed_ = {};
  promises_ = {};
  return std::exchange(disk_, std::move(fresh));
}

consensus::finding virtual_peer::meet(peer_id who, const credentials& theirs) {
  auto result = known_.judge(who, theirs, core_->cluster());
  known_.hear(who, theirs, result);
  if (result || result.reason == exclusion::restored) {
    auto news = known_.news_of(who, theirs);
    disk_.remember({news, false});
    known_.learn(news);
  }
  if (known_.may_settle()) {
    disk_.remember({{}, true});
    known_.settle();
  }
  return result;
}

// -- inputs -------------------------------------------------------------------

consensus::output virtual_peer::advance(base::instant now) {
  constexpr std::chrono::milliseconds late{50};
  counts_.late_wakes += now - late >= wake_at_ ? 1 : 0;
  now_ = now;
  clock_ = std::max(clock_, now);
  core_->advance(now);
  return carry_out();
}

void virtual_peer::tell_clock(consensus::instant clock) {
  clock_ = std::max(clock_, clock);
  core_->tell_clock(clock);
}

consensus::output virtual_peer::receive(const peer_message& msg) {
  if (const auto* x = std::get_if<append_request>(&msg))
    promises_.heard(*x, clock_);
  if (const auto* x = std::get_if<vote_request>(&msg))
    promises_.heard(*x);
  if (const auto* x = std::get_if<timeout_now>(&msg))
    promises_.heard(*x);
  std::visit([this](const auto& x) { core_->receive(x); }, msg);
  return carry_out();
}

consensus::output virtual_peer::link_up(peer_id peer,
                                        incarnation_id incarnation,
                                        std::uint32_t version) {
  core_->link_up(peer, incarnation, version);
  return carry_out();
}

consensus::output virtual_peer::link_down(peer_id peer) {
  core_->link_down(peer);
  return carry_out();
}

consensus::output virtual_peer::link_renewed(peer_id peer,
                                             incarnation_id incarnation,
                                             std::uint32_t version) {
  ++counts_.renewed_links;
  return link_up(peer, incarnation, version);
}

consensus::output virtual_peer::transfer(peer_id target) {
  counts_.transfers_begun += core_->transfer(target).target ? 1 : 0;
  return carry_out();
}

consensus::output virtual_peer::change(const change_members& wanted,
                                       members_changed& answer) {
  answer = core_->change(wanted);
  counts_.changes_begun += answer.result == change_result::begun ? 1 : 0;
  return carry_out();
}

consensus::output virtual_peer::start(bytes command, started& answer) {
  auto wall_ms = static_cast<std::uint64_t>(now_.count() / 1000);
  return start(entry_kind::command, {}, std::move(command), wall_ms, answer);
}

consensus::output virtual_peer::start(entry_kind kind, const command_tag& tag,
                                      bytes data, std::uint64_t wall_ms,
                                      started& answer) {
  answer = core_->start(kind, tag, std::move(data), wall_ms);
  counts_.busy += answer.reason == reject_reason::busy ? 1 : 0;
  counts_.disk_full_answers
    += answer.reason == reject_reason::disk_full ? 1 : 0;
  return carry_out();
}

consensus::output virtual_peer::begin_read(consistency how,
                                           consensus::read_begun& begun) {
  counts_.reads_by_lease
    += how == consistency::lease && core_->has_lease() ? 1 : 0;
  begun = core_->begin_read(how);
  return carry_out();
}

consensus::output virtual_peer::complete_write() {
  counts_.compactions += writing_->batch.compacted.index ? 1 : 0;
  disk_.write(*writing_);
  auto number = writing_->number;
  writing_.reset();
  core_->persisted(number);
  return carry_out();
}

consensus::output virtual_peer::refuse_write() {
  ++(writing_->batch.entries.empty() ? counts_.refused_reserves
                                     : counts_.refused_writes);
  auto number = writing_->number;
  writing_.reset();
  core_->refused(number);
  return carry_out();
}

consensus::output virtual_peer::complete_read(bool early) {
  auto read = std::move(reading_.front());
  reading_.pop_front();
  auto result = early ? std::move(read.found_early) : disk_.read(read.wanted);
  core_->entries_read(std::move(result));
  return carry_out();
}

consensus::output virtual_peer::apply(std::size_t count) {
  auto n = std::min(count, applying_.size());
  auto end = applying_.begin() + static_cast<std::ptrdiff_t>(n);
  applied_.insert(applied_.end(), applying_.begin(), end);
  applying_.erase(applying_.begin(), end);
  if (!applied_.empty())
    core_->applied(applied_.back().index, flushed_);
  return carry_out();
}

consensus::output virtual_peer::flush() {
  // It must not be ahead of the log's disk, or it could not start again.
  log_index applied{applied_.size()};
  flushed_ = std::max(flushed_, std::min(applied, core_->log().durable()));
  core_->applied(core_->applied(), flushed_);
  return carry_out();
}

consensus::output virtual_peer::checkpointed(log_index index) {
  if (index.value > applied_.size()
      || (index && !disk_.holds({index, applied_[index.value - 1].term})))
    throw violation{"the state machine of peer " + to_text(id_)
                    + " has entries up to " + to_text(index)
                    + " on its disk, which the log's disk does not hold"};
  flushed_ = std::max(flushed_, index);
  core_->applied(core_->applied(), flushed_);
  return carry_out();
}

// -- snapshots ----------------------------------------------------------------

/// What earlier processes left.
void virtual_peer::tell_snapshots() {
  const auto& files = disk_.files();
  if (const auto newest = disk_.newest_snapshot())
    core_->snapshot_taken(newest->head);
  if (const auto whole = disk_.snapshot_to_install())
    core_->snapshot_found(whole->head, whole->head.size);
  counts_.snapshot_parts_found += files.stored() > 0 ? 1 : 0;
  if (files.stored() > 0)
    core_->snapshot_found(files.coming(), files.stored());
}

consensus::output virtual_peer::snapshot_taken(shared_snapshot content) {
  ++counts_.snapshots_taken;
  disk_.files().keep(content);
  core_->snapshot_taken(content->head);
  return carry_out();
}

consensus::output virtual_peer::complete_chunk(const shared_snapshot& content) {
  auto chunk = std::move(storing_.front());
  storing_.pop_front();
  if (chunk.offset != 0
      && (disk_.files().coming() != chunk.snapshot
          || disk_.files().stored() != chunk.offset))
    return carry_out(); // what was before it is gone
  disk_.files().store(chunk);
  auto stored = disk_.files().stored();
  if (stored == chunk.snapshot.size && !disk_.files().complete(content))
    throw violation{"a snapshot was put together in a wrong way"};
  core_->chunk_stored(chunk.snapshot, stored);
  return carry_out();
}

consensus::output virtual_peer::refuse_chunk() {
  auto which = storing_.front().snapshot;
  std::erase_if(storing_,
                [&which](const auto& x) { return x.snapshot == which; });
  core_->chunk_refused(which);
  return carry_out();
}

void virtual_peer::found_snapshot(const snapshot_content& content) {
  ++counts_.installs_finished;
  applied_ = content.entries;
}

consensus::output virtual_peer::installed(const snapshot_content& content) {
  ++counts_.snapshots_installed;
  applied_ = content.entries;
  flushed_ = content.head.last.index;
  core_->installed(content.head);
  return carry_out();
}

void virtual_peer::keep_needed_snapshots() {
  disk_.files().erase_unless([this](const snapshot_head& x) {
    return x == disk_.installing() || core_->needs_snapshot(x);
  });
}

// -- what came out ------------------------------------------------------------

consensus::output virtual_peer::carry_out() {
  auto out = core_->take_output();
  if (auto complaint = checker_.check(*core_))
    throw violation{*complaint};
  if (out.install) {
    handed_out_ = out.install->last.index;
    applying_.clear();
  }
  check_duties(out);
  for (const auto& msg : out.messages)
    promises_.sent(msg, clock_);
  count(out);
  wake_at_ = out.wake_at;
  if (out.batch) {
    last_batch_ = out.batch->number;
    writing_ = out.batch;
  }
  if (!out.committed.empty())
    handed_out_ = out.committed.back().index;
  applying_.insert(applying_.end(), out.committed.begin(), out.committed.end());
  storing_.insert(storing_.end(), out.chunks_to_store.begin(),
                  out.chunks_to_store.end());
  keep_needed_snapshots();
  for (const auto& read : out.reads)
    reading_.push_back({read, disk_.read(read)});
  return out;
}

void virtual_peer::count(const consensus::output& out) {
  using consensus::note_kind;
  for (const auto& x : out.notes) {
    counts_.truncations += x.kind == note_kind::truncated_conflict ? 1 : 0;
    counts_.dropped_answers += x.kind == note_kind::dropped_held_answer ? 1 : 0;
    counts_.lost_quorums += x.kind == note_kind::stepped_down_no_quorum ? 1 : 0;
    counts_.transfers_told += x.kind == note_kind::told_to_campaign ? 1 : 0;
    counts_.transfers_ended += x.kind == note_kind::leads_on ? 1 : 0;
    counts_.leaders_removed
      += x.kind == note_kind::stepped_down_removed ? 1 : 0;
    counts_.levels_raised
      += x.kind == note_kind::level_has_risen && core_->leads() ? 1 : 0;
    counts_.space_found += x.kind == note_kind::disk_has_space ? 1 : 0;
  }
  for (const auto& x : out.reads)
    ++(x.reader == id_ ? counts_.reads_to_apply : counts_.reads_for_followers);
}

void virtual_peer::check_duties(const consensus::output& out) const {
  for (const auto& msg : out.messages)
    check_promise(msg, *core_, disk_);
  for (const auto& msg : out.install_replies)
    check_promise(msg, *core_, disk_);
  if (out.batch) {
    if (writing_)
      throw violation{"a second batch came out while one was under way"};
    if (out.batch->number <= last_batch_)
      throw violation{"a batch has a number that was used before"};
  }
  for (const auto& read : out.reads)
    if (!read.first || read.last < read.first || read.last > disk_.last().index)
      throw violation{"a read asks for entries that are not on the disk"};
  auto previous = handed_out_;
  for (const auto& e : out.committed) {
    if (e.index != previous.next())
      throw violation{"committed entries do not come out in order"};
    previous = e.index;
  }
  if (previous != core_->handed_out())
    throw violation{"the core miscounts what it handed out"};
}

} // namespace raft::simulation
