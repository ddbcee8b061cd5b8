// The tables of a store on the disk, and how they are opened.
//
//   meta         "format"      store_header
//   meta         "identity"    store_identity
//   meta         others        see lmdb_memory.hpp
//   hard_state   group         hard_state
//   members      group         membership
//   compaction   group         log_position: last entry a snapshot replaced
//   log          group, index  entry; those up to the compaction are gone
//   term_starts  group, index  log_position: first entry of a term
//
// Group and index are 8 bytes each, big-endian, so that records sort by them.

#pragma once

#include <raft/persistence/big_endian.hpp>
#include <raft/persistence/directory.hpp>
#include <raft/persistence/lmdb.hpp>
#include <raft/persistence/lmdb_reserved_space.hpp>
#include <raft/persistence/record.hpp>
#include <raft/persistence/store.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace raft::persistence {

/// What can be done about damaged data, at the end of a message.
inline constexpr const char* keep_off
  = ". Nothing was changed. Keep the directory, and do not start this peer "
    "with an empty one, which the others would refuse: they go on without it "
    "while they are a majority";

inline std::string group_key(group_id group) {
  std::string result;
  append_big_endian(result, group.value);
  return result;
}

inline std::string log_key(group_id group, log_index index) {
  auto result = group_key(group);
  append_big_endian(result, index.value);
  return result;
}

/// Not below any entry's.
inline constexpr log_index last_index{
  std::numeric_limits<std::uint64_t>::max()};

/// The group of a `group_key` or `log_key`.
inline group_id group_of(std::string_view key) {
  return {from_big_endian<std::uint64_t>(key)};
}

/// The index of a `log_key`; 0 for anything else.
inline log_index index_of(std::string_view key) {
  if (key.size() != 16)
    return {};
  return {from_big_endian<std::uint64_t>(key.substr(8))};
}

/// Names a record in messages, such as "log 1/17".
std::string record_name(const char* table, group_id group);
std::string record_name(const char* table, group_id group, log_index index);

/// A random number that nobody else has: not 0.
/// @throws store_error `no_access`.
std::uint64_t draw_number();

/// Makes the directory of an environment, if it may.
/// @returns its name.
/// @throws store_error `no_access`.
std::string prepare_directory(const lmdb_options& options);

/// Makes the environment in a directory that was prepared and claimed, unless
/// it is there. It comes into being in one step, with all that `fill` writes;
/// so one that is empty or half finished is damaged, not new.
/// @throws store_error `no_access`, `no_space`, `write_failed`; `corrupt` if
///         there was one that has vanished.
void make_environment(const lmdb_options& options,
                      const std::function<void(lmdb::transaction&)>& fill);

/// Opens the environment in a directory that was prepared; looks at nothing in
/// `options` but directory, map and whether to write.
/// @throws store_error any kind but `no_space` and `write_failed`.
lmdb::environment open_environment(const lmdb_options& options);

/// An open store directory: claimed, its format and identity checked.
class lmdb_database {
public:
  /// @throws store_error as `open_lmdb_store`.
  explicit lmdb_database(const lmdb_options& options);

  const store_identity& identity() const noexcept {
    return identity_;
  }

  /// The format that was found when it was opened.
  std::uint32_t format() const noexcept {
    return format_;
  }

  /// Writes the present format, if it is not there yet.
  void raise_format(lmdb::transaction& txn) const;

  lmdb::transaction begin_read() const {
    return {env_, MDB_RDONLY};
  }

  lmdb::transaction begin_write() const {
    return {env_, 0};
  }

  /// Frees the pages that a process was reading when it died; otherwise the
  /// file would grow until the next start.
  void forget_dead_readers() const {
    lmdb::check(mdb_reader_check(env_.handle(), nullptr), "mdb_reader_check");
  }

  /// Says that a record is damaged, and what to do.
  [[noreturn]] void corrupt(const std::string& record,
                            const std::string& reason) const;

  /// Decodes a record of this store.
  /// @throws store_error `corrupt`.
  template <class T>
  T decoded(group_id group, std::string_view data,
            const std::string& record) const {
    T result;
    auto fault = decode(group, data, result);
    if (fault != record_fault::none)
      corrupt(record, to_text(fault));
    return result;
  }

  /// @pre Opened for writing.
  lmdb_reserved_space& space() noexcept {
    return *space_;
  }

  MDB_dbi meta = 0;
  MDB_dbi hard_state_table = 0;
  MDB_dbi members = 0;
  MDB_dbi compaction = 0;
  MDB_dbi log = 0;
  MDB_dbi term_starts = 0;

private:
  void open_tables(const lmdb_options& options);
  void check_meta(const lmdb::transaction& txn, const lmdb_options& options);

  std::string directory_;
  directory_claim claim_;
  lmdb::environment env_;
  store_identity identity_;
  std::uint32_t format_ = 0;
  std::optional<lmdb_reserved_space> space_; // if opened for writing
};

/// Turns an error of LMDB into one of ours, for everything but `commit`.
[[noreturn]] void rethrow(const lmdb::error& e, const std::string& directory);

} // namespace raft::persistence
