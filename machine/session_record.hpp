// The bytes in which client sessions are kept on the disk.

#pragma once

#include <raft/messages/bytes.hpp>
#include <raft/messages/ids.hpp>
#include <raft/messages/machine.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

namespace raft::machine {

using raft::session_record;

/// What is known of one session.
struct session_state {
  log_index last_used;
  std::uint64_t last_used_ms = 0;
  std::uint64_t low_water = 1;
  std::map<std::uint64_t, bytes> replies;
  /// Commands that were applied and whose replies are gone.
  std::set<std::uint64_t> without_reply;

  friend bool operator==(const session_state&, const session_state&) = default;
};

bytes encode(const session_state& x);

/// How many bytes that makes.
/// @param reply_bytes How many there are in all replies.
std::size_t encoded_size(const session_state& x, std::size_t reply_bytes);

/// @returns nothing if the bytes are not exactly one session.
std::optional<session_state> decode_session(const bytes& x);

inline constexpr std::size_t clock_bytes = 9;

/// The clock: the latest time in any entry, in milliseconds.
bytes encode_clock(std::uint64_t now_ms);

/// @returns nothing if the bytes are not exactly one clock.
std::optional<std::uint64_t> decode_clock(const bytes& x);

} // namespace raft::machine
