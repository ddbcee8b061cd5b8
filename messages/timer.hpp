// What an actor sends to itself.

#pragma once

#include <cstdint>

namespace raft {

/// Time has come to look at the clock.
struct wake {
  /// Counts the alarms of the sender; an old one is ignored.
  std::uint64_t number = 0;

  friend bool operator==(const wake&, const wake&) = default;
};

/// Work has been collected; do it all at once. It lands behind everything that
/// is already in the mailbox, which so becomes part of the same batch.
struct flush {
  std::uint64_t number = 0;

  friend bool operator==(const flush&, const flush&) = default;
};

} // namespace raft
