// Majorities.

#pragma once

#include <raft/messages/membership.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <utility>
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

/// The same for members: while there are two sets of voters, it takes a
/// majority of each (thesis, section 4.3).
/// @param reached_by Gives the value of a voter.
template <class F>
auto agreed(const membership& members, F reached_by) {
  const auto of = [&reached_by](const std::vector<peer_id>& voters) {
    std::vector<decltype(reached_by(peer_id{}))> reached;
    reached.reserve(voters.size());
    for (const auto id : voters)
      reached.push_back(reached_by(id));
    return agreed(std::move(reached));
  };
  const auto result = of(members.voters);
  return is_joint(members) ? std::min(result, of(members.outgoing)) : result;
}

} // namespace raft::consensus
