// How long connections to other processes may take.

#pragma once

#include <chrono>

namespace raft::links {

/// Timeouts and pauses of a link.
struct link_timing {
  /// How long the TCP connection may take, the name lookup included.
  std::chrono::milliseconds tcp{500};
  /// How long each step may take: the connection with CAF's handshake, and the
  /// answer to `hello`.
  std::chrono::milliseconds connect{1500};
  std::chrono::milliseconds greet{1000};
  /// Pause after the first failure; it doubles up to the maximum. A peer that
  /// comes back after a long time is found within the maximum.
  std::chrono::milliseconds pause_min{50};
  std::chrono::milliseconds pause_max{500};
  /// How long the side that should be connected to waits for the other one
  /// before it connects by itself, and between its attempts.
  std::chrono::milliseconds fallback{5000};
  /// Pause after the other side has refused us.
  std::chrono::milliseconds pause_refused{5000};
  /// Pause after the other side sent what cannot be true; it doubles up to the
  /// maximum, and begins anew when a connection has lasted twice the maximum.
  std::chrono::milliseconds pause_distrusted_min{1000};
  std::chrono::milliseconds pause_distrusted_max{60000};
  /// How often a peer that is kept out says so.
  std::chrono::milliseconds remind{60'000};
};

} // namespace raft::links
