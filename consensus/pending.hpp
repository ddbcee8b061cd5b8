// What a core keeps of what is under way at its disk and its state machine; for
// core.hpp only.

#pragma once

#include <raft/consensus/output.hpp>
#include <raft/consensus/settings.hpp>
#include <raft/messages/persist.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace raft::consensus {

/// An answer that promises what is not durable yet.
struct held_answer {
  message answer;
  /// The log must be durable up to here; the hard state must be in any case.
  log_index index;
};

/// The batch that the shell has and did not report as durable.
struct batch_under_way {
  batch_number number;
  hard_state hard;
  instant since{0};
  /// How far entries are dropped with it; 0 for not at all.
  log_index compacted;
  cluster_id cluster;
  /// What the disk has afterwards, if that is something else.
  std::optional<configurations> members;
  /// Whether there is more in it than what the disk has a reserve for.
  bool needs_space = false;
  /// Whether it resets the log, or tells that a snapshot is installed.
  bool installs = false;
  bool tells_installed = false;
};

/// What an entry takes of the state machine's disk.
struct debt {
  log_index index;
  std::uint64_t bytes = 0;
};

/// Entries that went to the state machine together.
struct piece {
  log_index last;
  std::size_t bytes = 0;
};

} // namespace raft::consensus
