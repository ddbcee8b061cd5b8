// Writes to a store on the disk, within one transaction.

#pragma once

#include <raft/persistence/lmdb_database.hpp>
#include <raft/persistence/log_tables.hpp>

#include <cstddef>
#include <span>

namespace raft::persistence {

/// Changes the tables of a store.
///
/// All members throw `store_error` (`corrupt`) if a record is damaged or does
/// not fit the others, and `lmdb::error`.
class lmdb_writer {
public:
  /// Keeps references to both.
  lmdb_writer(lmdb_database& db, lmdb::transaction& txn)
    : db_{&db}, txn_{&txn} {
    // nop
  }

  /// Sees to it that the commit will not meet a full disk. Comes before the
  /// first change.
  /// @param may_use_reserve Whether it holds nothing that clients asked for.
  /// @param mark Whether the mark of a journal is written as well.
  /// @throws store_error `no_space`.
  void reserve(std::span<const group_write> all, bool may_use_reserve,
               bool mark) const;

  void write(const group_write& x) const;

  void write(const journal_mark& x) const;

  /// Erases some of what is compacted, after it has found the room for that.
  /// @param in_any_case Writes even if nothing is left.
  /// @returns how many entries it erased.
  /// @throws store_error `no_space`.
  std::size_t erase_compacted(std::span<const group_id> groups,
                              std::size_t count_max, bool in_any_case) const;

  /// Writes what is there already, after it has found the room for that: the
  /// transaction after it can use the pages that the one before it freed.
  /// @returns whether anything was written.
  /// @throws store_error `no_space`.
  bool write_nothing_new(std::span<const group_id> groups) const;

private:
  void estimate_replaced(lmdb::page_estimate& pages, MDB_dbi table,
                         std::size_t key_bytes, std::size_t bytes) const;
  void estimate_erased(lmdb::page_estimate& pages, MDB_dbi table,
                       group_id group, log_index first, log_index last,
                       std::size_t count_max) const;
  void estimate(lmdb::page_estimate& pages, const group_write& x) const;
  void erase_from(MDB_dbi table, group_id group, log_index first) const;
  void append(const group_write& x) const;
  void compact(const group_write& x) const;
  std::size_t drop_compacted(group_id group, log_index last,
                             std::size_t count_max) const;

  lmdb_database* db_;
  lmdb::transaction* txn_;
};

} // namespace raft::persistence
