// What kind of run a seed stands for.

#pragma once

#include <raft/consensus/settings.hpp>
#include <raft/simulation/random.hpp>

#include <cstddef>
#include <cstdint>

namespace raft::test {

using namespace simulation;

/// How hostile the surroundings are. Each seed draws its own, so that runs
/// differ in kind: one has a slow disk and a good network, the next one small
/// windows and a network that loses a quarter of everything.
struct plan {
  std::size_t peers = 3;
  consensus::settings config;

  /// Messages take this long, each on its own: so they overtake each other.
  consensus::instant delay_min{0};
  consensus::instant delay_max{0};
  /// How many of a thousand messages take up to two seconds.
  std::uint64_t very_late = 0;
  std::uint64_t lost = 0;
  std::uint64_t twice = 0;

  consensus::instant disk_min{0};
  consensus::instant disk_max{0};
  consensus::instant apply_max{0};
  /// After how many of a thousand applies the state machine writes what it has
  /// to its disk.
  std::uint64_t flushes = 0;

  /// Time between two faults, at most.
  consensus::instant fault_interval{0};
  /// Time between two commands of clients, at most.
  consensus::instant client_interval{0};
  /// How long faults go on.
  consensus::instant duration{0};
};

plan draw_plan(random& from);

} // namespace raft::test
