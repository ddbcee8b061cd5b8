// The core's own source of randomness: the same on every machine.

#pragma once

#include <cstdint>

namespace raft::consensus {

/// A small generator (splitmix64, by Sebastiano Vigna, public domain). The
/// distributions of the standard library differ between implementations, and a
/// seed must give the same run everywhere.
class random {
public:
  explicit random(std::uint64_t seed) : state_{seed} {
    // nop
  }

  /// Draws any 64-bit number.
  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// Draws a number from `low` to `high`, both inclusive.
  /// @pre `low <= high`, and they are less than 2^63 apart.
  std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    const auto count = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(next() % count);
  }

private:
  std::uint64_t state_;
};

} // namespace raft::consensus
