// What the consensus core costs: three of them in one thread, with stores in
// memory, and nothing between them.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace raft::bench::core {

struct load_options {
  std::uint64_t entries = 1'000'000;
  std::size_t value_bytes = 256;
  /// How many commands reach the leader before the disks have written and the
  /// followers have answered what came before.
  std::uint64_t outstanding = 64;
};

struct load_result {
  std::uint64_t entries = 0;
  /// What a core computed, from the first command to the last one applied,
  /// without the stores.
  std::chrono::nanoseconds leader{0};
  /// Of one follower, and of both.
  std::chrono::nanoseconds follower{0};
  std::chrono::nanoseconds followers{0};
  /// What the three stores computed.
  std::chrono::nanoseconds stores{0};
  /// How many append requests with entries one follower got.
  std::uint64_t appends = 0;
};

/// Has a leader take commands, one by one as a peer does, until all of them are
/// applied by all three. Commands that come while a batch is on its way are
/// the next one, as under load.
/// @throws std::logic_error if it does not come to its end.
load_result run_load(const load_options& options);

} // namespace raft::bench::core
