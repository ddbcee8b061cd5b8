// What a store with a journal knows of all groups without reading them.

#pragma once

#include <raft/lmdb/page_need.hpp>
#include <raft/persistence/indexed_log.hpp>
#include <raft/persistence/log_tables.hpp>

#include <map>
#include <mutex>
#include <span>
#include <vector>

namespace raft::persistence {

/// The logs of all groups. The members may be called by any thread.
class indexed_logs {
public:
  /// @param page_bytes Of the tables.
  explicit indexed_logs(std::uint64_t page_bytes);

  /// Begins anew with what the tables hold.
  void load(const table_view& tables);

  /// @throws std::logic_error if a batch breaks a rule of `store::commit`.
  void check(std::span<const persist> batches) const;

  /// Batches have become durable; see `indexed_log::apply`.
  /// @returns whether they fit.
  bool apply(const std::vector<journaled_batch>& batches,
             const journal_record* at);

  /// See `indexed_log::moved`.
  void moved(const journal_cursor& to);

  compaction_point compaction(group_id group) const;

  /// What the entries of the journal will take in the tables, and those of a
  /// record that is to come.
  lmdb::page_need
  promised_with(const std::vector<journaled_batch>& batches) const;

  std::vector<group_id> groups() const;

  indexed_log::knowledge known(group_id group) const;

  indexed_log::plan plan_to_read(group_id group, log_index first,
                                 log_index last, std::uint64_t bytes_max) const;

  /// See `indexed_log::first_in_journal`.
  log_index first_in_journal(group_id group) const;

  /// Whether nothing was truncated since a plan or a piece of knowledge.
  bool is_current(group_id group, std::uint64_t version) const;

private:
  template <class F>
  auto with(group_id group, F f) const;

  mutable std::mutex mutex_; // guards the members below
  std::map<group_id, indexed_log> logs_;
  lmdb::future_need promised_;
  indexed_log::counter counter_;
};

} // namespace raft::persistence
