// What scenarios of the key-value store have in common: rounds of clients that
// go on until they are told to stop.

#pragma once

#include <raft/scenarios/test_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace raft::scenarios {

/// How long a client that was told to stop may take for its last command.
inline constexpr std::chrono::seconds client_end_max{60};

/// What the scenario with everything that can be switched on is made of.
struct kv_options {
  std::size_t clients = 1;
  bool restarts = false;
  bool partitions = false;
  bool random_keys = false;
  /// How many bytes of entries the log of each peer may have after a round; 0:
  /// any number.
  std::uint64_t log_bytes_max = 0;
};

/// What a client writes the n-th time.
std::string word(std::size_t client, std::size_t number);

/// Three times: clients write and read for five seconds, then what they wrote
/// is looked at.
void run_rounds(test_context& x, const kv_options& options);

/// A thousand appends of one client, which must not take too long.
void run_thousand_appends(test_context& x);

} // namespace raft::scenarios
