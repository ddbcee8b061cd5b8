#include <raft/persistence/store.hpp>
#include <raft/simulation/journal_memory.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace raft::simulation {

namespace {

using persistence::journal_block;

/// Draws for each sector whether it is written.
/// @returns what is there then.
std::string torn_in(const std::string& before, std::string_view data,
                    base::random& random) {
  auto result = before;
  for (std::size_t at = 0; at < data.size(); at += journal_block)
    if (random.below(2) == 0)
      result.replace(at, journal_block, data.substr(at, journal_block));
  // What follows may be no part of the record, which then would be whole.
  auto end = data.find_last_not_of('\0') + 1;
  return std::string_view{result}.substr(0, end) == data.substr(0, end)
         ? before
         : result;
}

} // namespace

bool journal_memory::take(std::uint32_t segment, std::uint64_t end) {
  auto& x = shown_.at(segment);
  std::uint64_t others = 0;
  for (const auto& y : shown_)
    others += &y == &x ? 0 : y.size();
  if (end > limit_ || others + end > disk_bytes)
    return false;
  // Zeros are synced before anybody uses them.
  if (end > x.size())
    x.resize(end);
  return true;
}

void journal_memory::write(persistence::journal_spot spot,
                           std::string_view data) {
  if (before_call)
    before_call(call::write);
  auto& segment = shown_.at(spot.segment);
  unsynced_.push_back({spot, segment.substr(spot.offset, data.size())});
  auto where = std::exchange(stop_, stop::nowhere);
  if (where == stop::in_write) {
    const auto& old = unsynced_.back().data;
    auto left = torn_in(old, data, random_);
    torn_ += left != old ? 1 : 0;
    segment.replace(spot.offset, data.size(), left);
  } else {
    segment.replace(spot.offset, data.size(), data);
  }
  if (where != stop::nowhere)
    throw process_ends{};
}

void journal_memory::sync(std::uint32_t segment) {
  if (before_call)
    before_call(call::sync);
  auto is_synced
    = [=](const before& x) { return x.spot.segment == segment && !x.lost; };
  if (sync_fails) {
    for (auto& x : unsynced_)
      x.lost = x.lost || is_synced(x);
    throw persistence::store_error{persistence::store_errc::write_failed,
                                   "cannot sync"};
  }
  // What was lost is there if it was written once more.
  std::vector<before> written;
  std::ranges::copy_if(unsynced_, std::back_inserter(written), is_synced);
  std::erase_if(unsynced_, [&](const before& x) {
    return is_synced(x) || std::ranges::any_of(written, [&](const before& y) {
             return x.is_within(y);
           });
  });
}

bool journal_memory::cut_power(base::random& random) {
  std::map<std::pair<std::uint32_t, std::uint64_t>, bool> lost;
  // The newest first, so that the oldest has the last word.
  for (auto i = unsynced_.rbegin(); i != unsynced_.rend(); ++i)
    for (std::size_t at = 0; at < i->data.size(); at += journal_block) {
      auto offset = i->spot.offset + at;
      auto [sector, is_new] = lost.try_emplace({i->spot.segment, offset});
      if (is_new)
        sector->second = random.below(2) == 0;
      if (sector->second)
        shown_.at(i->spot.segment)
          .replace(offset, journal_block, i->data, at, journal_block);
    }
  unsynced_.clear();
  return !lost.empty();
}

} // namespace raft::simulation
