// Backup conversation: a client has a peer take a snapshot, and fetches it.

#pragma once

#include <raft/messages/snapshot.hpp>

#include <cstdint>

namespace raft {

/// Asks a peer for a snapshot of its state machine, in a file that it keeps for
/// as long as somebody reads it. An error is the answer if its state machine
/// cannot be copied, or the disk has no room.
struct take_snapshot {
  group_id group;
  /// The snapshot has the effects of all entries up to here, at least; the peer
  /// waits until it can be.
  log_index at_least;

  friend bool operator==(const take_snapshot&, const take_snapshot&) = default;
};

/// It is on that peer's disk.
struct snapshot_taken {
  group_id group;
  snapshot_head snapshot;

  friend bool operator==(const snapshot_taken&, const snapshot_taken&)
    = default;
};

/// Asks for a part of that file. An error is the answer if the peer does not
/// keep it any more: nobody had asked for a part of it for a minute.
struct read_snapshot {
  group_id group;
  snapshot_head snapshot;
  /// In bytes.
  std::uint64_t offset = 0;
  /// At most `snapshot_part_bytes_max`, or that much is given.
  std::uint64_t size = 0;

  friend bool operator==(const read_snapshot&, const read_snapshot&) = default;
};

struct snapshot_part {
  group_id group;
  std::uint64_t offset = 0;
  /// Empty only at the end.
  bytes data;

  friend bool operator==(const snapshot_part&, const snapshot_part&) = default;
};

inline constexpr std::uint64_t snapshot_part_bytes_max = 256 << 10;

} // namespace raft
