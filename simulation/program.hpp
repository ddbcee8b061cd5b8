// What a client of a simulated cluster does, and what it saw.

#pragma once

#include <raft/base/random.hpp>
#include <raft/messages/client.hpp>
#include <raft/simulation/event_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace raft::simulation {

using base::random;

/// One command of a client, and what it saw of it.
struct client_operation {
  /// From 1.
  std::uint64_t client = 0;
  bytes command;
  instant asked{0};
  /// Nothing while there is no answer.
  std::optional<instant> answered;
  /// What the answer was. `rejected` had surely no effect; `unknown` may have
  /// one later.
  executed result;
};

/// What a program knows when it chooses its next command.
struct program_context {
  /// From 1.
  std::uint64_t client = 0;
  /// How many commands came before.
  std::uint64_t number = 0;
  /// The one before, with its answer; null at first.
  const client_operation* last = nullptr;
  random& source;
};

/// Bytes as people can read them, in quotes: what is no printable ASCII as
/// \xHH, and of more than `bytes_max` only the first.
std::string readable(const bytes& x, std::size_t bytes_max = 60);

/// A command and, if there is one, the reply to it: "'inc' -> '3'".
std::string readable(const client_operation& x);

/// Names the next command of a client that waits for each answer before it
/// goes on. Nothing ends the program.
using client_program
  = std::function<std::optional<bytes>(const program_context&)>;

} // namespace raft::simulation
