// Large histories of true executions, and of some that break a promise, from
// a seed.

#pragma once

#include <raft/checker/models.hpp>

#include <cstdint>

namespace raft::checker::test {

/// What goes wrong, once.
enum class mishap : std::uint8_t {
  nothing,
  /// A read answers what was overwritten before it began.
  stale_read,
  /// A write is acknowledged and has no effect.
  lost_write,
  /// An append takes effect twice.
  doubled_append,
};

struct large_history_options {
  std::uint64_t seed = 1;
  std::size_t operations = 10'000;
  std::uint64_t clients = 50;
  std::uint64_t keys = 20;
  /// How many values there are; 0: each is written once.
  std::uint64_t values = 0;
  std::uint64_t unknown_per_mille = 0;
  mishap what = mishap::nothing;
  /// From which operation on it may go wrong.
  std::size_t when = 0;
};

/// Clients that read, write and sometimes compare and set one register.
history<register_model> large_register(const large_history_options& x);

/// Clients that get, put, append, delete and compare and set some keys.
history<map_model> large_map(const large_history_options& x);

/// Clients that append to some keys, and get them.
history<map_model> large_appends(const large_history_options& x);

} // namespace raft::checker::test
