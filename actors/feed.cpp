#include <raft/actors/feed.hpp>

#include <algorithm>
#include <cassert>
#include <limits>

namespace raft::actors {

namespace {

std::int64_t clamp(std::uint64_t x) {
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(
    std::min<std::uint64_t>(x, static_cast<std::uint64_t>(max)));
}

} // namespace

feed::feed(std::uint64_t credit_max) : credit_max_{clamp(credit_max)} {
  // nop
}

std::int64_t feed::add_up(std::int64_t balance, std::uint64_t bytes) const {
  auto more = clamp(bytes);
  return balance > credit_max_ - more ? credit_max_ : balance + more;
}

feed::ticket feed::open(log_index from, std::uint64_t credit) {
  assert(from);
  open_.emplace(++last_ticket_, subscription{from, add_up(0, credit), false});
  return last_ticket_;
}

void feed::close(ticket who) {
  open_.erase(who);
}

void feed::grant(ticket who, std::uint64_t bytes) {
  if (auto i = open_.find(who); i != open_.end())
    i->second.credit = add_up(i->second.credit, bytes);
}

std::vector<feed::order> feed::orders(log_index end, std::uint64_t bytes_max) {
  std::vector<order> result;
  for (auto& [who, x] : open_) {
    if (x.ordered || x.credit <= 0 || x.next > end)
      continue;
    x.ordered = true;
    auto credit = static_cast<std::uint64_t>(x.credit);
    result.push_back({who, x.next, end, std::min(credit, bytes_max)});
  }
  return result;
}

bool feed::filled(const order& what, const std::vector<entry>& entries) {
  auto i = open_.find(what.who);
  if (i == open_.end())
    return false;
  auto& x = i->second;
  assert(x.ordered && x.next == what.first && !entries.empty());
  assert(entries.front().index == what.first);
  assert(entries.back().index <= what.last);
  for (const auto& y : entries)
    x.credit -= static_cast<std::int64_t>(cost(y));
  x.next = entries.back().index.next();
  x.ordered = false;
  return true;
}

} // namespace raft::actors
