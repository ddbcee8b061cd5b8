#include <raft/simulation/recorded_disk.hpp>

#include <algorithm>

namespace raft::simulation {

recorded_disk::recorded_disk(std::vector<peer_id> voters) {
  members_.voters = std::move(voters);
}

void recorded_disk::preset(const hard_state& hard, std::vector<entry> entries) {
  hard_ = hard;
  compacted_ = {};
  entries_ = std::move(entries);
}

void recorded_disk::write(const durable_batch& x) {
  if (x.hard.term < hard_.term)
    throw violation{"the durable term goes back"};
  if (x.hard.term == hard_.term && hard_.vote && x.hard.vote != hard_.vote)
    throw violation{"the durable vote changes within a term"};
  auto kept = entries_.size();
  if (x.truncate_from) {
    if (x.truncate_from.value > kept + 1)
      throw violation{"a batch truncates beyond the end of the log"};
    if (x.truncate_from <= compacted_.index)
      throw violation{"a batch truncates what was dropped"};
    kept = x.truncate_from.value - 1;
  }
  auto index = kept;
  auto term = kept > 0 ? entries_[kept - 1].term : term_number{};
  for (const auto& e : x.entries) {
    if (e.index.value != ++index)
      throw violation{"a batch's entries do not follow the durable log"};
    if (e.term < term || e.term > x.hard.term)
      throw violation{"a batch's entries have terms out of order"};
    term = e.term;
  }
  hard_ = x.hard;
  entries_.resize(kept);
  entries_.insert(entries_.end(), x.entries.begin(), x.entries.end());
  if (x.members_changed)
    members_ = x.members;
  if (!x.compacted.index)
    return;
  if (x.compacted.index < compacted_.index)
    throw violation{"what was dropped comes back"};
  if (!holds(x.compacted))
    throw violation{"a batch drops entries up to one that is not there"};
  compacted_ = x.compacted;
}

durable_state recorded_disk::state() const {
  durable_state result;
  result.hard = hard_;
  result.members = members_;
  result.compacted = compacted_;
  result.last = last();
  for (const auto& e : entries_)
    if (e.index > compacted_.index
        && (result.term_starts.empty()
            || result.term_starts.back().term != e.term))
      result.term_starts.push_back({e.index, e.term});
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
  if (x.first <= compacted_.index)
    return result;
  std::uint64_t bytes = 0;
  for (auto i = x.first; i <= std::min(x.last, last().index); ++i) {
    const auto& e = entries_[i.value - 1];
    bytes += cost(e);
    if (!result.entries.empty() && bytes > x.bytes_max)
      break;
    result.entries.push_back(e);
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
