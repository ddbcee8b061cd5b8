// Which of its own starts a store remembers.

#pragma once

#include <raft/messages/identity.hpp>
#include <raft/persistence/record.hpp>

#include <cstddef>
#include <vector>

namespace raft::persistence {

/// How many starts a store remembers, beside those that another peer may have
/// seen last.
inline constexpr std::size_t starts_kept = 256;

/// The starts that a store remembers, with a new one at the end.
/// @param others What it remembers of other peers: the starts that these may
///        have seen last are kept, however old they are.
/// @param restored Whether its files are not those that it was last written to.
///        Then the last start counts as unknown, unless it ended in order: it
///        may have promised something after the copy was made.
start_chain with_new_start(start_chain known,
                           const std::vector<acquaintance>& others,
                           bool restored, start_id fresh);

} // namespace raft::persistence
