// The clocks of the machine.

#pragma once

#include <raft/base/instant.hpp>

#include <chrono>
#include <cstdint>
#include <functional>

namespace raft::base {

/// Time since some origin; never goes backwards. For any thread.
inline instant steady_now() {
  return std::chrono::duration_cast<instant>(
    std::chrono::steady_clock::now().time_since_epoch());
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
  /// Never goes backwards; any origin. The default is the steady clock.
  std::function<instant()> now = steady_now;
  /// Milliseconds since 1970. The default is the system clock.
  std::function<std::uint64_t()> wall_ms = system_wall_ms;
};

} // namespace raft::base
