// How the links to others are, for whoever wants to know, in any thread.

#pragma once

#include <raft/messages/ids.hpp>

#include <map>
#include <mutex>
#include <string>

namespace raft::links {

/// Written by the links, read by those who speak of them.
class link_board {
public:
  void up(peer_id who) {
    std::lock_guard guard{mutex_};
    down_.erase(who);
  }

  /// @param why In words; the last ones count.
  void down(peer_id who, const std::string& why) {
    std::lock_guard guard{mutex_};
    down_[who] = why;
  }

  /// What stands in the way of those that are down.
  std::map<peer_id, std::string> all_down() const {
    std::lock_guard guard{mutex_};
    return down_;
  }

private:
  mutable std::mutex mutex_;
  std::map<peer_id, std::string> down_;
};

} // namespace raft::links
