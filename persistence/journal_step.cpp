#include <raft/lmdb/store_error.hpp>
#include <raft/persistence/journal_step.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace raft::persistence {

void journal_step::add(std::string body) {
  bodies_.push_back(std::move(body));
  const auto& kept = bodies_.back();
  std::vector<journaled_batch> batches;
  auto fault = decode(kept, batches);
  if (fault != record_fault::none)
    throw store_error{store_errc::corrupt,
                      std::string{"a record of the journal: "} + to_text(fault)
                        + lmdb::keep_off};
  auto refers = false;
  for (const auto& x : batches)
    refers = add(x, kept) || refers;
  if (!refers)
    bodies_.pop_back();
}

/// @returns whether it refers to the body now.
bool journal_step::add(const journaled_batch& x, std::string_view body) {
  const auto& head = x.head;
  auto [at, is_new] = parts_.try_emplace(head.group);
  auto& to = at->second;
  if (is_new)
    to.compacted = compaction_(head.group);
  // It may be younger than what was known when the step began.
  const auto& point = head.compacted;
  if (point.where.index > to.compacted.where.index)
    to.compacted = {point.where, std::max(point.time_ms, to.compacted.time_ms)};
  to.hard = head.hard;
  if (head.members_changed)
    to.members = x.members;
  if (head.cluster)
    to.cluster = head.cluster;
  if (head.installs || head.installed)
    to.installing = x.install;
  auto& entries = to.entries;
  if (head.truncate_from) {
    auto from = std::max(head.truncate_from, to.compacted.where.index.next());
    if (entries.empty() || from <= entries.front().where.index)
      to.truncate_from
        = to.truncate_from ? std::min(to.truncate_from, from) : from;
    while (!entries.empty() && entries.back().where.index >= from) {
      bytes_ -= entries.back().record.size();
      entries.pop_back();
    }
  }
  auto result = false;
  for (const auto& e : x.entries) {
    if (e.head.where.index <= to.compacted.where.index)
      continue;
    entries.push_back({e.head.where, body.substr(e.offset, e.bytes)});
    bytes_ += e.bytes;
    result = true;
  }
  return result;
}

std::vector<group_id> journal_step::groups() const {
  std::vector<group_id> result;
  for (const auto& [group, x] : parts_)
    result.push_back(group);
  return result;
}

std::vector<group_write> journal_step::writes(const table_view& tables) const {
  std::vector<group_write> result;
  for (const auto& [group, x] : parts_) {
    auto now = tables.summary(group);
    auto& to = result.emplace_back();
    to.group = group;
    to.hard = x.hard;
    to.members = x.members ? &*x.members : nullptr;
    to.cluster = x.cluster;
    to.installing = x.installing ? &*x.installing : nullptr;
    to.compacted_time_ms = x.compacted.time_ms;
    auto first = x.compacted.where.index.next();
    std::ranges::copy_if(
      x.entries, std::back_inserter(to.entries),
      [first](const auto& e) { return e.where.index >= first; });
    auto& change = to.change;
    auto kept = now.last;
    auto truncate_from
      = x.truncate_from ? std::max(x.truncate_from, first) : log_index{};
    if (truncate_from && truncate_from <= kept.index) {
      change.truncate_from = truncate_from;
      kept.index = truncate_from.previous();
      kept.term = kept.index > now.compacted.index
                  ? tables.term_at(group, kept.index)
                  : now.compacted.term;
    }
    change.compacted = std::max(x.compacted.where.index, now.compacted.index)
                        == now.compacted.index
                       ? now.compacted
                       : x.compacted.where;
    change.base
      = change.compacted.index >= kept.index ? change.compacted : kept;
    change.last = change.base;
    for (const auto& e : to.entries) {
      if (e.where.index != change.last.index.next())
        throw store_error{store_errc::corrupt,
                          "the journal does not follow the tables: entry "
                            + to_text(e.where) + " of group " + to_text(group)
                            + " after " + to_text(change.last)
                            + lmdb::keep_off};
      change.last = e.where;
    }
  }
  return result;
}

} // namespace raft::persistence
