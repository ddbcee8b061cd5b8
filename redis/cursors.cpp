#include <raft/redis/cursors.hpp>

#include <utility>

namespace raft::redis {

cursor_table::cursor_table(std::uint64_t first, std::size_t cursors_max,
                           std::size_t bytes_max)
  : next_{first}, cursors_max_{cursors_max}, bytes_max_{bytes_max} {
  // nop
}

std::uint64_t cursor_table::remember(std::string key, std::uint64_t previous) {
  auto cursor = next_++;
  bytes_ += key.size();
  places_.emplace(cursor, place{std::move(key), previous});
  while (places_.size() > cursors_max_
         || (bytes_ > bytes_max_ && places_.size() > 1))
    forget(places_.begin());
  return cursor;
}

const std::string* cursor_table::find(std::uint64_t cursor) {
  auto i = places_.find(cursor);
  if (i == places_.end())
    return nullptr;
  if (auto j = places_.find(i->second.previous); j != places_.end())
    forget(j);
  return &i->second.key;
}

void cursor_table::forget(std::map<std::uint64_t, place>::iterator i) {
  bytes_ -= i->second.key.size();
  places_.erase(i);
}

} // namespace raft::redis
