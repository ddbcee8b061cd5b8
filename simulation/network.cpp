#include <raft/simulation/network.hpp>

#include <algorithm>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

void count(traffic& where, const parcel& x) {
  ++where.messages;
  where.bytes += x.bytes;
  where.exchanges += x.is_request ? 1 : 0;
}

} // namespace

network_profile perfect_network() {
  network_profile result;
  result.request_delay_max = duration{0};
  result.reply_delay_max = duration{0};
  return result;
}

network_profile unreliable_network(bool long_reordering) {
  network_profile result;
  result.request_delay_max = milliseconds{26};
  result.reply_delay_max = duration{0};
  result.requests_lost = 100;
  result.replies_lost = 100;
  result.replies_late = long_reordering ? 667 : 0;
  return result;
}

network::network(const network_profile& profile, std::uint64_t seed)
  : profile_{profile}, random_{seed} {
  // nop
}

void network::set_profile(const network_profile& x) {
  // What is sent from now on does not wait behind what went over slow links.
  if (x.bytes_per_second != profile_.bytes_per_second) {
    free_at_.clear();
    last_arrival_.clear();
  }
  profile_ = x;
}

std::vector<instant> network::send(const parcel& x, instant now) {
  count(total_, x);
  count(by_sender_[x.from], x);
  auto lost = random_.per_mille(x.is_request ? profile_.requests_lost
                                             : profile_.replies_lost);
  if (lost || is_cut(x.from, x.to))
    return {};
  const auto left = departure(x, now);
  if (!left)
    return {};
  std::vector<instant> result{arrival(x, *left)};
  if (random_.per_mille(profile_.doubled))
    result.push_back(arrival(x, *left));
  return result;
}

std::optional<instant> network::departure(const parcel& x, instant now) {
  if (profile_.bytes_per_second == 0)
    return now;
  constexpr std::uint64_t microseconds_per_second = 1'000'000;
  auto& free = free_at_[{x.from, x.to}];
  free = std::max(free, now);
  if (free - now > seconds{3})
    return std::nullopt;
  free += duration{static_cast<std::int64_t>(x.bytes * microseconds_per_second
                                             / profile_.bytes_per_second)};
  return free;
}

void network::clear_queues(address who) {
  std::erase_if(free_at_, [who](const auto& x) {
    return x.first.first == who || x.first.second == who;
  });
}

instant network::arrival(const parcel& x, instant now) {
  auto when = now
            + (x.is_request ? random_.between(profile_.request_delay_min,
                                              profile_.request_delay_max)
                            : random_.between(profile_.reply_delay_min,
                                              profile_.reply_delay_max));
  if (!x.is_request && random_.per_mille(profile_.replies_late)) {
    auto spread = random_.between(duration{0}, profile_.late_spread);
    when += profile_.late_min + random_.between(duration{0}, spread);
  }
  if (random_.per_mille(profile_.very_late))
    when += random_.between(milliseconds{0}, seconds{2});
  if (auto farther = distance(x.from) + distance(x.to); farther.count() > 0)
    when += random_.between(duration{0}, farther);
  auto& last = last_arrival_[{x.from, x.to}];
  if (profile_.in_order)
    when = std::max(when, last);
  last = std::max(when, last);
  return when;
}

duration network::distance(address x) const {
  auto i = distances_.find(x);
  return i == distances_.end() ? duration{0} : i->second;
}

traffic network::sent_by(address x) const {
  auto i = by_sender_.find(x);
  return i == by_sender_.end() ? traffic{} : i->second;
}

} // namespace raft::simulation
