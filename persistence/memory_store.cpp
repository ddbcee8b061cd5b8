// The store that keeps everything in memory.

#include <raft/persistence/log_change.hpp>
#include <raft/persistence/store.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

namespace raft::persistence {

namespace {

struct group_data {
  hard_state hard;
  configurations members;
  log_position compacted;
  cluster_id cluster;
  std::uint64_t compacted_time_ms = 0;
  snapshot_head installing;
  std::deque<entry> entries; // from `compacted.index + 1` on, without gaps

  const entry& at(log_index index) const {
    return entries[index - compacted.index - 1];
  }

  log_position last() const {
    if (entries.empty())
      return compacted;
    return {entries.back().index, entries.back().term};
  }
};

class memory_store : public store {
public:
  explicit memory_store(store_identity identity)
    : identity_{std::move(identity)} {
    // nop
  }

  const store_identity& identity() const noexcept override {
    return identity_;
  }

  void commit(std::span<const persist> batches) override {
    std::lock_guard guard{mutex_};
    check_groups(batches);
    std::vector<log_change> changes;
    changes.reserve(batches.size());
    for (auto& x : batches) {
      static const group_data nothing;
      auto known = groups_.find(x.group);
      auto& now = known == groups_.end() ? nothing : known->second;
      changes.push_back(
        change_for({now.hard, now.compacted, now.last()}, x,
                   [&now](log_index i) { return now.at(i).term; }));
    }
    for (std::size_t i = 0; i < batches.size(); ++i)
      carry_out(groups_[batches[i].group], changes[i], batches[i].batch);
  }

  store_memory memory() const override {
    std::lock_guard guard{mutex_};
    return memory_;
  }

  void remember(const raft::remember& what) override {
    std::lock_guard guard{mutex_};
    for (auto& x : what.whom) {
      std::erase_if(memory_.others,
                    [&x](const acquaintance& y) { return y.peer == x.peer; });
      memory_.others.push_back(x);
    }
    std::sort(memory_.others.begin(), memory_.others.end(),
              [](auto& x, auto& y) { return x.peer < y.peer; });
  }

  void conclude() override {
    // It has no copies.
  }

  durable_state load(group_id group) const override {
    std::lock_guard guard{mutex_};
    durable_state result;
    auto known = groups_.find(group);
    if (known == groups_.end())
      return result;
    auto& data = known->second;
    result.hard = data.hard;
    result.members = data.members;
    result.compacted = data.compacted;
    result.last = data.last();
    result.cluster = data.cluster;
    result.installing = data.installing;
    for (auto& x : data.entries) {
      if (result.term_starts.empty() || result.term_starts.back().term < x.term)
        result.term_starts.push_back({x.index, x.term});
      if (!result.proposed && (result.proposed = cluster_in(x)))
        result.proposed_at = x.index;
    }
    result.last_time_ms = data.entries.empty() ? data.compacted_time_ms
                                               : data.entries.back().time_ms;
    return result;
  }

  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const override {
    std::lock_guard guard{mutex_};
    std::vector<entry> result;
    auto known = groups_.find(group);
    if (known == groups_.end() || first <= known->second.compacted.index)
      return result;
    auto& data = known->second;
    last = std::min(last, data.last().index);
    std::uint64_t bytes = 0;
    for (auto i = first; i <= last; ++i) {
      bytes += cost(data.at(i));
      if (!result.empty() && bytes > bytes_max)
        break;
      result.push_back(data.at(i));
    }
    return result;
  }

  std::vector<group_id> groups() const override {
    std::lock_guard guard{mutex_};
    std::vector<group_id> result;
    for (auto& [group, data] : groups_)
      result.push_back(group);
    return result;
  }

private:
  static void carry_out(group_data& data, const log_change& change,
                        const durable_batch& batch) {
    data.hard = batch.hard;
    if (batch.members_changed)
      data.members = batch.members;
    if (batch.cluster)
      data.cluster = batch.cluster;
    if (batch.install.last.index || batch.installed)
      data.installing = batch.install;
    auto& entries = data.entries;
    if (change.truncate_from)
      entries.resize(change.truncate_from - data.compacted.index - 1);
    entries.insert(entries.end(), batch.entries.begin(), batch.entries.end());
    data.compacted = change.compacted;
    if (batch.install.last.index)
      data.compacted_time_ms
        = std::max(data.compacted_time_ms, batch.install.time_ms);
    while (!entries.empty() && entries.front().index <= data.compacted.index) {
      if (entries.front().index == data.compacted.index
          && entries.front().term == data.compacted.term)
        data.compacted_time_ms
          = std::max(data.compacted_time_ms, entries.front().time_ms);
      entries.pop_front();
    }
  }

  store_identity identity_;
  mutable std::mutex mutex_;
  store_memory memory_;
  std::map<group_id, group_data> groups_;
};

} // namespace

std::unique_ptr<store> make_memory_store(store_identity identity) {
  return std::make_unique<memory_store>(std::move(identity));
}

} // namespace raft::persistence
