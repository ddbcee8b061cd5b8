// How many pages a transaction of LMDB can need, and that they are there.
//
// LMDB writes a changed page to another place: a free page, or a new one behind
// all others. It never looks at the length of its file. So the file can be made
// longer than LMDB needs; pages that it comes to later are there already.

#pragma once

#include <raft/lmdb/lmdb.hpp>
#include <raft/lmdb/page_need.hpp>
#include <raft/lmdb/reserved_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace raft::lmdb {

/// Adds up what a transaction is going to do. Errs towards too much: it does
/// not look where the records lie.
class page_estimate {
public:
  /// @param txn The transaction, before its first change.
  explicit page_estimate(const transaction& txn) : txn_{&txn} {
    // nop
  }

  /// Begins to change a table at a place. Records that follow each other in it
  /// are one place; when in doubt, each is one of its own.
  void place(MDB_dbi table);

  /// A record is put at the last place of a table.
  void put(MDB_dbi table, std::size_t key_bytes, std::size_t data_bytes);

  /// A record, at the last place of a table, is erased or replaced.
  void erase(MDB_dbi table, std::size_t key_bytes, std::size_t data_bytes);

  /// All records of a table are erased.
  void empty(MDB_dbi table);

  page_need total() const;

private:
  struct changes {
    MDB_stat before{};
    std::uint64_t places = 0;
    std::uint64_t put_count = 0;
    std::uint64_t put_bytes = 0; // in leaf pages
    std::uint64_t erased_count = 0;
    std::uint64_t erased_bytes = 0;
  };

  changes& of(MDB_dbi table);

  const transaction* txn_;
  std::map<MDB_dbi, changes> tables_;
  page_need joined_;
  std::uint64_t freed_ = 0; // overflow pages of erased records
};

/// What there is for transactions to come, in bytes.
struct spare_space {
  /// Where the pages end that were ever in use. What is behind them is surely
  /// one piece.
  std::uint64_t used = 0;
  /// Pages before that that can be used again.
  std::uint64_t free = 0;
};

/// Sees to it that a transaction finds the room that it needs, so that its
/// commit never meets a full disk. One for each environment that is written.
class reserved_space {
public:
  /// @param env Outlives this object.
  /// @throws store_error `no_access`, `no_space`: see `reserved_file`.
  reserved_space(const environment& env, std::string directory,
                 reserved_space_options options);

  /// Call it before a transaction changes anything.
  /// @param may_use_reserve Whether it holds nothing that clients asked for.
  /// @throws store_error `no_space`: the transaction must be given up; the next
  ///         one may have more luck. `write_failed`: no later one may be
  ///         committed.
  void before_changes(const page_need& need, bool may_use_reserve);

  /// Sees to it that there is room for what is promised to be written later,
  /// beside the reserve.
  /// @throws store_error as `before_changes`.
  void assure(const page_need& need);

  std::uint64_t page_bytes() const noexcept {
    return page_bytes_;
  }

  /// Call it after a commit, before anybody is told.
  /// @throws store_error `write_failed`; also if the transaction used more
  /// pages
  ///         than it found room for: what is behind them may be overwritten.
  void after_commit() const {
    file_.check();
    check_end();
  }

  /// As of now, for transactions after the next one: what the last one freed
  /// does not count. Whoever reads is taken to be done by then.
  /// @pre No transaction is under way that writes.
  spare_space spare() const;

  /// Up to where the file could be used now, in bytes.
  std::uint64_t usable() const noexcept {
    return std::min(file_.filled(), map_bytes_);
  }

  /// Whether the file cannot become longer: there was no space when it was
  /// tried last, or the map ends there.
  bool is_full() const noexcept {
    return file_.is_full() || file_.filled() >= map_bytes_;
  }

  /// Has the file become longer in the background, up to `end`.
  void keep(std::uint64_t end) {
    file_.keep(std::min(end, map_bytes_));
  }

  /// The same, and waits for it, but not longer than `patience`.
  void await(std::uint64_t end, std::chrono::milliseconds patience) {
    keep(end);
    file_.await(std::min(end, map_bytes_), patience);
  }

  /// How many pages the last commit freed. The next transaction may not
  /// overwrite them, the one after it may.
  std::uint64_t pages_freed_last() const;

private:
  struct free_space {
    std::uint64_t count = 0; // of pages
    /// In how many places LMDB finds neighbours for the longest value.
    std::uint64_t places = 0;
  };

  /// That the pages in use lie below what is filled.
  void find(const page_need& need, bool may_use_reserve);
  void keep_ahead(std::uint64_t end);
  void check_end() const;
  std::uint64_t end_of_pages() const;
  free_space free_pages(const page_need& need, bool beside_readers) const;
  [[noreturn]] void refuse(std::uint64_t missing, bool map_is_full) const;

  const environment* env_;
  std::string directory_;
  reserved_space_options options_;
  std::uint64_t page_bytes_;
  std::uint64_t map_bytes_;
  reserved_file file_;
};

} // namespace raft::lmdb
