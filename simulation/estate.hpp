// What there is of a cluster beside its running peers: backups, what is left
// when a majority is lost for good, and with what another cluster begins.

#pragma once

#include <raft/simulation/recorded_disk.hpp>
#include <raft/simulation/snapshots.hpp>

#include <cstddef>
#include <vector>

namespace raft::simulation {

/// A backup, and the increments to it.
struct backup {
  shared_snapshot content;
  /// The entries that follow it.
  std::vector<entry> more;
};

/// What is on the disks of a peer whose process has ended.
struct remains {
  peer_id peer;
  recorded_disk disk;
  /// Up to where the state machine has put what it applied on its disk.
  log_index checkpointed;
};

/// What is left of a cluster when those that are dead never come back unharmed.
struct lost_majority {
  std::vector<remains> survivors;
  std::vector<remains> dead;
};

/// With what a cluster begins in the place of nothing.
struct estate {
  std::vector<peer_id> founders;
  std::vector<remains> peers;
  /// Whose ids were used before, and cannot be used again.
  std::vector<peer_id> gone = {};
};

/// What one cluster has left to others.
struct bequest {
  std::vector<backup> backups;
  std::vector<lost_majority> losses;
};

} // namespace raft::simulation
