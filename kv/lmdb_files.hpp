// The files of an engine: LMDB's tables, and how they are opened.
//
//   meta      "format"         persistence::store_header
//   meta      "identity"       persistence::store_identity
//   state     "state"          applied index (8), number of pairs (8),
//                              number of records staged if any (8)
//   pairs     'k', then key    value
//   sessions  session id (8)   machine::session_record
//   staged    number (8)       changes, one after the other: key and '+' and
//                              value, or key and '-'; both with their lengths
//                              (4) before them. See kv/lmdb_writer.hpp
//
// Records of `meta` are those of the store, all others are sealed.

#pragma once

#include <raft/kv/lmdb_table.hpp>
#include <raft/kv/overlay.hpp>
#include <raft/lmdb/database.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace raft::kv {

/// Version of the tables.
inline constexpr std::uint32_t engine_format = 1;

inline constexpr const char* state_key = "state";

/// LMDB knows no empty keys, so ours begin with a byte that all have.
inline constexpr char pair_mark = 'k';

inline constexpr const char* staged_table_name = "staged";

std::string pair_key(std::string_view key);

/// A change as records of `staged` hold it.
std::string encode_change(std::string_view key, const overlay::slot& x);

/// Names a record of `staged` in messages.
std::string staged_record_name(std::string_view key);

/// Shows a key in messages, printable and not too long.
std::string printable(std::string_view key);

/// What `state` holds.
struct state_record {
  log_index applied;
  /// How many there are with the staged changes.
  std::uint64_t keys = 0;
  /// How many records of `staged` count; 0 if they are only a rest.
  std::uint64_t staged = 0;
};

inline constexpr std::size_t state_bytes_max = 24;

/// The open directory of an engine, its format and identity checked.
class lmdb_files : public lmdb::database {
public:
  /// @param writable As in `persistence::lmdb_options`.
  /// @throws persistence::store_error as `persistence::open_lmdb_store`.
  lmdb_files(const table_options& options, bool writable);

  const persistence::store_identity& identity() const noexcept {
    return identity_;
  }

  group_id group() const noexcept {
    return group_;
  }

  state_record read_state(const lmdb::transaction& txn) const;

  /// The data of a record of `state`.
  std::string sealed_state(const state_record& x) const;

  /// Staged changes that count; null if there are none.
  std::shared_ptr<const overlay>
  read_staged(const lmdb::transaction& txn) const;

  /// Whether `pairs` has a key.
  /// @pre `key.size() <= key_bytes_max`.
  bool has_pair(const lmdb::transaction& txn, std::string_view key) const;

  /// How many records `pairs` has.
  std::uint64_t count_pairs(const lmdb::transaction& txn) const;

  /// Takes the data out of a record.
  /// @param key As in the table.
  /// @throws persistence::store_error `corrupt`.
  std::string_view unsealed(const std::string& name, std::string_view key,
                            std::string_view record) const;

  MDB_dbi state = 0;
  MDB_dbi pairs = 0;
  MDB_dbi sessions = 0;
  /// Only there once something was staged.
  std::optional<MDB_dbi> staged;

private:
  void check_counts(const lmdb::transaction& txn) const;

  void check_meta(const lmdb::transaction& txn, const table_options& options,
                  bool writable);

  group_id group_;
  persistence::store_identity identity_;
};

} // namespace raft::kv
