// Load of clients that wait for their answers: each sends its next commands
// when all of those before are answered, as `redis-benchmark` does.

#pragma once

#include <raft/bench/connection.hpp>
#include <raft/bench/keyspace.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace raft::bench {

enum class operation { set, get };

/// How many clients, and how many commands each sends at once.
struct load_shape {
  std::size_t clients = 1;
  std::size_t pipeline = 1;

  bool operator==(const load_shape&) const = default;
};

struct closed_loop_options {
  operation what = operation::set;

  load_shape shape;

  /// How long new commands are sent, on random keys. None: one command for each
  /// key.
  std::optional<std::chrono::nanoseconds> length;

  /// Without a length: only each so many-th key.
  std::uint32_t stride = 1;

  std::uint64_t seed = 1;

  /// How long to wait for any answer.
  std::chrono::seconds patience{30};
};

struct closed_loop_result {
  /// How long each command took, from the moment when its client sent it, in
  /// milliseconds.
  std::vector<double> took;

  /// From the first command to the last answer.
  double seconds = 0;
};

/// Runs the load in this thread. All commands are answered in the end. Clients
/// share the connections evenly; each has keys of its own, and so has each
/// place in its pipeline.
/// @pre There are connections, and at least as many keys as commands at once.
/// @throws std::runtime_error if a connection fails or ends, a command is
/// refused, no answer
///         comes any more, or a `GET` finds something else than what was
///         acknowledged last.
closed_loop_result run_closed_loop(const std::vector<connection_ptr>& on,
                                   keyspace& keys,
                                   const closed_loop_options& options);

} // namespace raft::bench
