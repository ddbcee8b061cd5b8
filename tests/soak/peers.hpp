// A cluster of raftd processes that lose their lives, and whether what clients
// saw of it is right.

#pragma once

#include <raft/scenarios/raftd_process.hpp>
#include <raft/tests/cluster/server.hpp>
#include <raft/tests/soak/load.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace raft::soak {

/// How long something may take on a machine that does much else, too.
inline constexpr std::chrono::seconds progress_max{120};

/// The number in a variable of the environment.
std::uint64_t number_of(const char* variable, std::uint64_t otherwise);

/// Three raftd processes with Redis ports.
struct peers {
  static constexpr std::size_t count = 3;

  peers();

  peers(const peers&) = delete;
  peers& operator=(const peers&) = delete;

  ~peers();

  std::string log_file(std::size_t i) const {
    return directory.path("log" + std::to_string(i + 1));
  }

  std::string data(std::size_t i) const {
    return directory.path(std::to_string(i + 1));
  }

  /// With low bounds, so that the peers always checkpoint and drop entries.
  /// @param program Another raftd than the one beside this program.
  /// @param more Options of its own.
  void start(std::size_t i,
             const std::string& program = scenarios::raftd_path(),
             const std::vector<std::string>& more = {});

  /// Kills peers, all at the same moment.
  void kill(const std::vector<std::size_t>& which);

  /// A machine is lost: its peer dies, its directory is gone, and another one
  /// is to take its place. That is begun, and goes on by itself.
  void replace(std::size_t i);

  /// Runs raftctl with these arguments, at most for `progress_max`.
  void ctl(const std::string& arguments) const;
  /// @param said What it printed.
  bool try_ctl(const std::string& arguments, std::string& said) const;

  /// Waits until no change of members is under way, and all are there.
  void settle() const;

  test::temporary_directory directory;
  std::vector<links::address> where;
  std::vector<std::uint16_t> redis;
  std::string members;
  std::array<std::uint64_t, count> ids{1, 2, 3};
  std::uint64_t last_id = count;
  std::array<std::unique_ptr<scenarios::raftd_process>, count> processes;
  test::failure_watch failed;
};

/// Whether all peers' own states are the same; peers that lag catch up.
bool converge(const peers& all);

/// Lets the clients come to rest, and checks what they saw: all peers agree,
/// the history is linearizable, and what was acknowledged is there, once.
/// @param block See `load::resume`.
/// @returns what clients did.
map_history pause_and_check(const peers& all, load& clients,
                            std::uint64_t block);

} // namespace raft::soak
