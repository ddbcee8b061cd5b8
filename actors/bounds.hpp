// What subscribers may cost a peer, and how long changes wait to be
// checkpointed.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace raft::actors {

/// How long changes wait at most to be checkpointed if there are too few to be
/// checkpointed earlier.
inline constexpr std::chrono::milliseconds checkpoint_after_default{10'000};

/// At what rate snapshots are written, and sent to followers.
inline constexpr std::uint64_t snapshot_bytes_per_second_default = 64 << 20;

/// What a slow or greedy subscriber can cost a peer. All that is on its way to
/// subscribers takes at most the product of the first two.
struct peer_bounds {
  /// How many subscriptions a peer has at once; more are refused as `busy`.
  std::size_t subscriptions_max = 64;
  /// How many bytes of entries may be on their way to one subscription, however
  /// much credit it gives. A single larger entry still goes, alone.
  std::uint64_t subscription_bytes_max = 4 << 20;
  /// How many bytes of long replies wait to be fetched by clients of other
  /// processes, or a single larger one. Past the bound, commands that only read
  /// are refused as `busy`.
  std::size_t held_replies_max = 128 << 20;
  /// How many bytes of requests may wait to be answered without an entry, or a
  /// single larger one; more are refused as `busy`.
  std::size_t waiting_reads_max = 64 << 20;
};

} // namespace raft::actors
