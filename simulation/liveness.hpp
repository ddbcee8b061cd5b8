// Whether clients are served while a majority of the peers could do it.

#pragma once

#include <raft/simulation/cluster.hpp>

#include <cstdint>
#include <vector>

namespace raft::simulation {

/// Looks at a cluster again and again. If the same majority could serve all the
/// time, and nothing changed around any peer, then some client must have got an
/// answer within ten of the longest election timeouts since the last change, to
/// each of which comes what a write to the slowest disk of that majority takes
/// at most.
///
/// "Could serve" means: they run, none stands still or has lost its disk; both
/// disks of each take writes; their state machines move; each can reach each
/// other, and knows it; and no more is lost, or late, than is usual in this
/// cluster. What the other peers do, and what they send, does not matter.
///
/// Nor is it a standstill while the last of that majority catches up with what
/// the first had in its log when this began. Clusters whose links carry little,
/// or that send in tiny pieces, are not judged.
///
/// The clients must ask all the time for that to be a verdict: one of them must
/// wait for nothing but answers.
class liveness_checker {
public:
  static constexpr duration looks_each = std::chrono::milliseconds{50};
  static constexpr int timeouts = 10;

  /// @throws violation
  void look_at(const cluster& x);

private:
  std::uint64_t context_ = 0;
  instant since_{0};
  /// How far the logs of that majority were then: that of the last of them on
  /// its disk, and that of the first.
  log_index lowest_;
  log_index target_;
};

} // namespace raft::simulation
