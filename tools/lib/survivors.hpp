// What directories of peers hold, and which of them holds the most: for when
// most of their machines are lost for good.

#pragma once

#include <raft/messages/persist.hpp>
#include <raft/persistence/store.hpp>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace raft::tools {

/// The group whose members these are: raftd has no other.
inline constexpr group_id group_of_raftd{1};

/// What is there of one peer.
struct survivor {
  std::string directory;
  persistence::store_identity identity;
  durable_state log;
  /// What the store was founded from, see `persistence::origin_of`.
  std::uint64_t origin = 0;
  /// Up to here entries are known to be committed: their effects are on the
  /// state machine's disk, or they were dropped from the log.
  log_index committed;
  /// When a file was written last, in milliseconds since 1970.
  std::uint64_t written_ms = 0;
  /// Whether a process has it.
  bool in_use = false;
  /// Why nobody can go on with it; empty if somebody can.
  std::string unusable;
};

/// Looks at a directory, and changes nothing. What cannot be read is
/// `unusable`.
survivor look_at_survivor(const std::string& directory);

void show(const survivor& x, std::ostream& out);

/// The one with the most: that which others would have elected (paper, section
/// 5.4.1). Null if none can be used.
const survivor* best_of(const std::vector<survivor>& all);

/// Says why these are not of one cluster; empty if they are, as far as one can
/// tell.
std::string contradiction_in(const std::vector<survivor>& all);

/// What is lost, or may be, if one of them goes on alone, in words.
std::string losses_of(const survivor& chosen, const survivor& best);

} // namespace raft::tools
