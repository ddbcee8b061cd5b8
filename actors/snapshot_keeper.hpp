// The keeper: the files of a group's snapshots. The writer: takes one.

#pragma once

#include <raft/actors/interfaces.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace caf {
class actor_system;
}

namespace raft::snapshots {

class rate_limit;
class shelf;

} // namespace raft::snapshots

namespace raft::actors {

struct snapshot_keeper_options {
  group_id group = {1};

  /// Where the files are.
  std::shared_ptr<const snapshots::shelf> files = {};

  /// Makes a state machine that has the state of a file, in the place of the
  /// one before, which is gone. Called in the thread of the keeper.
  /// @throws machine::no_space to be called again later.
  std::function<std::shared_ptr<fresh_machine>(const std::string& path)> renew
    = {};

  /// At what rate followers and clients get parts. Whoever ends the keeper
  /// gives it up.
  std::shared_ptr<snapshots::rate_limit> rate = {};

  /// After so many bytes of parts they are synced, or when nothing else is to
  /// be done.
  std::uint64_t sync_bytes = 2 << 20;

  /// How long nothing is received after there was no room.
  std::chrono::milliseconds pause_without_space{2000};
};

/// Spawns a keeper. It answers everything; what goes wrong is in the answer.
snapshot_keeper_actor spawn_snapshot_keeper(caf::actor_system& system,
                                            snapshot_keeper_options options);

struct snapshot_writer_options {
  std::shared_ptr<const snapshots::shelf> files = {};
  /// What stands in the file beside what a request says.
  std::string cluster_name = {};
  group_id group = {1};
  peer_id taken_by = {};
  std::uint64_t taken_ms = 0;
  /// Ends it when it is given up.
  std::shared_ptr<snapshots::rate_limit> rate = {};
};

/// Spawns a writer for one snapshot. There must be no other one with these
/// files.
snapshot_writer_actor spawn_snapshot_writer(caf::actor_system& system,
                                            snapshot_writer_options options);

} // namespace raft::actors
