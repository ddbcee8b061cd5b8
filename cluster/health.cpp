#include <raft/cluster/health.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace raft::cluster {

using std::chrono::duration_cast;
using std::chrono::seconds;

instant health::watched::stands_for(log_index now_value, bool waits,
                                    instant now) {
  if (!waits || now_value != value)
    since = now;
  value = now_value;
  return now - since;
}

health::health(std::vector<member> members, std::uint64_t kept_max,
               const health_timing& timing)
  : members_{std::move(members)}, kept_max_{kept_max}, timing_{timing} {
  // nop
}

std::vector<events::event> health::observe(instant now, const peer_view& x) {
  return tell(now, find(now, x));
}

std::vector<events::event> health::observe_silence(instant now) {
  return tell(now, {events::silent{}});
}

health::findings health::find(instant now, const peer_view& x) {
  const auto& state = x.state;
  auto leads = state.role == peer_role::leader;
  findings result;
  auto stuck = [&](watched& what, log_index at, bool waits) {
    return what.stands_for(at, waits, now) >= timing_.first;
  };
  if (stuck(applied_, state.applied, state.applied < state.commit))
    result.push_back(events::machine_stuck{state.applied.next(),
                                           state.commit - state.applied});
  if (stuck(commit_, state.commit, leads && state.commit < state.last))
    result.push_back(
      events::commit_stuck{state.commit.next(), state.members.size()});
  if (x.disk_full)
    result.push_back(events::disk_full{});
  if (stuck(durable_, state.durable,
            state.durable < state.last && !x.disk_full))
    result.push_back(events::disk_stuck{state.durable.next()});
  if (auto kept = kept_for(state))
    result.push_back(*kept);
  if (!leads && !state.leader)
    result.push_back(no_leader(x));
  if (x.machine_full)
    result.push_back(events::machine_full{});
  return result;
}

events::no_leader health::no_leader(const peer_view& x) const {
  events::no_leader result{
    x.state.members.size(), x.state.kept_out, 1 + members_.size(), {}};
  for (const auto& other : members_)
    if (auto i = x.links_down.find(other.id); i != x.links_down.end())
      result.gaps.push_back({{other.id, to_text(other.where)}, i->second});
  result.reached -= result.gaps.size();
  return result;
}

std::optional<events::log_kept> health::kept_for(const peer_state& x) const {
  if (x.role != peer_role::leader || x.log_bytes <= kept_max_)
    return std::nullopt;
  const peer_progress* last = nullptr;
  for (const auto& y : x.others)
    if (last == nullptr || y.match < last->match)
      last = &y;
  if (last == nullptr || last->match >= x.commit)
    return std::nullopt;
  return events::log_kept{x.first, x.log_bytes, *last};
}

std::vector<events::event> health::tell(instant now, const findings& found) {
  std::vector<events::event> result;
  std::set<std::size_t> kinds;
  for (const auto& what : found) {
    kinds.insert(what.index());
    auto [i, is_new] = troubles_.try_emplace(
      what.index(), watch{what, now, now + timing_.first, timing_.again});
    auto& x = i->second;
    x.what = what;
    // These have lasted as long already.
    auto at_once = std::holds_alternative<events::machine_stuck>(what)
                || std::holds_alternative<events::commit_stuck>(what)
                || std::holds_alternative<events::disk_stuck>(what);
    if (now < x.say_at && !(is_new && at_once))
      continue;
    events::unhealthy news{what, std::nullopt};
    if (std::exchange(x.told, true))
      news.lasts = duration_cast<seconds>(now - x.since);
    result.push_back(std::move(news));
    x.say_at = now + x.pause;
    x.pause = std::min(2 * x.pause, timing_.again_max);
  }
  std::erase_if(troubles_, [&](const auto& known) {
    const auto& [kind, x] = known;
    if (kinds.contains(kind))
      return false;
    if (x.told)
      result.push_back(
        events::healthy_again{x.what, duration_cast<seconds>(now - x.since)});
    return true;
  });
  return result;
}

} // namespace raft::cluster
