// Majorities.

#pragma once

#include <raft/messages/ids.hpp>

#include <cstddef>
#include <vector>

namespace raft::consensus {

/// How many of `voters` make a majority.
constexpr std::size_t majority(std::size_t voters) noexcept {
  return voters / 2 + 1;
}

/// The highest index that a majority has reached.
/// @param reached One index per voter, in any order, not empty.
log_index agreed(std::vector<log_index> reached);

} // namespace raft::consensus
