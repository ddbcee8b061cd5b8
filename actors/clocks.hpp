// What a peer reads the time from.

#pragma once

#include <raft/base/clock.hpp>

#include <cstdint>
#include <functional>

namespace raft::actors {

/// Two clocks; tests may bring their own. Both are called in the peer's
/// context.
struct clocks {
  /// Never goes backwards; any origin. The default is the steady clock.
  std::function<base::instant()> now = base::steady_now;
  /// Milliseconds since 1970. The default is the system clock.
  std::function<std::uint64_t()> wall_ms = base::system_wall_ms;
};

} // namespace raft::actors
