// The clocks of the machine.

#pragma once

#include <raft/base/instant.hpp>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <time.h>

namespace raft::base {

/// Time since some origin; never goes backwards. Counts on while the machine is
/// suspended, or a process that slept meanwhile would believe that no time has
/// passed (CLOCK_BOOTTIME). For any thread.
inline instant steady_now() {
  std::timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<instant>(
    std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec});
}

/// Milliseconds since 1970, by a clock that people may set. For any thread.
inline std::uint64_t system_wall_ms() {
  using std::chrono::milliseconds;
  auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
    std::chrono::duration_cast<milliseconds>(since_1970).count());
}

/// Two clocks of a process; tests may bring their own.
struct clocks {
  /// Never goes backwards; any origin.
  std::function<instant()> now = steady_now;
  /// Milliseconds since 1970. The default is the system clock.
  std::function<std::uint64_t()> wall_ms = system_wall_ms;
};

} // namespace raft::base
