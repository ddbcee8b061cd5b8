// What a simulated cluster is made of.

#pragma once

#include <raft/machine/executor.hpp>
#include <raft/machine/sessions.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/machine/waiting.hpp>
#include <raft/simulation/clock.hpp>
#include <raft/simulation/cluster_options.hpp>
#include <raft/simulation/counters.hpp>
#include <raft/simulation/event.hpp>
#include <raft/simulation/host.hpp>
#include <raft/simulation/machine_maker.hpp>
#include <raft/simulation/network.hpp>
#include <raft/simulation/overlaps.hpp>
#include <raft/simulation/replayed_messages.hpp>
#include <raft/simulation/safety_checker.hpp>
#include <raft/simulation/simulated_client.hpp>
#include <raft/simulation/virtual_peer.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace raft::simulation {

/// All that a cluster has, without what it does.
class cluster_parts {
protected:
  /// Makes the peers; none of them runs.
  /// @throws std::invalid_argument if the settings are wrong.
  cluster_parts(const cluster_options& options, observer* watching);

  ~cluster_parts();
  cluster_parts(const cluster_parts&) = delete;
  cluster_parts& operator=(const cluster_parts&) = delete;

  virtual_peer& peer(peer_id x);
  const virtual_peer& peer(peer_id x) const;
  host& around(peer_id x);
  const host& around(peer_id x) const;
  simulated_client& client(std::uint64_t x);
  peer_traits traits_of(peer_id who) const;

  cluster_options options_;
  observer* watching_;
  event_queue events_;
  random seeds_;
  random random_; // of disks, alarms, appliers and replays
  network network_;
  replayed_messages replayed_;
  std::vector<virtual_peer> peers_; // peer 1 is at 0
  std::vector<host> hosts_;
  std::vector<std::unique_ptr<simulated_client>> clients_; // client 1 is at 0
  std::set<std::pair<peer_id, peer_id>> broken_;
  /// The ways that are stalled, and what waits there.
  std::map<std::pair<peer_id, peer_id>, std::vector<parcel_under_way>> stalled_;
  overlaps under_way_;
  safety_checker safety_;
  /// All snapshots that were ever taken, by their checksum.
  std::map<std::uint64_t, shared_snapshot> vault_;
  bequest bequest_;
  std::vector<client_operation> history_;
  /// What came of the entries 1, 2, ... on the peer that applied each first;
  /// without an index where none did.
  std::vector<apply_result> results_;
  std::function<void(peer_id, const entry&)> on_delivery_;
  std::uint64_t sent_ = 0;
  bool programs_run_ = true;
  std::uint64_t programs_stopped_ = 0;
  duration apply_max_; // just now
  instant served_at_{0};
  std::uint64_t ends_of_faults_ = 0;
  std::uint64_t fingerprint_ = 14695981039346656037U;
  std::uint64_t steps_ = 0;
  std::size_t reads_ = 0;
};

} // namespace raft::simulation
