// Majorities.

#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <vector>

namespace raft::consensus {

/// How many of `voters` make a majority.
constexpr std::size_t majority(std::size_t voters) noexcept {
  return voters / 2 + 1;
}

/// The highest value that a majority has reached: an index or a moment.
/// @param reached One value per voter, in any order, not empty.
template <class T>
T agreed(std::vector<T> reached) {
  assert(!reached.empty());
  // As many values as a majority needs are at least the one in this place.
  const auto place = reached.size() - majority(reached.size());
  const auto it = reached.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(reached.begin(), it, reached.end());
  return *it;
}

} // namespace raft::consensus
