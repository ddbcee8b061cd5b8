// What is known of a snapshot without reading it.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/messages/membership.hpp>

#include <cstdint>
#include <string>

namespace raft {

/// A snapshot holds the state of a machine after one committed entry, and takes
/// the place of all entries up to it (paper, section 7). What it holds is up to
/// the machine; this is what the log needs of it.
///
/// Two snapshots with equal heads have equal bytes: one can be gone on with
/// where the other was left. Each peer takes its own, and they need not be
/// equal, even if they are of the same entry.
struct snapshot_head {
  /// The last entry whose effects are in it; 0@0 if there is no snapshot.
  log_position last;
  /// `entry::time_ms` of that entry. Times in the log go on from there.
  std::uint64_t time_ms = 0;
  /// The members as of that entry.
  membership members;
  /// The cluster id; 0 if none was committed by then.
  cluster_id cluster;
  /// How many bytes it has.
  std::uint64_t size = 0;
  /// Of all its bytes.
  std::uint64_t checksum = 0;

  friend bool operator==(const snapshot_head&, const snapshot_head&) = default;
};

/// A checksum as people see it: 16 digits.
inline std::string checksum_text(std::uint64_t checksum) {
  constexpr const char* digits = "0123456789abcdef";
  std::string result;
  for (auto shift = 60; shift >= 0; shift -= 4)
    result += digits[checksum >> shift & 15];
  return result;
}

/// "index@term", and the bytes.
inline std::string to_text(const snapshot_head& x) {
  return to_text(x.last) + " of " + std::to_string(x.size) + " bytes";
}

} // namespace raft
