// LMDB's handles as objects that clean up after themselves.

#pragma once

#include <lmdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace raft::lmdb {

/// A call to LMDB failed; the text names the call and the reason.
class error : public std::runtime_error {
public:
  error(int code, const char* call);

  /// What LMDB returned: one of its own codes or an `errno`.
  int code() const noexcept {
    return code_;
  }

private:
  int code_;
};

/// @throws error unless `code` is 0.
void check(int code, const char* call);

/// How much memory the machine has, in bytes. LMDB's own cache is the system's.
std::uint64_t machine_memory();

/// An open environment: the data file and its map.
class environment {
public:
  /// @param flags As for `mdb_env_open`; `MDB_NOTLS` is always added.
  environment(const std::string& directory, std::uint64_t map_bytes,
              unsigned tables_max, unsigned flags);

  MDB_env* handle() const noexcept {
    return env_.get();
  }

private:
  struct closer {
    void operator()(MDB_env* x) const noexcept {
      mdb_env_close(x);
    }
  };

  std::unique_ptr<MDB_env, closer> env_;
};

/// A transaction, aborted unless committed. One that writes must be ended by
/// the thread that began it, or an assertion ends the process: LMDB's lock
/// would stay locked forever. What `get` returns is valid until the next write
/// or the end of the transaction.
class transaction {
public:
  /// @param flags 0 or `MDB_RDONLY`.
  transaction(const environment& env, unsigned flags);
  transaction(transaction&& other) noexcept
    : txn_{std::exchange(other.txn_, nullptr)}, writer_{other.writer_} {
    // nop
  }
  ~transaction();

  MDB_txn* handle() const noexcept {
    return txn_;
  }

  /// Opens a table; its number is valid for the environment once this
  /// transaction has been committed.
  /// @returns nothing if it does not exist and `flags` has no `MDB_CREATE`.
  std::optional<MDB_dbi> open_table(const char* name, unsigned flags);

  std::optional<std::string_view> get(MDB_dbi table,
                                      std::string_view key) const;

  void put(MDB_dbi table, std::string_view key, std::string_view data,
           unsigned flags = 0);

  /// Erases all records of a table.
  void empty_table(MDB_dbi table);

  /// @pre No cursor of this transaction is left.
  void commit();

private:
  MDB_txn* end();

  MDB_txn* txn_;
  /// None if it only reads.
  std::thread::id writer_;
};

/// A place in a table. Must end before its transaction does.
class cursor {
public:
  cursor(const transaction& txn, MDB_dbi table);
  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;
  ~cursor();

  /// @name Moving
  /// Each returns whether there is a record at the new place.
  /// @{
  bool first() {
    return move(MDB_FIRST);
  }
  bool last() {
    return move(MDB_LAST);
  }
  bool next() {
    return move(MDB_NEXT);
  }
  bool previous() {
    return move(MDB_PREV);
  }
  /// To the first record whose key is not below `key`.
  bool at_or_above(std::string_view key);
  /// To the last record whose key is not above `key`.
  bool at_or_below(std::string_view key);
  /// @}

  /// @pre The last move found a record, which has not been erased.
  std::string_view key() const noexcept {
    return {static_cast<const char*>(key_.mv_data), key_.mv_size};
  }

  /// @pre As for `key`.
  std::string_view data() const noexcept {
    return {static_cast<const char*>(data_.mv_data), data_.mv_size};
  }

  /// Erases the record; `next` then moves to the one after it.
  void erase();

private:
  bool move(MDB_cursor_op operation);

  MDB_cursor* cursor_ = nullptr;
  MDB_val key_{0, nullptr};
  MDB_val data_{0, nullptr};
};

} // namespace raft::lmdb
