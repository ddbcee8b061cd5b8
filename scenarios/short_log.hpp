// Logs that hold little, so that snapshots are needed.

#pragma once

#include <raft/consensus/settings.hpp>

namespace raft::scenarios {

/// After so many entries a peer takes a snapshot, at the latest.
inline constexpr std::uint64_t snapshot_entries = 10;

/// Entries are dropped when there are so many bytes of them.
inline constexpr std::size_t dropped_bytes_min = 200;

/// Of entries that a connected member lacks, as many bytes are kept for it.
inline constexpr std::size_t kept_for_lagging_bytes = 1000;

/// @returns the settings for logs of about so many entries, for a state machine
///          that keeps nothing on its disk.
inline consensus::settings with_short_log(consensus::settings x) {
  x.log_waits_for_absent = false;
  x.machine_keeps_state = false;
  x.snapshot_log_entries = snapshot_entries;
  x.compaction_bytes_min = dropped_bytes_min;
  x.log_bytes_kept = 0;
  x.lagging_bytes_max = kept_for_lagging_bytes;
  return x;
}

} // namespace raft::scenarios
