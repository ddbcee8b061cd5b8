// A data directory with an environment of LMDB: how it is made, opened and
// checked.

#pragma once

#include <raft/lmdb/directory.hpp>
#include <raft/lmdb/lmdb.hpp>
#include <raft/lmdb/reserved_space.hpp>
#include <raft/lmdb/store_error.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace raft::lmdb {

/// How to open a directory.
struct open_options {
  std::string directory;
  /// Address space to reserve, in bytes; not disk space. 0 for the default: 1
  /// TiB, under a sanitizer 1 GiB.
  std::uint64_t map_bytes = 0;
  /// False opens what is there, also while another process writes it, and never
  /// makes or changes anything.
  bool writable = true;
};

/// A table of a database, and where its number goes.
struct table {
  const char* name;
  MDB_dbi* number;
};

/// An open directory: claimed, and its environment made if it was not there.
/// The first of its tables is `meta`, by which whoever opens it tells whose it
/// is, and in which format.
class database {
public:
  /// Makes the environment in one step, with all that `fill` writes, unless it
  /// is there; so one that is empty or half finished is damaged, not new.
  /// @throws store_error any kind but `foreign` and `newer_format`; `corrupt`
  ///         also if there was an environment that has vanished.
  database(const open_options& options,
           const std::function<void(transaction&)>& fill);
  ~database();

  const std::string& directory() const noexcept {
    return directory_;
  }

  transaction begin_read() const {
    return {env_, MDB_RDONLY};
  }

  transaction begin_write() const {
    return {env_, 0};
  }

  /// Frees the pages that a process was reading when it died; otherwise the
  /// file would grow until the next start.
  void forget_dead_readers() const {
    check(mdb_reader_check(env_.handle(), nullptr), "mdb_reader_check");
  }

  /// See `refuse_damage`.
  [[noreturn]] void corrupt(const std::string& record,
                            const std::string& reason) const;

  /// @throws store_error `newer_format` if the program knows less.
  void check_format(std::uint32_t found, std::uint32_t known) const;

  /// Turns an error of LMDB into one of ours, for everything but commits.
  [[noreturn]] void rethrow(const error& e) const;

  /// @pre Opened for writing, see `open_tables`.
  reserved_space& space() noexcept {
    return *space_;
  }

  MDB_dbi meta = 0;

protected:
  /// Looks at what was found, in a transaction.
  using look = std::function<void(transaction&)>;

  /// Opens all tables, once `check_meta` has found nothing wrong with `meta`,
  /// and has `check` look at them. Signs the directory if it may be written.
  /// @throws store_error what the two throw; `corrupt` if a table is missing.
  void open_tables(std::span<const table> tables, const look& check_meta,
                   const look& check,
                   const reserved_space_options& space_taken);

private:
  void open_meta(transaction& txn);

  std::string directory_;
  bool writable_;
  directory_claim claim_;
  environment env_;
  std::optional<reserved_space> space_; // if opened for writing
};

/// Turns an error of LMDB into one of ours, for everything but commits.
[[noreturn]] void rethrow(const error& e, const std::string& directory);

/// Says that a record is damaged, and what to do.
[[noreturn]] void refuse_damage(const std::string& record,
                                const std::string& directory,
                                const std::string& reason);

} // namespace raft::lmdb
