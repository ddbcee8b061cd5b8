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
/// The clients must ask all the time for that to be a verdict: one of them must
/// wait for nothing but answers.
class liveness_judge {
public:
  static constexpr duration looks_each = std::chrono::milliseconds{50};
  static constexpr int timeouts = 10;

  /// @throws violation
  void look_at(const cluster& x);

private:
  std::uint64_t surroundings_ = 0;
  instant since_{0};
};

} // namespace raft::simulation
