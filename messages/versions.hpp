// Which versions of the conversation between processes there are, and how
// messages grow from one to the next.

#pragma once

#include <raft/messages/fields.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace raft {

/// The newest version of the messages between processes that we speak. Goes up
/// when there are messages, or fields, that a peer of the version before does
/// not know.
inline constexpr std::uint32_t protocol_version = 6;

/// The oldest one. Goes up when we cannot do without what came later: releases
/// that speak only older versions are then refused.
inline constexpr std::uint32_t protocol_version_min = 3;

/// From when on peers send each other snapshots, and give them to clients.
inline constexpr std::uint32_t snapshots_since_version = 5;

/// From when on peers know of other members than those that founded the group.
inline constexpr std::uint32_t changes_since_version = 5;

/// From when on members agree, by an entry of the log, that they all speak a
/// version (`membership::level`).
inline constexpr std::uint32_t levels_since_version = 6;

/// The versions that a process speaks.
struct version_range {
  std::uint32_t lowest = protocol_version_min;
  std::uint32_t highest = protocol_version;

  constexpr bool includes(std::uint32_t x) const noexcept {
    return lowest <= x && x <= highest;
  }

  /// The one that is nearest to `x`.
  constexpr std::uint32_t nearest(std::uint32_t x) const noexcept {
    return std::clamp(x, lowest, highest);
  }

  friend bool operator==(const version_range&, const version_range&) = default;
};

/// How many fields a message had in the oldest version that we speak. Those
/// that came later, at its end, are its tail: who does not know them skips
/// them, and where they do not come they have the values that they are declared
/// with, which must mean what the older version meant.
///
/// Only for messages that travel alone: whatever follows in the same bytes,
/// such as another element of a list or a handle, would be taken for the tail.
template <class T>
inline constexpr std::size_t fields_at_first = field_count<T>;

} // namespace raft
