#include <raft/redis/outbox.hpp>

#include <utility>

namespace raft::redis {

namespace {

/// Replies that are smaller share a part, in bytes.
constexpr std::size_t part_bytes = 16 << 10;

} // namespace

void outbox::add(std::string& data) {
  size_ += data.size();
  if (!parts_.empty() && parts_.back().source.empty()
      && parts_.back().own.size() + data.size() <= part_bytes)
    parts_.back().own += data;
  else if (data.size() > part_bytes)
    parts_.emplace_back().own.swap(data);
  else if (!data.empty())
    parts_.push_back({data, {}, {}});
  data.clear();
}

void outbox::add(const bytes& source, std::string_view what) {
  if (what.empty())
    return;
  size_ += what.size();
  parts_.push_back({{}, what, source});
}

void outbox::add(outbox& other) {
  while (!other.parts_.empty()) {
    auto& x = other.parts_.front();
    auto begin = std::exchange(other.begin_, 0);
    if (!x.source.empty()) {
      add(x.source, x.shared.substr(begin));
    } else {
      x.own.erase(0, begin);
      add(x.own);
    }
    other.parts_.pop_front();
  }
  other.clear();
}

std::string_view outbox::front(std::size_t size_max) const {
  if (parts_.empty())
    return {};
  return parts_.front().view().substr(begin_, size_max);
}

void outbox::pop(std::size_t size) {
  begin_ += size;
  size_ -= size;
  if (!parts_.empty() && begin_ == parts_.front().view().size()) {
    parts_.pop_front();
    begin_ = 0;
  }
}

void outbox::clear() {
  std::deque<part>{}.swap(parts_);
  begin_ = size_ = 0;
}

} // namespace raft::redis
