// Measures one system, which runs already: fills its keys, puts one load after
// the other on it, and sees whether all is there that was acknowledged.

#pragma once

#include <raft/bench/connection.hpp>
#include <raft/bench/measurement.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace raft::bench {

/// How commands reach a system.
struct protocol {
  /// Connects to a port of this machine.
  std::function<connection_ptr(std::uint16_t port)> connect;

  /// So many clients share a connection.
  std::size_t clients_per_connection = 1;
};

struct measure_options {
  std::string system;
  unsigned round = 1;

  /// Of the servers that get the load; connections take turns on them.
  std::vector<std::uint16_t> ports;

  /// All of its processes.
  std::vector<pid_t> servers;

  /// Where its files are, on the disk whose writes are counted.
  std::filesystem::path data;

  std::uint32_t keys = 100'000;
  std::size_t value_bytes = 256;
  std::vector<operation> operations{operation::set, operation::get};
  std::vector<load_shape> shapes;

  /// Of each load; a fifth of that, but a second at most, comes before it and
  /// is not measured.
  std::chrono::duration<double> length{3};

  std::uint64_t seed = 1;
};

/// @throws std::runtime_error if there are fewer keys than commands at once.
void check_options(const measure_options& options);

/// Calls `f` with each figure, in the order of operations and shapes.
/// @pre `check_options(options)` does not throw.
/// @throws std::runtime_error if a command fails, a `GET` finds something else
/// than the last
///         value that was acknowledged, or a server has ended.
void measure(const measure_options& options, const protocol& with,
             const std::function<void(const measurement&)>& f);

/// A program that does this for its arguments and appends what it finds to a
/// file, a line of JSON each.
/// @returns its exit code: 1 if the system fails, 2 if the arguments are wrong.
int measure_program(int argc, char** argv, const char* name,
                    const protocol& with);

} // namespace raft::bench
