#include <raft/persistence/store.hpp>
#include <raft/simulation/journal_memory.hpp>
#include <raft/simulation/memory_tables.hpp>

#include <algorithm>

namespace raft::simulation {

void memory_tables::preset(group_id group, const durable_state& state,
                           std::span<const entry> entries) {
  auto& to = groups_[group];
  to = {};
  to.hard = state.hard;
  to.members = state.members;
  to.cluster = state.cluster;
  to.installing = state.installing;
  for (const auto& e : entries)
    to.log.push_back({{e.index, e.term}, persistence::encode(group, e)});
}

// -- changes ------------------------------------------------------------------

void memory_tables::write(const planner& plan,
                          const persistence::journal_mark& mark, bool) {
  refuse_if_full();
  tell(stop::before);
  auto writes = plan(*this);
  // Its number was none of the journal when the process looked last.
  auto is_batch = mark.applied == stops_.sequence;
  auto where = is_batch ? stops_.batch : stops_.moving;
  if (where == stop::before)
    throw process_ends{};
  for (const auto& x : writes)
    write(x);
  mark_ = mark;
  ++writes_;
  tell(stop::after);
  if (where == stop::after)
    throw process_ends{};
}

void memory_tables::write(const persistence::journal_mark& mark) {
  tell(stop::before);
  mark_ = mark;
  tell(stop::after);
}

void memory_tables::assure(const lmdb::page_need&) {
  refuse_if_full();
}

void memory_tables::refuse_if_full() {
  if (refusals == 0)
    return;
  --refusals;
  throw persistence::store_error{persistence::store_errc::no_space,
                                 "there is no room in memory"};
}

void memory_tables::tell(stop when) const {
  if (at_write)
    at_write(when);
}

void memory_tables::conclude(const persistence::journal_mark* mark) {
  mark_ = *mark;
}

void memory_tables::write(const persistence::group_write& x) {
  auto& to = groups_[x.group];
  const auto& change = x.change;
  to.hard = x.hard;
  if (x.members != nullptr)
    to.members = *x.members;
  if (x.cluster)
    to.cluster = x.cluster;
  if (x.installing != nullptr)
    to.installing = *x.installing;
  auto& log = to.log;
  if (change.truncate_from)
    while (!log.empty() && log.back().where.index >= change.truncate_from)
      log.pop_back();
  auto time_ms = std::max(to.compacted.time_ms, x.compacted_time_ms);
  auto point = change.compacted;
  auto keeps_point = !log.empty() && point.index >= log.front().where.index
                  && point.index <= log.back().where.index;
  if (keeps_point && x.compacted_time_ms == 0)
    time_ms = std::max(
      time_ms,
      decoded<persistence::entry_head>(x.group, to.at(point.index)).time_ms);
  if (point.index > to.compacted.where.index)
    to.compacted = {point, time_ms};
  while (!log.empty() && log.front().where.index <= point.index)
    log.pop_front();
  for (const auto& e : x.entries) {
    if (e.where.index != to.last().index.next())
      corrupt("log " + to_text(e.where.index),
              "does not follow " + to_text(to.last()));
    log.push_back({e.where, std::string{e.record}});
  }
}

const std::string& memory_tables::directory() const {
  static const std::string result{"memory"};
  return result;
}

// -- what is there ------------------------------------------------------------

const memory_tables::table& memory_tables::of(group_id group) const {
  static const table nothing;
  auto found = groups_.find(group);
  return found == groups_.end() ? nothing : found->second;
}

template <class T>
T memory_tables::decoded(group_id group, const row& x) const {
  T result;
  auto fault = persistence::decode(group, x.record, result);
  if (fault != persistence::record_fault::none)
    corrupt("log " + to_text(x.where), persistence::to_text(fault));
  return result;
}

durable_state memory_tables::load(group_id group) const {
  const auto& from = of(group);
  durable_state result;
  result.hard = from.hard;
  result.members = from.members;
  result.compacted = from.compacted.where;
  result.last = from.last();
  result.last_time_ms = from.compacted.time_ms;
  result.cluster = from.cluster;
  result.installing = from.installing;
  for (const auto& x : from.log) {
    auto& starts = result.term_starts;
    if (!starts.empty() && starts.back().term == x.where.term)
      continue;
    starts.push_back(x.where);
    auto proposes = decoded<persistence::entry_head>(group, x).proposes;
    if (!result.proposed && (result.proposed = proposes))
      result.proposed_at = x.where.index;
  }
  if (!from.log.empty())
    result.last_time_ms
      = decoded<persistence::entry_head>(group, from.log.back()).time_ms;
  return result;
}

std::vector<entry> memory_tables::read(group_id group, log_index first,
                                       log_index last,
                                       std::uint64_t bytes_max) const {
  const auto& from = of(group);
  std::vector<entry> result;
  if (first <= from.compacted.where.index)
    return result;
  std::uint64_t bytes = 0;
  for (auto i = first; i <= std::min(last, from.last().index); ++i) {
    auto x = decoded<entry>(group, from.at(i));
    bytes += cost(x);
    if (!result.empty() && bytes > bytes_max)
      break;
    result.push_back(std::move(x));
  }
  return result;
}

std::vector<group_id> memory_tables::groups() const {
  std::vector<group_id> result;
  for (const auto& [group, x] : groups_)
    result.push_back(group);
  return result;
}

persistence::group_summary memory_tables::summary(group_id group) const {
  const auto& from = of(group);
  return {from.hard, from.compacted.where, from.last()};
}

persistence::compaction_point memory_tables::compaction(group_id group) const {
  return of(group).compacted;
}

term_number memory_tables::term_at(group_id group, log_index index) const {
  return of(group).at(index).where.term;
}

} // namespace raft::simulation
