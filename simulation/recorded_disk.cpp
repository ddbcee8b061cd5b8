#include <raft/persistence/log_change.hpp>
#include <raft/simulation/recorded_disk.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace raft::simulation {

namespace {

configurations founded_with(std::vector<peer_id> voters) {
  configurations result;
  result.founding.voters = std::move(voters);
  return result;
}

} // namespace

recorded_disk::recorded_disk(std::vector<peer_id> voters,
                             incarnation_id incarnation, std::uint64_t seed)
  : incarnation_{incarnation},
    members_{founded_with(std::move(voters))},
    journal_{incarnation, state(), seed + incarnation.value} {
  // nop
}

store_memory recorded_disk::memory() const {
  return {chain_.starts, others_, restored_};
}

void recorded_disk::begin_start(start_id fresh) {
  journal_.start(state(), tail(entries_.size()));
  chain_
    = persistence::with_new_start(std::move(chain_), others_, restored_, fresh);
}

void recorded_disk::remember(const raft::remember& what) {
  for (const auto& x : what.whom) {
    std::erase_if(others_,
                  [&x](const acquaintance& y) { return y.peer == x.peer; });
    others_.push_back(x);
  }
  std::sort(others_.begin(), others_.end(),
            [](const auto& x, const auto& y) { return x.peer < y.peer; });
  if (what.settled) {
    restored_ = false;
    chain_.last = persistence::start_state::runs;
  }
}

void recorded_disk::end(const persist* under_way, bool kept) {
  if (under_way != nullptr && kept)
    change(*under_way);
  journal_.end(under_way, kept);
}

void recorded_disk::conclude() {
  journal_.conclude();
  if (chain_.last == persistence::start_state::runs)
    chain_.last = persistence::start_state::concluded;
}

void recorded_disk::preset(const hard_state& hard, std::vector<entry> entries) {
  hard_ = hard;
  compacted_ = {};
  entries_ = std::move(entries);
  journal_.preset(state(), entries_);
}

void recorded_disk::write(const persist& x) {
  change(x);
  journal_.write(x);
}

void recorded_disk::change(const persist& x) {
  const auto& batch = x.batch;
  // A store would let it pass.
  if (!batch.install.last.index && batch.truncate_from > last().index.next())
    throw violation{"batch " + to_text(x.number)
                    + " truncates beyond the end of the log"};
  auto term_at
    = [this](log_index index) { return entries_.at(index.value - 1).term; };
  persistence::log_change change;
  try {
    change = persistence::change_for({hard_, compacted_, last()}, x, term_at);
  } catch (const std::logic_error& e) {
    throw violation{e.what()};
  }
  hard_ = batch.hard;
  if (batch.install.last.index) {
    const auto content = files_.find(batch.install);
    if (!content)
      throw violation{"batch " + to_text(x.number)
                      + " resets the log to a snapshot that is not on the "
                        "disk"};
    entries_ = content->entries;
  }
  entries_.resize(change.base.index.value);
  entries_.insert(entries_.end(), batch.entries.begin(), batch.entries.end());
  if (batch.members_changed)
    members_ = batch.members;
  if (batch.cluster)
    cluster_ = batch.cluster;
  if (batch.install.last.index || batch.installed)
    installing_ = batch.install;
  compacted_ = change.compacted;
  // Nothing but a snapshot could bring what is missing.
  if (!holds(compacted_))
    throw violation{"batch " + to_text(x.number) + " drops entries up to "
                    + to_text(compacted_) + ", which is not there"};
}

shared_snapshot recorded_disk::newest_snapshot() const {
  return files_.newest(
    [this](const snapshot_head& x) { return holds(x.last); });
}

shared_snapshot recorded_disk::snapshot_to_install() const {
  return files_.newest(
    [this](const snapshot_head& x) { return !holds(x.last); });
}

durable_state recorded_disk::state() const {
  durable_state result;
  result.hard = hard_;
  result.members = members_;
  result.compacted = compacted_;
  result.last = last();
  result.cluster = cluster_;
  result.installing = installing_;
  for (const auto& e : entries_) {
    if (e.index <= compacted_.index)
      continue;
    if (result.term_starts.empty() || result.term_starts.back().term != e.term)
      result.term_starts.push_back({e.index, e.term});
    if (!result.proposed && (result.proposed = cluster_in(e)))
      result.proposed_at = e.index;
  }
  if (!entries_.empty())
    result.last_time_ms = entries_.back().time_ms;
  return result;
}

std::vector<entry> recorded_disk::tail(std::size_t count) const {
  auto n = std::min(count, entries_.size() - compacted_.index.value);
  return {entries_.end() - static_cast<std::ptrdiff_t>(n), entries_.end()};
}

entries_read recorded_disk::read(const read_entries& x) const {
  entries_read result{x.group, x.reader, x.first, {}};
  if (x.first > compacted_.index)
    result.entries = slice(x);
  journal_.check_read(x, result);
  return result;
}

std::vector<entry> recorded_disk::slice(const read_entries& x) const {
  std::vector<entry> result;
  std::uint64_t bytes = 0;
  for (auto i = x.first; i <= std::min(x.last, last().index); ++i) {
    const auto& e = entries_[i.value - 1];
    bytes += cost(e);
    if (!result.empty() && bytes > x.bytes_max)
      break;
    result.push_back(e);
  }
  return result;
}

log_position recorded_disk::last() const noexcept {
  if (entries_.empty())
    return {};
  return {entries_.back().index, entries_.back().term};
}

bool recorded_disk::holds(const log_position& x) const noexcept {
  if (!x.index)
    return !x.term;
  return x.index.value <= entries_.size()
      && entries_[x.index.value - 1].term == x.term;
}

} // namespace raft::simulation
