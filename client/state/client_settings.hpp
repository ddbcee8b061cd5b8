// The settings of a client.

#pragma once

#include <raft/base/instant.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace raft::client {

using base::instant;

/// Bounds and patience of one client.
struct client_settings {
  /// How many commands may be without an answer, and how many bytes of them.
  /// More are answered `rejected`, `busy`.
  std::size_t outstanding_max = 4096;
  std::size_t bytes_max = 64 << 20;

  /// How far sequence numbers on the way may be apart. Below the number of
  /// replies that a session keeps, so that no retry finds its reply dropped.
  std::uint64_t window = 1000;

  /// Pause before asking again when nobody leads or the leader is busy; it
  /// doubles up to the maximum.
  std::chrono::milliseconds pause_min{10};
  std::chrono::milliseconds pause_max{200};

  /// How long a peer may be silent before a command that it has is sent again,
  /// perhaps to another one. Doubles up to the maximum each time that the same
  /// peer was silent, and begins anew with any answer of that peer.
  std::chrono::milliseconds answer_timeout_min{1000};
  std::chrono::milliseconds answer_timeout_max{4000};

  /// What a slow link carries in a millisecond. A peer may be silent for as
  /// long as that takes for what it was sent, on top.
  std::size_t bytes_per_ms_min = 500;

  /// How many bytes of commands may be on their way to a peer that is not at
  /// home; a single larger command still goes, alone. What the peer has to say
  /// over the same connection, to us or to others here, waits behind them.
  std::size_t under_way_bytes_max = 4 << 20;
};

/// How long a slow link takes for so much.
inline instant time_for(std::size_t bytes,
                        const client_settings& settings) noexcept {
  return std::chrono::milliseconds{
    static_cast<std::int64_t>(bytes / settings.bytes_per_ms_min)};
}

} // namespace raft::client
