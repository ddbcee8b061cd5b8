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

#include <raft/lmdb/big_endian.hpp>
#include <raft/lmdb/database.hpp>
#include <raft/persistence/record.hpp>
#include <raft/persistence/store.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace raft::persistence {

inline std::string group_key(group_id group) {
  std::string result;
  lmdb::append_big_endian(result, group.value);
  return result;
}

inline std::string log_key(group_id group, log_index index) {
  auto result = group_key(group);
  lmdb::append_big_endian(result, index.value);
  return result;
}

/// Not below any entry's.
inline constexpr log_index last_index{
  std::numeric_limits<std::uint64_t>::max()};

/// The group of a `group_key` or `log_key`.
inline group_id group_of(std::string_view key) {
  return {lmdb::from_big_endian<std::uint64_t>(key)};
}

/// The index of a `log_key`; 0 for anything else.
inline log_index index_of(std::string_view key) {
  if (key.size() != 16)
    return {};
  return {lmdb::from_big_endian<std::uint64_t>(key.substr(8))};
}

/// Names a record in messages, such as "log 1/17".
std::string record_name(const char* table, group_id group);
std::string record_name(const char* table, group_id group, log_index index);

/// A random number that nobody else has: not 0.
/// @throws store_error `no_access`.
std::uint64_t draw_number();

/// The open directory of a store, its format and identity checked.
class lmdb_database : public lmdb::database {
public:
  /// @param known The latest format that whoever opens it understands.
  /// @throws store_error as `open_lmdb_store`.
  lmdb_database(const lmdb_options& options, std::uint32_t known);

  const store_identity& identity() const noexcept {
    return identity_;
  }

  /// The format that was found when it was opened.
  std::uint32_t format() const noexcept {
    return format_;
  }

  /// Writes a format, unless it had that or a later one when it was opened.
  void raise_format(lmdb::transaction& txn, std::uint32_t format) const;

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

  MDB_dbi hard_state_table = 0;
  MDB_dbi members = 0;
  MDB_dbi compaction = 0;
  MDB_dbi log = 0;
  MDB_dbi term_starts = 0;

private:
  static void fill(lmdb::transaction& txn, const lmdb_options& options);
  void check_meta(const lmdb::transaction& txn, const lmdb_options& options,
                  std::uint32_t known);

  store_identity identity_;
  std::uint32_t format_ = 0;
};

} // namespace raft::persistence
