#include <raft/redis/outbox.hpp>

#include <utility>

namespace raft::redis {

namespace {

/// Replies that are smaller share a part, in bytes.
constexpr std::size_t part_bytes = 16 << 10;

} // namespace

void outbox::add(std::string& data) {
  size_ += data.size();
  if (!parts_.empty() && parts_.back().size() + data.size() <= part_bytes)
    parts_.back() += data;
  else if (data.size() > part_bytes)
    parts_.push_back(std::exchange(data, {}));
  else if (!data.empty())
    parts_.emplace_back(data);
  data.clear();
}

std::string_view outbox::front(std::size_t size_max) const {
  if (parts_.empty())
    return {};
  return std::string_view{parts_.front()}.substr(begin_, size_max);
}

void outbox::pop(std::size_t size) {
  begin_ += size;
  size_ -= size;
  if (!parts_.empty() && begin_ == parts_.front().size()) {
    parts_.pop_front();
    begin_ = 0;
  }
}

void outbox::clear() {
  std::deque<std::string>{}.swap(parts_);
  begin_ = size_ = 0;
}

} // namespace raft::redis
