// Who may have a large request, because all of them share a bound. Pure.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace raft::redis {

/// Places for connections that hold more of a request than is kept for each.
/// They are given in the order in which they were asked for. Whoever keeps one
/// for too long while others wait can be found out.
class place_list {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Names a connection for good.
  using id = std::uint64_t;

  explicit place_list(std::size_t count) : count_{count} {
    // nop
  }

  /// Has a connection wait for a place, unless it waits or has one.
  void want(id who);

  /// A connection needs no place any more.
  void leave(id who);

  bool has(id who) const {
    return taken_.contains(who);
  }

  bool anyone_waits() const noexcept {
    return !queue_.empty();
  }

  /// Gives the places that are free.
  /// @returns who got one.
  std::vector<id> give(time_point now);

  /// Those that have a place since before a time, if anyone waits for it.
  std::vector<id> kept_since(time_point before) const;

private:
  std::size_t count_;
  std::deque<id> queue_;
  std::map<id, time_point> taken_;
};

} // namespace raft::redis
