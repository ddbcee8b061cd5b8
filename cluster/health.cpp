#include <raft/cluster/health.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace raft::cluster {

namespace {

std::string seconds(instant x) {
  return fmt::format(
    "{} s", std::chrono::duration_cast<std::chrono::seconds>(x).count());
}

// Names of what can be wrong, with what is said when it is over.
const std::map<std::string, std::string> endings{
  {"apply", "the state machine goes on"},
  {"commit", "entries are committed again"},
  {"disk", "there is room on the disk again"},
  {"durable", "the disk takes entries again"},
  {"kept", "the log is not kept for others any more"},
  {"room", "there is room for the state machine again"},
  {"leader", "this peer can serve: there is a leader"},
  {"silent", "this peer answers again"},
};

} // namespace

std::string text_of_bytes(std::uint64_t x) {
  return x < 1 << 20 ? fmt::format("{:.1f} KiB", double(x) / (1 << 10))
                     : fmt::format("{:.1f} MiB", double(x) / (1 << 20));
}

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

std::vector<health::line> health::observe(instant now, const peer_view& x) {
  return tell(now, find(now, x));
}

std::vector<health::line> health::observe_silence(instant now) {
  return tell(now, {{"silent", "this peer does not answer in its own process: "
                               "it is overloaded or stuck"}});
}

health::findings health::find(instant now, const peer_view& x) {
  const auto& state = x.state;
  auto leads = state.role == peer_role::leader;
  findings result;
  if (!leads && !state.leader)
    result["leader"] = no_leader(x);
  if (x.disk_full)
    result["disk"] = "the disk is full: this peer takes no entries. Make room; "
                     "it goes on by itself";
  if (x.machine_full)
    result["room"] = "the disk is full: the state machine has no room, and "
                     "commands that need some are refused. Make room, or "
                     "erase; it goes on by itself";
  auto stuck = [&](watched& what, log_index at, bool waits) {
    return what.stands_for(at, waits, now) >= timing_.first;
  };
  if (stuck(applied_, state.applied, state.applied < state.commit))
    result["apply"] = fmt::format(
      "the state machine does not take entry {}, and {} committed ones wait "
      "with it: look at its disk and its load",
      state.applied.next().value, state.commit - state.applied);
  if (stuck(durable_, state.durable,
            state.durable < state.last && !x.disk_full))
    result["durable"]
      = fmt::format("the log's disk does not take entry {}: it hangs or is "
                    "very slow",
                    state.durable.next().value);
  if (stuck(commit_, state.commit, leads && state.commit < state.last))
    result["commit"] = fmt::format(
      "this peer leads, but entry {} is not committed: a majority of the {} "
      "members must be reached and have it on their disks",
      state.commit.next().value, state.members.size());
  if (auto kept = kept_for(state); !kept.empty())
    result["kept"] = kept;
  return result;
}

std::string health::no_leader(const peer_view& x) const {
  if (x.state.members.empty())
    return "this peer cannot serve: its store is empty, so it takes part in "
           "no election and waits for a leader that tells it who the members "
           "are";
  if (x.state.kept_out.reason != exclusion::none)
    return "this peer cannot serve, because it is kept out: "
         + x.state.kept_out.text;
  std::vector<std::string> reasons;
  std::size_t reached = 1;
  for (const auto& other : members_) {
    auto down = x.links_down.find(other.id);
    if (down == x.links_down.end())
      ++reached;
    else
      reasons.push_back(fmt::format("peer {} at {}: {}", other.id.value,
                                    to_text(other.where), down->second));
  }
  auto members = x.state.members.size();
  auto why = reasons.empty()
             ? std::string{"all others are connected, but none of them leads"}
             : fmt::format("not connected are {}", fmt::join(reasons, "; "));
  return fmt::format("this peer cannot serve: there is no leader. It reaches "
                     "{} of {} members, itself included, and {} are needed; {}",
                     reached, members, members / 2 + 1, why);
}

std::string health::kept_for(const peer_state& x) const {
  if (x.role != peer_role::leader || x.log_bytes <= kept_max_)
    return {};
  const peer_progress* last = nullptr;
  for (const auto& y : x.others)
    if (last == nullptr || y.match < last->match)
      last = &y;
  if (last == nullptr || last->match >= x.commit)
    return {};
  return fmt::format(
    "the logs of all peers grow: entries from {} on, {} of them here, are kept "
    "for peer {}, which has those up to {} and is {}. Bring it back, or make "
    "sure that there is room",
    x.first.value, text_of_bytes(x.log_bytes), last->peer.value,
    last->match.value, last->connected ? "connected" : "not connected");
}

std::vector<health::line> health::tell(instant now, const findings& found) {
  std::vector<line> result;
  for (const auto& [name, text] : found) {
    auto [i, is_new] = troubles_.try_emplace(
      name, trouble{now, now + timing_.first, timing_.again});
    auto& x = i->second;
    // These have lasted as long already.
    auto at_once = name == "apply" || name == "durable" || name == "commit";
    if (now < x.say_at && !(is_new && at_once))
      continue;
    result.push_back(
      {severity::warning,
       x.told ? fmt::format("{} (for {})", text, seconds(now - x.since))
              : text});
    x.told = true;
    x.say_at = now + x.pause;
    x.pause = std::min(2 * x.pause, timing_.again_max);
  }
  for (auto i = troubles_.begin(); i != troubles_.end();) {
    const auto& [name, x] = *i;
    if (found.contains(name)) {
      ++i;
      continue;
    }
    if (x.told)
      result.push_back(
        {severity::info, fmt::format("{} (after {})", endings.at(name),
                                     seconds(now - x.since))});
    i = troubles_.erase(i);
  }
  return result;
}

} // namespace raft::cluster
