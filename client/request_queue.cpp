#include <raft/client/request_queue.hpp>

#include <utility>

namespace raft::client {

bool request_queue::put(item x) {
  std::lock_guard guard{mutex_};
  items_.push_back(std::move(x));
  return items_.size() == 1;
}

std::vector<request_queue::item> request_queue::take() {
  std::lock_guard guard{mutex_};
  return std::exchange(items_, {});
}

} // namespace raft::client
