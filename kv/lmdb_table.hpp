// The table on the disk.

#pragma once

#include <raft/kv/table.hpp>
#include <raft/messages/ids.hpp>
#include <raft/persistence/store.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace raft::kv {

/// How much of a large write one transaction takes if nothing is urgent: so
/// little that who needs the disk, too, waits no longer behind it than for a
/// sync of its own. A larger pair goes alone; the sessions go together.
struct portion_bounds {
  /// How many pairs, where each may be on a page of its own.
  std::size_t keys_max = 64;
  /// How many bytes of keys and values.
  std::size_t bytes_max = 64 << 10;
};

/// How to open a table on the disk.
struct table_options {
  /// Holds this table and nothing else; it is made, and locked while it is
  /// open.
  std::string directory;
  /// Whose it is. A table of another peer, cluster or incarnation is refused.
  persistence::store_identity owner;
  group_id group = {1};
  /// Address space to reserve, in bytes; 0 for the default of the store.
  std::uint64_t map_bytes = 0;
  /// Up to how many bytes of pairs it `is_prompt`; 0 for half of the machine's
  /// memory.
  std::uint64_t cached_bytes_max = 0;
  /// Whether it must be there already.
  bool must_exist = false;
  portion_bounds portions = {};
  /// How much longer the file may become because somebody reads what it held at
  /// some moment, in bytes; 0: as much as it was long, or 256 MiB.
  std::uint64_t growth_bytes_max = 0;
  /// How long those who apply wait for the file to become longer; ten times as
  /// long who opens it. A disk that does nothing in that time holds them up no
  /// more: what it has no room for is found out when it is written.
  std::chrono::milliseconds patience_for_space{200};
};

/// @throws persistence::store_error as `persistence::open_lmdb_store`.
std::shared_ptr<table> open_lmdb_table(const table_options& options);

} // namespace raft::kv
