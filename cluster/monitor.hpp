// Checks this process's peer once a second, and reports what keeps it from
// serving.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/cluster/health.hpp>
#include <raft/events/event.hpp>
#include <raft/links/link_board.hpp>

#include <atomic>
#include <memory>
#include <vector>

namespace caf {
class actor_system;
}

namespace raft::cluster {

/// The actor that looks.
using monitor_actor = actors::actor_interface<
  // From itself: look again.
  actors::takes<wake>,
  // End.
  actors::answers<stop, stopped>>;

/// Which of a peer's disks are known to be full; told by one thread, read by
/// another.
struct full_disks {
  std::atomic<bool> log = false;
  /// That of the state machine, where the peer refuses commands for it.
  std::atomic<bool> machine = false;

  /// The peer has told something, perhaps of its disks.
  void see(const consensus::note& what);
};

struct monitor_options {
  group_id group;
  actors::peer_actor peer;
  /// The others.
  std::vector<links::member> members;
  /// See `health`.
  std::uint64_t kept_max = 0;
  std::shared_ptr<const links::link_board> board;
  /// Whether the log's disk is full, as far as is known.
  std::shared_ptr<const full_disks> disk_full;
  events::sink on_event;
};

monitor_actor spawn_monitor(caf::actor_system& system, monitor_options options);

} // namespace raft::cluster
