// Whether a simulated cluster could serve, as far as its environment goes.

#include <raft/consensus/quorum.hpp>
#include <raft/simulation/cluster.hpp>

#include <algorithm>

namespace raft::simulation {

namespace {

constexpr std::uint64_t number_of(const disk_profile& x) {
  return static_cast<std::uint64_t>(x.delay_max.count()) * 8
       + static_cast<std::uint64_t>(x.now);
}

} // namespace

bool cluster::is_able(peer_id who) const {
  const auto& x = around(who);
  return acts(who) && !x.wiped && !x.stuck
      && x.disk.now == disk_profile::mode::works
      && x.data_disk.now == disk_profile::mode::works;
}

bool cluster::has_way(peer_id from, peer_id to) const {
  return !network_.is_cut(from.value, to.value) && !broken_.contains({from, to})
      && !stalled_.contains({from, to}) && around(from).links.contains(to);
}

bool cluster::has_usual_network() const {
  const auto& now = network_.profile();
  const auto& usual = options_.network;
  constexpr duration always = std::chrono::milliseconds{5};
  return now.requests_lost <= usual.requests_lost
      && now.replies_lost <= usual.replies_lost
      && now.request_delay_max <= std::max(usual.request_delay_max, always)
      && now.reply_delay_max <= std::max(usual.reply_delay_max, always)
      && (now.bytes_per_second == 0
          || now.bytes_per_second == usual.bytes_per_second);
}

bool cluster::left_out(peer_id who) const {
  return !state(who).leader
      && std::ranges::any_of(around(who).turned_away, [](const auto& x) {
           return x.second == exclusion::other_third;
         });
}

std::vector<peer_id> cluster::able_majority() const {
  if (!has_usual_network())
    return {};
  // Whoever leads may know of any of them, so it takes a majority of each.
  const auto configurations = in_force();
  std::set<peer_id> all;
  for (const auto& x : configurations)
    for (auto who : members_of(x))
      all.insert(who);
  std::vector<peer_id> best;
  for (std::uint64_t bits = 1; bits < std::uint64_t{1} << size(); ++bits) {
    std::vector<peer_id> some;
    for (auto who : ids())
      if ((bits >> (who.value - 1)) & 1)
        some.push_back(who);
    const auto decide = [&some](const membership& x) {
      return consensus::agreed(x,
                               [&](peer_id who) { return is_in(some, who); });
    };
    const auto is_one = [&all](peer_id x) { return all.contains(x); };
    const auto fits = [&](peer_id x) {
      return is_able(x) && std::ranges::all_of(some, [&](peer_id y) {
               return x == y || has_way(x, y);
             });
    };
    if (some.size() > best.size() && std::ranges::all_of(configurations, decide)
        && std::ranges::all_of(some, is_one) && std::ranges::all_of(some, fits))
      best = some;
  }
  return best;
}

std::uint64_t cluster::context_hash() const {
  std::uint64_t result = 14695981039346656037U;
  const auto mix
    = [&result](std::uint64_t x) { result = (result ^ x) * 1099511628211U; };
  for (auto who : ids()) {
    const auto& x = around(who);
    mix(x.process * 8 + (acts(who) ? 4 : 0) + (x.stuck ? 2 : 0)
        + (x.wiped ? 1 : 0));
    mix(number_of(x.disk));
    mix(number_of(x.data_disk));
    mix(static_cast<std::uint64_t>(x.clock.drift()));
    for (auto other : ids())
      if (who != other)
        mix(has_way(who, other) ? 1 : 0);
  }
  if (options_.spares > 0)
    for (const auto& x : in_force())
      mix(x.index.value);
  const auto& profile = network_.profile();
  mix(profile.requests_lost);
  mix(profile.doubled);
  mix(profile.replays);
  mix(profile.bytes_per_second);
  mix(static_cast<std::uint64_t>(profile.request_delay_max.count()));
  return result;
}

} // namespace raft::simulation
