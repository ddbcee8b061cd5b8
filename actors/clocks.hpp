// What a peer reads the time from.

#pragma once

#include <raft/consensus/settings.hpp>

#include <cstdint>
#include <functional>

namespace raft::actors {

/// Two clocks; tests may bring their own. Both are called in the peer's
/// context.
struct clocks {
  /// Never goes backwards; any origin. The default is the steady clock.
  std::function<consensus::instant()> now = steady_now;
  /// Milliseconds since 1970. The default is the system clock.
  std::function<std::uint64_t()> wall_ms = system_wall_ms;

  static consensus::instant steady_now();
  static std::uint64_t system_wall_ms();
};

} // namespace raft::actors
