#include <raft/persistence/indexed_logs.hpp>

namespace raft::persistence {

namespace {

/// Of the table of entries.
constexpr std::size_t key_bytes = 16;

} // namespace

indexed_logs::indexed_logs(std::uint64_t page_bytes) : promised_{page_bytes} {
  counter_.added = [this](std::size_t n) { promised_.add(key_bytes, n); };
  counter_.gone = [this](std::size_t n) { promised_.remove(key_bytes, n); };
}

template <class F>
auto indexed_logs::with(group_id group, F f) const {
  static const indexed_log nothing;
  std::lock_guard guard{mutex_};
  auto found = logs_.find(group);
  return f(found == logs_.end() ? nothing : found->second);
}

void indexed_logs::load(const table_view& tables) {
  std::lock_guard guard{mutex_};
  for (auto& [group, log] : logs_)
    log.forget_places();
  logs_.clear();
  for (auto group : tables.groups())
    logs_[group]
      = indexed_log{tables.load(group), tables.compaction(group).time_ms};
}

void indexed_logs::check(std::span<const persist> batches) const {
  check_groups(batches);
  for (const auto& x : batches)
    with(x.group, [&x](const indexed_log& log) {
      change_for(log.summary(), x,
                 [&log](log_index i) { return log.term_at(i); });
    });
}

bool indexed_logs::apply(const std::vector<journaled_batch>& batches,
                         const journal_record* at) {
  std::lock_guard guard{mutex_};
  for (const auto& x : batches) {
    auto& log = logs_[x.head.group];
    log.count_in(counter_);
    if (!log.apply(x, at))
      return false;
  }
  return true;
}

void indexed_logs::moved(const journal_cursor& to) {
  std::lock_guard guard{mutex_};
  for (auto& [group, log] : logs_)
    log.moved(to);
}

compaction_point indexed_logs::compaction(group_id group) const {
  return with(group, [](const auto& x) { return x.compaction(); });
}

lmdb::page_need
indexed_logs::promised_with(const std::vector<journaled_batch>& batches) const {
  std::lock_guard guard{mutex_};
  auto all = promised_;
  for (const auto& x : batches)
    for (const auto& e : x.entries)
      all.add(key_bytes, e.bytes);
  return all.total(logs_.size() < 2);
}

std::vector<group_id> indexed_logs::groups() const {
  std::lock_guard guard{mutex_};
  std::vector<group_id> result;
  for (const auto& [group, log] : logs_)
    result.push_back(group);
  return result;
}

indexed_log::knowledge indexed_logs::known(group_id group) const {
  return with(group, [](const auto& x) { return x.known(); });
}

indexed_log::plan indexed_logs::plan_to_read(group_id group, log_index first,
                                             log_index last,
                                             std::uint64_t bytes_max) const {
  return with(group, [&](const auto& x) {
    return x.plan_to_read(first, last, bytes_max);
  });
}

log_index indexed_logs::first_in_journal(group_id group) const {
  return with(group, [](const auto& x) { return x.first_in_journal(); });
}

bool indexed_logs::is_current(group_id group, std::uint64_t version) const {
  return with(group,
              [version](const auto& x) { return x.version() == version; });
}

} // namespace raft::persistence
