// Numbers drawn from a seed, the same on every machine.

#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace raft::base {

/// A small generator: SplitMix64 (Steele, Lea and Flood, 2014). The
/// distributions of the standard library differ between implementations, and a
/// seed must give the same run everywhere.
class random {
public:
  explicit random(std::uint64_t seed) : state_{seed} {
    // nop
  }

  /// Draws any 64-bit number.
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
  /// @pre `low <= high`, and they are less than 2^64 - 1 apart.
  template <std::integral Low, std::integral High>
  std::common_type_t<Low, High> between(Low low, High high) noexcept {
    using number = std::common_type_t<Low, High>;
    const auto first = static_cast<std::uint64_t>(low);
    const auto count = static_cast<std::uint64_t>(high) - first + 1;
    return static_cast<number>(first + below(count));
  }

  /// @returns a duration from `low` to `high`, both inclusive.
  std::chrono::microseconds between(std::chrono::microseconds low,
                                    std::chrono::microseconds high) noexcept {
    return std::chrono::microseconds{between(low.count(), high.count())};
  }

  /// Says yes so many times out of a thousand.
  bool per_mille(std::uint64_t chance) noexcept {
    return below(1000) < chance;
  }

private:
  std::uint64_t state_;
};

} // namespace raft::base
