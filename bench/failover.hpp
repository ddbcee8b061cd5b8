// How long nobody is served when a server is killed.

#pragma once

#include <raft/bench/connection.hpp>
#include <raft/bench/measure.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace raft::bench {

struct failover_options {
  /// Of the servers that stay; each has a client.
  std::vector<std::uint16_t> ports;

  /// Kills the other one, which leads, or asks it to stop.
  std::function<void()> kill;

  /// What counts: 0, how long it takes until all clients are served again; else
  /// the longest time within this that a client waited for the next answer, for
  /// a server that may serve on for some time.
  std::chrono::milliseconds watch{0};

  /// How many commands each client sends in a second, whether or not those
  /// before are answered: one that the dead leader took with it must not hold
  /// up the rest.
  double per_second = 200;

  /// How long they are served before.
  std::chrono::milliseconds before{1000};

  std::size_t value_bytes = 256;

  std::chrono::seconds patience{30};
};

/// A client whose connection fails, or whose command is refused, connects
/// again.
/// @returns from the kill until each of the clients has had an answer to a
///          command that it sent after it; or as `watch` says.
/// @throws std::runtime_error if they are not served before the kill, or not
///         within `patience` after it.
std::chrono::duration<double, std::milli>
run_failover(const failover_options& options, const protocol& with);

/// A program that does this for its arguments and prints how long it took, in
/// milliseconds.
/// @returns its exit code, as `measure_program`.
int failover_program(int argc, char** argv, const char* name,
                     const protocol& with);

/// `failover_program` if the first argument is `failover`, else
/// `measure_program`.
int compare_program(int argc, char** argv, const char* name,
                    const protocol& with);

} // namespace raft::bench
