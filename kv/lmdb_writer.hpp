// Writes changes to the files of an engine, in transactions that hold up nobody
// who needs the same disk.
//
// Changes that are too many for one transaction are first written, piece by
// piece, to a table of their own, where they are nothing but bytes: many to a
// record, because LMDB rounds long records up to whole pages. The last piece
// says that they count: from there on what the engine holds is the pairs
// with these changes laid over them. Then they are brought to the pairs, again
// piece by piece, and the table is emptied.

#pragma once

#include <raft/kv/lmdb_files.hpp>
#include <raft/kv/lmdb_table.hpp>
#include <raft/kv/overlay.hpp>
#include <raft/kv/space.hpp>
#include <raft/lmdb/reserved_space.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace raft::kv {

/// Neighbors in an overlay.
struct slice {
  overlay::iterator begin;
  overlay::iterator end;
};

/// All members throw `machine::no_space` if the disk is too full for the next
/// transaction, and `store_error` `write_failed` if it is not known what the
/// disk holds; then nothing more is written.
class lmdb_writer {
public:
  /// @param files Opened for writing.
  lmdb_writer(lmdb_files& files, const portion_bounds& portions)
    : files_{&files}, portions_{portions} {
    // nop
  }

  /// @throws persistence::store_error `write_failed` if an earlier write did:
  ///         LMDB must not even be asked then.
  void check_sound() const;

  /// Whether changes are so few that one transaction will do.
  bool fits(const overlay& changes) const;

  /// Makes all of it durable in one transaction.
  void write_at_once(const table::update& x);

  /// Makes it durable in several. They count together, from the last one on.
  /// @returns how long the last one took; whoever waits after it knows then
  ///          that they count.
  /// @pre Nothing that counts is staged.
  std::chrono::nanoseconds stage(const table::update& x);

  /// Brings what is staged to the pairs; readers must take it from elsewhere
  /// meanwhile. Can be repeated from the start if it did not come to the end.
  /// @param portions How many the first transaction may take.
  void settle(const overlay& staged, const table::rest_handler& rest,
              std::size_t portions = 1);

  /// Frees what a write left that came to no end. After it, what the last
  /// transaction freed can be used again.
  /// @pre Nothing that counts is staged.
  void tidy();

  /// For a new table: puts pairs behind all that are there, in one transaction.
  /// @pre They ascend.
  void append(const std::vector<std::pair<std::string, std::string>>& pairs);

  /// For a new table: says which entry the pairs go up to.
  /// @param sessions All of them.
  void complete(log_index applied,
                const std::vector<machine::session_record>& sessions);

  /// What there is of the file, but for what is behind the pages in use.
  /// @param used Becomes where these end, in bytes.
  file_space measure(std::uint64_t& used) const;

private:
  template <class Change>
  std::chrono::nanoseconds transact(Change change);

  template <class Change>
  std::size_t transact_and_rest(Change change, const table::rest_handler& rest);

  template <class Change>
  std::size_t transact_and_rest(Change change, std::size_t portions,
                                const table::rest_handler& rest);

  /// From `from` on as much as a transaction takes that changes pairs.
  slice next_slice(overlay::iterator from, overlay::iterator end,
                   std::size_t portions) const;
  /// From `from` on as many changes as there is room for in a record of
  /// `staged`, but one at least. Counts `from` on.
  std::string pack(overlay::iterator& from, overlay::iterator end) const;
  void put_pairs(lmdb::transaction& txn, slice x);
  /// @param records How many there are in `staged`; counts on.
  void put_staged(lmdb::transaction& txn,
                  const std::vector<std::string>& packed,
                  std::uint64_t& records);
  void put_sessions(lmdb::transaction& txn,
                    const std::vector<machine::session_record>& all);
  void put_state(lmdb::transaction& txn, const state_record& x);
  void check_count(const lmdb::transaction& txn, std::uint64_t keys) const;
  void reserve_space(const lmdb::page_estimate& pages);
  [[noreturn]] void fail(const lmdb::error& e, bool committing);

  lmdb_files* files_;
  portion_bounds portions_;
  bool failed_ = false;
};

} // namespace raft::kv
