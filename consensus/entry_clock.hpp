// The times of entries: a clock that all leaders of a group drive, one after
// the other, and that a single wrong wall clock cannot move.

#pragma once

#include <raft/consensus/settings.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace raft::consensus {

/// Sessions expire by the times of entries (thesis, section 6.3), so these must
/// not run ahead of what passed, whatever a wall clock shows. A new entry's
/// time is that of the entry before it, and what has passed since this peer got
/// that one, by its monotonic clock. The wall clock decides only whether it is
/// an eighth more or less. So, along the log, and with clocks that run right:
///
/// - times never go backwards;
/// - between two entries, they advance by at most nine eighths of what passed
///   between the moments at which they were appended;
/// - they go on whatever wall clocks show, and come nearer to those that are
///   right.
///
/// What passes while no peer runs, or until a new leader's first entry, may not
/// count. The very first entry has the time of a wall clock.
class entry_clock {
public:
  /// @param last_ms Time of the last entry in the log, in milliseconds since
  ///        1970; 0 if there is none.
  /// @param now By the monotonic clock.
  entry_clock(std::uint64_t last_ms, instant now) noexcept {
    follow(last_ms, now);
  }

  /// Another leader's entry is now the last one of the log.
  void follow(std::uint64_t last_ms, instant now) noexcept {
    us_ = to_us(last_ms);
    at_ = now;
  }

  /// @param wall_ms The wall clock, in milliseconds since 1970; 0 if nobody
  ///        looked.
  /// @param now Not before that of an earlier call.
  /// @returns the time of the entry that is now appended, in milliseconds since
  ///          1970.
  std::uint64_t tick(std::uint64_t wall_ms, instant now) noexcept {
    const auto passed
      = us_ > 0 ? static_cast<std::uint64_t>((now - at_).count()) : 0;
    const auto wall = to_us(wall_ms);
    us_ = us_ > 0 ? std::clamp(wall, plus(us_, passed - passed / 8),
                               plus(us_, passed + passed / 8))
                  : wall;
    at_ = now;
    return us_ / 1000;
  }

private:
  static constexpr auto most = std::numeric_limits<std::uint64_t>::max();

  static std::uint64_t to_us(std::uint64_t ms) noexcept {
    return ms > most / 1000 ? most : ms * 1000;
  }

  static std::uint64_t plus(std::uint64_t x, std::uint64_t y) noexcept {
    return x > most - y ? most : x + y;
  }

  /// In microseconds, so that what is below a millisecond adds up.
  std::uint64_t us_ = 0;
  instant at_{0};
};

} // namespace raft::consensus
