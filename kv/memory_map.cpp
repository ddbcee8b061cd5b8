#include <raft/kv/memory_map.hpp>

#include <utility>

namespace raft::kv {

map::~map() {
  // nop
}

void map::prefetch(std::span<const std::string_view>) const {
  // nop
}

std::optional<std::string> map::read(std::string_view key) const {
  auto found = find(key);
  if (!found)
    return std::nullopt;
  return std::string{*found};
}

std::optional<std::string_view> memory_map::find(std::string_view key) const {
  auto i = data_.find(key);
  if (i == data_.end())
    return std::nullopt;
  return i->second;
}

bool memory_map::contains(std::string_view key) const {
  return data_.contains(key);
}

void memory_map::put(std::string_view key, std::string value) {
  value_of(key) = std::move(value);
}

std::size_t memory_map::append(std::string_view key, std::string_view what) {
  auto& value = value_of(key);
  value += what;
  return value.size();
}

bool memory_map::erase(std::string_view key) {
  auto i = data_.find(key);
  if (i == data_.end())
    return false;
  data_.erase(i);
  return true;
}

/// Empty if it is new.
std::string& memory_map::value_of(std::string_view key) {
  auto i = data_.lower_bound(key);
  if (i == data_.end() || i->first != key)
    i = data_.emplace_hint(i, key, std::string{});
  return i->second;
}

std::uint64_t memory_map::count() const {
  return data_.size();
}

void memory_map::visit(std::string_view first, const visitor& f) const {
  for (auto i = data_.lower_bound(first); i != data_.end(); ++i)
    if (!f(i->first, i->second))
      return;
}

} // namespace raft::kv
