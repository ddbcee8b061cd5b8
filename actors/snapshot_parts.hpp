// What a peer needs to take, send and install snapshots.

#pragma once

#include <raft/actors/interfaces.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace raft::snapshots {

class rate_limit;

} // namespace raft::snapshots

namespace raft::actors {

/// A state machine that has the state of a snapshot, and no applier yet. Ends
/// with this object, if it never gets one.
class fresh_machine {
public:
  virtual ~fresh_machine();

  /// Spawns its applier. To be called once.
  virtual applier_actor spawn_applier() = 0;
};

struct snapshot_parts {
  /// Belongs to the peer, which stops it when it ends. None: logs wait for
  /// whoever is absent.
  snapshot_keeper_actor keeper = {};

  /// Spawns a writer that ends when the rate is given up.
  std::function<snapshot_writer_actor(std::shared_ptr<snapshots::rate_limit>)>
    spawn_writer = {};

  /// At what rate snapshots are written; 0 for no limit.
  std::uint64_t bytes_per_second = 0;
  /// That at which the keeper reads them.
  std::shared_ptr<snapshots::rate_limit> rate = {};
};

} // namespace raft::actors
