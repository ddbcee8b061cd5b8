#include <raft/persistence/indexed_log.hpp>

#include <algorithm>
#include <utility>

namespace raft::persistence {

indexed_log::indexed_log(durable_state found, std::uint64_t compacted_time_ms)
  : state_{std::move(found)}, compacted_time_ms_{compacted_time_ms} {
  // nop
}

term_number indexed_log::term_at(log_index index) const {
  const auto& starts = state_.term_starts;
  auto at = std::ranges::upper_bound(starts, index, {}, &log_position::index);
  return at == starts.begin() ? state_.compacted.term : std::prev(at)->term;
}

bool indexed_log::apply(const journaled_batch& x, const journal_record* at) {
  const auto& head = x.head;
  state_.hard = head.hard;
  if (head.members_changed)
    state_.members = x.members;
  if (head.cluster)
    state_.cluster = head.cluster;
  if (head.installs || head.installed)
    state_.installing = x.install;
  if (head.truncate_from)
    truncate(head.truncate_from);
  const auto& point = head.compacted;
  auto jumps = point.where.index > state_.last.index && !x.entries.empty()
            && x.entries.front().head.where.index == point.where.index.next();
  if (jumps)
    compact(point);
  for (const auto& e : x.entries) {
    if (e.head.where.index <= state_.compacted.index)
      continue;
    if (e.head.where.index != state_.last.index.next())
      return false;
    append(e, at);
  }
  compact(point);
  return true;
}

void indexed_log::append(const journaled_entry& x, const journal_record* at) {
  const auto& where = x.head.where;
  auto& starts = state_.term_starts;
  if (starts.empty() || starts.back().term != where.term) {
    starts.push_back(where);
    if (!state_.proposed && x.head.proposes) {
      state_.proposed = x.head.proposes;
      state_.proposed_at = where.index;
    }
  }
  state_.last = where;
  state_.last_time_ms = x.head.time_ms;
  last_time_known_ = true;
  if (at == nullptr)
    return;
  places_.push_back(at->part(x.offset, x.bytes));
  if (counter_ != nullptr)
    counter_->added(x.bytes);
}

void indexed_log::truncate(log_index from) {
  from = std::max(from, state_.compacted.index.next());
  auto& last = state_.last;
  if (from > last.index)
    return;
  ++version_;
  while (!places_.empty() && last.index >= from) {
    pop_back();
    last.index = last.index.previous();
  }
  auto& starts = state_.term_starts;
  while (!starts.empty() && starts.back().index >= from)
    starts.pop_back();
  last.index = from.previous();
  last.term = term_at(last.index);
  last_time_known_ = false;
  if (state_.proposed_at >= from) {
    state_.proposed = {};
    state_.proposed_at = {};
  }
}

void indexed_log::compact(const compaction_point& to) {
  auto point = to.where;
  if (point.index <= state_.compacted.index)
    return;
  auto& starts = state_.term_starts;
  auto first = point.index.next();
  if (point.index >= state_.last.index) {
    forget_places();
    starts.clear();
    state_.last = point;
    state_.proposed = {};
    state_.proposed_at = {};
    proposed_known_ = true;
  } else {
    auto term = term_at(first);
    while (!places_.empty() && first_in_journal() < first)
      pop_front();
    auto kept = std::ranges::find_if(
      starts, [first](const auto& x) { return x.index > first; });
    starts.erase(starts.begin(), kept);
    starts.insert(starts.begin(), {first, term});
  }
  state_.compacted = point;
  compacted_time_ms_ = std::max(compacted_time_ms_, to.time_ms);
  if (state_.proposed && state_.proposed_at <= point.index) {
    state_.proposed = {};
    state_.proposed_at = {};
    proposed_known_ = false;
  }
}

void indexed_log::moved(const journal_cursor& to) {
  journal_place end{to.use, static_cast<std::uint32_t>(to.offset), 0};
  while (!places_.empty() && places_.front() < end)
    pop_front();
}

void indexed_log::forget_places() {
  while (!places_.empty())
    pop_front();
}

void indexed_log::pop_front() {
  if (counter_ != nullptr)
    counter_->gone(places_.front().bytes);
  places_.pop_front();
}

void indexed_log::pop_back() {
  if (counter_ != nullptr)
    counter_->gone(places_.back().bytes);
  places_.pop_back();
}

indexed_log::knowledge indexed_log::known() const {
  knowledge result;
  result.state = state_;
  result.version = version_;
  auto empty = state_.last.index == state_.compacted.index;
  if (empty)
    result.state.last_time_ms = compacted_time_ms_;
  result.must_read_last = !empty && !last_time_known_;
  result.must_find_proposed = !empty && !proposed_known_;
  return result;
}

indexed_log::plan indexed_log::plan_to_read(log_index first, log_index last,
                                            std::uint64_t bytes_max) const {
  plan result;
  result.first = first;
  result.version = version_;
  result.journal_from = first_in_journal();
  result.last = std::min(last, state_.last.index);
  if (first <= state_.compacted.index || first > result.last) {
    result.last = {};
    result.first = {1};
    return result;
  }
  // A record is a little shorter than what its entry costs.
  std::uint64_t bytes = 0;
  for (auto i = std::max(first, result.journal_from);
       i <= result.last && (bytes <= bytes_max || result.places.empty()); ++i) {
    result.places.push_back(places_[i - result.journal_from]);
    bytes += result.places.back().bytes;
  }
  return result;
}

} // namespace raft::persistence
