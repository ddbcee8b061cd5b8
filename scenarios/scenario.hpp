// All scenarios, by name.

#pragma once

#include <raft/scenarios/environment.hpp>
#include <raft/scenarios/test_context.hpp>

#include <string>
#include <vector>

namespace raft::scenarios {

/// One story that a cluster has to get through, on whatever environment.
struct scenario {
  /// Unique; in lower case with hyphens.
  std::string name;
  /// One line.
  std::string title;
  /// Which family it belongs to: elections, log, persistence, snapshots, kv,
  /// pauses, partial partitions.
  std::string part;
  /// What happens, what is checked, and why.
  std::string explanation;

  std::size_t peers = 3;
  network_profile network = {};
  /// What its environment must be able to do.
  std::vector<ability> needs = {};

  void (*run)(test_context&) = nullptr;

  /// See `environment_options`.
  bool snapshots = false;
};

/// In the order of `list`.
const std::vector<scenario>& all_scenarios();

/// @returns null if there is none of this name.
const scenario* find_scenario(const std::string& name);

// The families.
std::vector<scenario> election_scenarios();
std::vector<scenario> partial_partition_scenarios();
std::vector<scenario> log_scenarios();
std::vector<scenario> replication_scenarios();
std::vector<scenario> persistence_scenarios();
std::vector<scenario> hostile_scenarios();
std::vector<scenario> snapshot_scenarios();
std::vector<scenario> kv_scenarios();
std::vector<scenario> kv_snapshot_scenarios();
std::vector<scenario> pause_scenarios();

} // namespace raft::scenarios
