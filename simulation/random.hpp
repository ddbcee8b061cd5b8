// Numbers drawn from a seed, the same on every platform.

#pragma once

#include <chrono>
#include <cstdint>

namespace raft::simulation {

/// SplitMix64 (Steele, Lea and Flood, 2014).
class random {
public:
  explicit random(std::uint64_t seed) : state_{seed} {
    // nop
  }

  std::uint64_t next() noexcept {
    auto x = state_ += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
  }

  /// @returns a number from 0 to `n - 1`. @pre `n > 0`.
  std::uint64_t below(std::uint64_t n) noexcept {
    return next() % n;
  }

  /// @returns a number from `low` to `high`, both inclusive.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept {
    return low + below(high - low + 1);
  }

  /// Says yes so many times out of a thousand.
  bool per_mille(std::uint64_t chance) noexcept {
    return below(1000) < chance;
  }

  /// @returns a duration from `low` to `high`, both inclusive.
  std::chrono::microseconds between(std::chrono::microseconds low,
                                    std::chrono::microseconds high) noexcept {
    auto span = static_cast<std::uint64_t>((high - low).count());
    return low + std::chrono::microseconds{below(span + 1)};
  }

private:
  std::uint64_t state_;
};

} // namespace raft::simulation
