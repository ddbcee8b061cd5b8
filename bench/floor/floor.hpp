// Below what no command of one client can be answered here, whoever serves it:
// the steps that cannot be left out, each on its own.

#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <vector>

namespace raft::bench::floor {

struct floor_options {
  /// Where files are made and removed: on the disk that servers use.
  std::filesystem::path directory;

  /// Of the `SET` that a record of the journal holds.
  std::size_t value_bytes = 256;

  /// Of each of the two; a fifth of that comes before it and is not measured.
  std::chrono::duration<double> length{2};
};

/// In milliseconds, each from one call or send to its end.
using times = std::vector<double>;

/// Three processes, each with a journal of its own as a peer's, commit one
/// `SET` after the other, each at the same time as the others: an append to a
/// file and its sync. Nothing goes over a network.
/// @returns how long commits took, of all three.
/// @pre This process has one thread.
/// @throws std::runtime_error if one of them fails.
times measure_syncs(const floor_options& options);

/// Two processes with a connection as peers have it send a small message to and
/// fro, one at a time. Nothing is written.
/// @returns how long it took from sending to the answer.
/// @pre This process has one thread.
/// @throws std::runtime_error if there is no connection, or no answer.
times measure_round_trips(const floor_options& options);

} // namespace raft::bench::floor
