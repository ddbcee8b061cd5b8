// What the number in a `flush` to an applier says.

#pragma once

#include <cstdint>

namespace raft::actors {

/// An alarm rang: checkpoint what has changed, however little it is.
inline constexpr std::uint64_t flush_on_alarm = 0;

/// Go on with queries that take long.
inline constexpr std::uint64_t flush_goes_on = 1;

/// A checkpoint has had its time, after `stop`.
inline constexpr std::uint64_t flush_gives_up = 2;

/// From the peer: checkpoint what has changed now. The log's disk is full, and
/// what is checkpointed, the log need not keep.
inline constexpr std::uint64_t flush_for_room = 3;

} // namespace raft::actors
