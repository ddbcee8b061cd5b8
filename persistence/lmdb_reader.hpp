// Reads a store on the disk, within one transaction.

#pragma once

#include <raft/persistence/lmdb_database.hpp>
#include <raft/persistence/log_tables.hpp>

#include <optional>
#include <vector>

namespace raft::persistence {

/// What one transaction sees of a store. Entries up to the compaction point
/// count as gone, whether or not they have been erased already.
///
/// All members throw `store_error` (`corrupt`) if a record is damaged or does
/// not fit the others, and `lmdb::error`.
class lmdb_reader final : public table_view {
public:
  /// Keeps references to both.
  lmdb_reader(const lmdb_database& db, const lmdb::transaction& txn)
    : db_{&db}, txn_{&txn} {
    // nop
  }

  durable_state load(group_id group) const override;
  std::vector<entry> read(group_id group, log_index first, log_index last,
                          std::uint64_t bytes_max) const override;
  std::vector<group_id> groups() const override;
  std::optional<journal_mark> journal() const override;
  group_summary summary(group_id group) const override;
  compaction_point compaction(group_id group) const override;

  term_number term_at(group_id group, log_index index) const override {
    return term_start(group, index).term;
  }

  /// Whether anything is known of a group.
  bool knows(group_id group) const;

  log_position compacted(group_id group) const;

  /// See `durable_state::installing`.
  snapshot_head installing(group_id group) const;

  /// The time of an entry; 0 if it is not there or cannot be understood.
  std::uint64_t time_at(group_id group, log_index index) const;

  /// Where the term of an entry of the log begins.
  log_position term_start(group_id group, log_index index) const;

private:
  hard_state hard(group_id group) const;
  log_position last(group_id group, const log_position& compacted) const;
  entry entry_at(const lmdb::cursor& place, group_id group) const;
  void load_terms(group_id group, durable_state& state) const;
  void load_last(group_id group, durable_state& state) const;

  const lmdb_database* db_;
  const lmdb::transaction* txn_;
};

} // namespace raft::persistence
