// The clocks of the machine.

#pragma once

#include <raft/base/instant.hpp>

#include <chrono>
#include <cstdint>

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

} // namespace raft::base
