// The key-value engine for a node: a state machine that keeps its data on the
// disk. Its commands and replies are those of kv/command.hpp.

#pragma once

#include <raft/machine/snapshot.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/messages/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace raft::kv {

/// How much memory an overlay may take, in bytes. There are two at most, and
/// after a crash in the middle of a checkpoint a third, until its changes are
/// where they belong.
inline constexpr std::size_t overlay_bytes_default = 64 << 20;

struct engine_options {
  /// The peer's data directory; each group's engine gets one of its own in it.
  std::string directory;
  /// Address space to reserve, in bytes; 0 for the default of the store.
  std::uint64_t map_bytes = 0;
  /// How much of its data is expected to stay in memory, as the system's cache
  /// of files, in bytes; 0 for half of the machine's memory. While there is no
  /// more, commands run in the thread of the peer and its connections; then
  /// apart, because reading may wait for the disk.
  std::uint64_t cached_bytes_max = 0;
  /// See `overlay_bytes_default`. From half of it on changes are checkpointed.
  std::size_t overlay_bytes_max = overlay_bytes_default;
};

/// Where the engine of a group keeps its files.
std::string engine_directory(const std::string& data_directory, group_id group);

/// Opens or makes the engine of each group. What it returns throws
/// `persistence::store_error` if that fails.
machine::state_machine_factory engine_factory(engine_options options);

/// What gives an engine of those options the state of a snapshot.
machine::restoration_factory engine_restorations(engine_options options);

} // namespace raft::kv
