// Load that comes at fixed moments, whether or not what came before has been
// answered: what a server with many independent clients sees.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace raft::bench {

struct open_loop_options {
  /// Where a Redis port listens on this machine.
  std::uint16_t port = 6379;

  /// Commands take turns on them.
  std::size_t connections = 16;

  /// How many commands are due in a second, at equal distances.
  double per_second = 1000;

  std::chrono::seconds length{20};

  /// Size of the values that `SET` gets.
  std::size_t value_bytes = 1024;

  /// How many keys there are to choose from, at random.
  std::uint32_t keys = 200'000;

  std::uint64_t seed = 1;

  /// How long to wait, once all commands are sent, for an answer to any of
  /// them.
  std::chrono::seconds patience{60};
};

/// Runs the load in this thread.
/// @returns how long each command took, in milliseconds, in the order in which
///          they were due. Counts from the moment when it was due: a client
///          that waits for its turn behind a slow command waits, too.
/// @throws std::runtime_error if a connection fails or ends, a command is
///         refused, or no answer comes any more.
std::vector<double> run_open_loop(const open_loop_options& options);

/// The smallest of some numbers that at least this share of them does not
/// exceed ("nearest rank").
/// @pre `!of.empty()` and `0 < share <= 1`.
double quantile(std::vector<double> of, double share);

} // namespace raft::bench
