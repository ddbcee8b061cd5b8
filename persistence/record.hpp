// The bytes of a record on the disk, byte by byte. See docs/format.md.

#pragma once

#include <raft/messages/identity.hpp>
#include <raft/messages/persist.hpp>
#include <raft/persistence/store.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace raft::persistence {

/// Format of the whole store: which tables there are, and their keys. 1 had no
/// memory of starts and of other peers.
inline constexpr std::uint32_t store_format = 2;

/// The format of a store with a journal before its tables: what they hold alone
/// is not all.
inline constexpr std::uint32_t journal_format = 3;

/// First byte of every record.
inline constexpr std::uint8_t record_version = 1;

/// Second byte of every record. The numbers are on disks: never change one.
enum class record_type : std::uint8_t {
  header = 1,
  identity = 2,
  hard_state = 3,
  membership = 4,
  position = 5,
  entry = 6,
  starts = 7,
  acquaintance = 8,
  file_mark = 9,
  cluster = 10,
  batch = 11,
  journal = 12,
  snapshot = 13,
  configurations = 14,
};

/// What the store as a whole is. Its record keeps this layout forever, so that
/// every version can tell that a store is too new for it.
struct store_header {
  std::uint32_t format = store_format;

  friend bool operator==(const store_header&, const store_header&) = default;
};

/// How the last start of a store stands.
enum class start_state : std::uint8_t {
  /// It may have promised more than a copy of this moment knows.
  runs = 0,
  /// It has ended in order, and promises nothing any more.
  concluded = 1,
  /// It began on restored files and has promised nothing so far.
  restored = 2,
};

/// All starts of a store that are remembered.
struct start_chain {
  /// Oldest first.
  std::vector<start_id> starts;
  start_state last = start_state::runs;

  friend bool operator==(const start_chain&, const start_chain&) = default;
};

/// What the file system knows of a file, and of no copy of it.
struct file_mark {
  std::uint64_t inode = 0;
  /// When it was made; 0 where that is not known.
  std::uint64_t born_seconds = 0;
  std::uint32_t born_nanoseconds = 0;

  friend bool operator==(const file_mark&, const file_mark&) = default;
};

/// Up to where the log was dropped, and the time of the last entry that was.
struct compaction_point {
  log_position where;
  /// In milliseconds since 1970; 0 if not known: earlier versions did not write
  /// it.
  std::uint64_t time_ms = 0;
};

/// What a batch of a journal begins with. Its members, if they changed, the
/// head of a snapshot, if one is installed, and its entries follow as records
/// of their own.
struct batch_head {
  group_id group;
  hard_state hard;
  /// As in `durable_batch`.
  log_index truncate_from;
  /// As in `durable_batch`, with the time of the last entry that is dropped.
  compaction_point compacted;
  cluster_id cluster;
  bool members_changed = false;
  /// Whether a snapshot is installed, whose head follows the members.
  bool installs = false;
  /// As in `durable_batch`.
  bool installed = false;
  std::uint32_t entries = 0;
};

/// What a store says of its journal.
struct journal_mark {
  /// Drawn at random when the journal is made. No message holds it, so that
  /// nobody can send bytes that pass for a record.
  std::uint64_t secret = 0;
  /// The tables hold all that records up to this one say.
  std::uint64_t applied = 0;
  /// The journal had records up to this one.
  std::uint64_t seen = 0;
  /// How many files it has.
  std::uint32_t segments = 0;

  friend bool operator==(const journal_mark&, const journal_mark&) = default;
};

/// What can be told of an entry without its data.
struct entry_head {
  log_position where;
  std::uint64_t time_ms = 0;
  /// As `cluster_in`.
  cluster_id proposes;
};

/// Why bytes are no record.
enum class record_fault : std::uint8_t {
  none,
  /// Shorter than version, type and checksum.
  too_short,
  /// The first byte is not `record_version`.
  wrong_version,
  /// The bytes are not those that were written, or not for this group.
  wrong_checksum,
  /// A sound record of another type.
  wrong_type,
  /// It ends before its last field does.
  truncated,
  /// It goes on after its last field.
  trailing_bytes,
};

const char* to_text(record_fault x);

/// @name Encoding
/// The checksum covers all other bytes and the group, so that a record that
/// turns up in another group's place is found out.
/// @{
std::string encode(group_id group, const store_header& x);
std::string encode(group_id group, const store_identity& x);
std::string encode(group_id group, const hard_state& x);
/// As a record of type `membership` if all are from the founding: that is how
/// stores were before there were changes.
std::string encode(group_id group, const configurations& x);
std::string encode(group_id group, const log_position& x);
std::string encode(group_id group, const start_chain& x);
std::string encode(group_id group, const acquaintance& x);
std::string encode(group_id group, const file_mark& x);
std::string encode(group_id group, const cluster_id& x);
std::string encode(group_id group, const compaction_point& x);
std::string encode(group_id group, const batch_head& x);
std::string encode(group_id group, const journal_mark& x);
std::string encode(group_id group, const snapshot_head& x);
/// @throws std::length_error if the data does not fit into 32 bits of length.
std::string encode(group_id group, const entry& x);
/// @}

/// @name Decoding
/// Never reads outside of `data`. Changes `x` only if there is no fault.
/// @{
record_fault decode(group_id group, std::string_view data, store_header& x);
record_fault decode(group_id group, std::string_view data, store_identity& x);
record_fault decode(group_id group, std::string_view data, hard_state& x);
record_fault decode(group_id group, std::string_view data, configurations& x);
record_fault decode(group_id group, std::string_view data, log_position& x);
record_fault decode(group_id group, std::string_view data, start_chain& x);
record_fault decode(group_id group, std::string_view data, acquaintance& x);
record_fault decode(group_id group, std::string_view data, file_mark& x);
record_fault decode(group_id group, std::string_view data, cluster_id& x);
record_fault decode(group_id group, std::string_view data, compaction_point& x);
record_fault decode(group_id group, std::string_view data, batch_head& x);
record_fault decode(group_id group, std::string_view data, journal_mark& x);
record_fault decode(group_id group, std::string_view data, snapshot_head& x);
record_fault decode(group_id group, std::string_view data, entry& x);
/// The record of an entry, whose data are not copied.
record_fault decode(group_id group, std::string_view data, entry_head& x);
/// @}

} // namespace raft::persistence
