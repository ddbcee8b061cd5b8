// Who belongs to a group.

#pragma once

#include <raft/messages/ids.hpp>

#include <vector>

namespace raft {

/// The members of a group and the log index that made them so.
struct membership {
  /// 0 for the members that the group was bootstrapped with.
  log_index index;
  std::vector<peer_id> voters;
  std::vector<peer_id> learners;

  friend bool operator==(const membership&, const membership&) = default;
};

} // namespace raft
