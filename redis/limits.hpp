// What a Redis client may cost.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace raft::redis {

/// What a request may cost before the client is turned away.
struct request_limits {
  /// Arguments of one request, its name included; Redis's own bound.
  std::size_t arguments_max = 1 << 20;
  /// Bytes of one argument.
  std::size_t bulk_bytes_max = 8 << 20;
  /// Bytes of one request as it comes over the wire.
  std::size_t request_bytes_max = 10 << 20;
  /// Bytes of a request on one line, and of each line in other requests;
  /// Redis's own bound.
  std::size_t line_bytes_max = 64 << 10;
};

/// How much memory an unfinished request takes, in bytes, at most: its bytes,
/// what was read behind its end, and the places of its arguments.
constexpr std::size_t request_memory_max(const request_limits& x) {
  return x.request_bytes_max + x.line_bytes_max
       + sizeof(std::uint64_t) * x.arguments_max;
}

/// What one client may cost.
struct connection_limits {
  request_limits requests = {};
  /// Requests whose reply is not yet written, and the bytes that they hold:
  /// commands that are not yet on their way, replies that wait for earlier
  /// ones. Past a bound nothing more is read until there is room.
  std::size_t waiting_max = 1024;
  std::size_t waiting_bytes_max = 1 << 20;
  /// A command that could not be sent for so long is answered with an error,
  /// having no effect. Once sent, it has as long again.
  std::chrono::milliseconds deadline{5000};
};

} // namespace raft::redis
