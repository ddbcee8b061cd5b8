// Which of its own starts a store remembers.

#pragma once

#include <raft/messages/identity.hpp>
#include <raft/persistence/record.hpp>

#include <cstddef>
#include <vector>

namespace raft::persistence {

/// How many starts a store remembers, beside those that another peer is known
/// to have seen last. It may have seen a later one, if their handshake broke
/// off half-way; were that forgotten, because the process started more often
/// than this while the other peer was away, it would be taken for an older
/// copy.
inline constexpr std::size_t starts_kept = 4096;

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
