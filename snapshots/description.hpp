// What the file of a snapshot says of itself.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/messages/persist.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace raft::snapshots {

/// What a state is of. Stands at the beginning of the file.
struct description {
  /// Name of the cluster.
  std::string cluster_name;
  /// 0 if none was committed by then.
  cluster_id cluster;
  group_id group = {1};
  /// The last entry whose effects are in the state.
  log_position last;
  /// The time of that entry, in milliseconds since 1970. Times in a log that
  /// goes on from here must not be earlier.
  std::uint64_t time_ms = 0;
  /// As of that entry.
  membership members;
  /// See `machine::snapshotting::state_format`.
  std::string format;
  /// Who has taken it, and when by his clock, in milliseconds since 1970. Tells
  /// people where a file comes from, and means nothing.
  peer_id taken_by;
  std::uint64_t taken_ms = 0;

  friend bool operator==(const description&, const description&) = default;
};

/// What only its end can say.
struct totals {
  std::uint64_t file_bytes = 0;
  std::uint64_t chunks = 0;
  /// Records of sessions, that of the clock included.
  std::uint64_t sessions = 0;
  std::uint64_t state_bytes = 0;
  /// Of all bytes before the last chunk. With the length, it tells one
  /// snapshot from all others.
  std::uint64_t checksum = 0;

  friend bool operator==(const totals&, const totals&) = default;
};

std::string encode(const description& x);

/// @param version That of the file: 1 or 2.
/// @returns nothing if the bytes are not exactly one description.
std::optional<description> decode_description(std::string_view x,
                                              std::uint32_t version);

/// All that an encoded description may take, in bytes.
inline constexpr std::size_t description_bytes_max = 1 << 20;

} // namespace raft::snapshots
