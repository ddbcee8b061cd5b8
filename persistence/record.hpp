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
std::string encode(group_id group, const membership& x);
std::string encode(group_id group, const log_position& x);
std::string encode(group_id group, const start_chain& x);
std::string encode(group_id group, const acquaintance& x);
std::string encode(group_id group, const file_mark& x);
std::string encode(group_id group, const cluster_id& x);
std::string encode(group_id group, const compaction_point& x);
/// @throws std::length_error if the data does not fit into 32 bits of length.
std::string encode(group_id group, const entry& x);
/// @}

/// @name Decoding
/// Never reads outside of `data`. Changes `x` only if there is no fault.
/// @{
record_fault decode(group_id group, std::string_view data, store_header& x);
record_fault decode(group_id group, std::string_view data, store_identity& x);
record_fault decode(group_id group, std::string_view data, hard_state& x);
record_fault decode(group_id group, std::string_view data, membership& x);
record_fault decode(group_id group, std::string_view data, log_position& x);
record_fault decode(group_id group, std::string_view data, start_chain& x);
record_fault decode(group_id group, std::string_view data, acquaintance& x);
record_fault decode(group_id group, std::string_view data, file_mark& x);
record_fault decode(group_id group, std::string_view data, cluster_id& x);
record_fault decode(group_id group, std::string_view data, compaction_point& x);
record_fault decode(group_id group, std::string_view data, entry& x);
/// @}

} // namespace raft::persistence
