#include <raft/redis/places.hpp>

#include <algorithm>

namespace raft::redis {

void place_list::want(id who) {
  if (!has(who) && std::find(queue_.begin(), queue_.end(), who) == queue_.end())
    queue_.push_back(who);
}

void place_list::leave(id who) {
  if (taken_.erase(who) == 0)
    std::erase(queue_, who);
}

std::vector<place_list::id> place_list::give(time_point now) {
  std::vector<id> result;
  for (; !queue_.empty() && taken_.size() < count_; queue_.pop_front()) {
    taken_.emplace(queue_.front(), now);
    result.push_back(queue_.front());
  }
  return result;
}

std::vector<place_list::id> place_list::kept_since(time_point before) const {
  std::vector<id> result;
  if (!queue_.empty())
    for (const auto& [who, since] : taken_)
      if (since < before)
        result.push_back(who);
  return result;
}

} // namespace raft::redis
