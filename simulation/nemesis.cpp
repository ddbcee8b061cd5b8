// What each fault does, and how it ends.

#include <raft/consensus/quorum.hpp>
#include <raft/simulation/schedule.hpp>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;
using disk_mode = disk_profile::mode;

void crash_all(cluster& on, const fault& x) {
  random chance{x.number};
  for (auto who : on.ids()) {
    on.crash(who, chance.per_mille(500) ? unfinished_write::kept
                                        : unfinished_write::lost);
    on.after_unless_calm(chance.between(duration{0}, x.length),
                         [&on, who] { on.restart(who); });
  }
}

void cut_all(cluster& on, peer_id whom, duration length, bool out, bool in) {
  for (auto other : on.ids()) {
    if (other == whom)
      continue;
    if (out)
      on.cut(whom, other);
    if (in)
      on.cut(other, whom);
    on.after_unless_calm(length, [&on, whom, other] {
      on.heal(whom, other);
      on.heal(other, whom);
    });
  }
}

void partition(cluster& on, const fault& x) {
  std::vector<std::vector<peer_id>> groups(2);
  for (auto who : on.ids())
    groups[(x.number >> (who.value - 1)) & 1].push_back(who);
  on.partition(groups);
  on.after_unless_calm(x.length, [&on] { on.heal(); });
}

void stall(cluster& on, peer_id whom, const fault& x) {
  std::vector<std::pair<peer_id, peer_id>> ways;
  for (auto other : on.ids()) {
    if (other == whom || (x.number == 0 && other != x.other))
      continue;
    if (x.number == 2)
      ways.emplace_back(other, whom);
    else
      ways.emplace_back(whom, other);
  }
  for (const auto& [from, to] : ways)
    on.stall(from, to);
  on.after_unless_calm(x.length, [&on, ways] {
    for (const auto& [from, to] : ways)
      on.release(from, to);
  });
}

void wipe(cluster& on, peer_id whom, const fault& x) {
  auto ids = on.ids();
  auto lost = std::count_if(ids.begin(), ids.end(),
                            [&on](peer_id y) { return on.wiped(y); });
  auto left = ids.size() - static_cast<std::size_t>(lost);
  if (on.wiped(whom) || left - 1 < consensus::majority(ids.size()))
    return;
  on.wipe(whom);
  on.after_unless_calm(x.length, [&on, whom] { on.restart(whom); });
}

/// The usual weather is what the seed says, so faults that overlap do not last.
void change_weather(cluster& on, const fault& x) {
  auto now = on.weather();
  if (x.what == fault_kind::lose) {
    now.requests_lost = now.replies_lost = x.number;
    now.doubled = x.number / 2;
  } else if (x.what == fault_kind::echo) {
    now.echoes = x.number;
  } else {
    now.request_delay_max = duration{static_cast<std::int64_t>(x.number)};
    now.reply_delay_max = now.request_delay_max;
  }
  on.set_network(now);
  on.after_unless_calm(x.length, [&on, what = x.what] {
    const auto& before = on.options().network;
    auto then = on.weather();
    if (what == fault_kind::lose) {
      then.requests_lost = before.requests_lost;
      then.replies_lost = before.replies_lost;
      then.doubled = before.doubled;
    } else if (what == fault_kind::echo) {
      then.echoes = before.echoes;
    } else {
      then.request_delay_max = before.request_delay_max;
      then.reply_delay_max = before.reply_delay_max;
    }
    on.set_network(then);
  });
}

void change_disk(cluster& on, peer_id whom, const fault& x) {
  auto now = on.disk(whom);
  if (now.now != disk_mode::works)
    return;
  switch (x.what) {
    case fault_kind::hang_disk:
      now.now = disk_mode::hangs;
      break;
    case fault_kind::fill_disk:
      now.now = x.number == 1 ? disk_mode::used_up : disk_mode::full;
      break;
    case fault_kind::fail_disk:
      now.now = disk_mode::fails;
      break;
    default:
      now.delay_max += duration{static_cast<std::int64_t>(x.number)};
  }
  on.set_disk(whom, now);
  on.after_unless_calm(x.length, [&on, whom] {
    on.set_disk(whom, on.usual_disk(whom));
    on.restart(whom); // if it failed
  });
}

void inflict_on_process(cluster& on, peer_id whom, const fault& x) {
  switch (x.what) {
    case fault_kind::crash:
      on.crash(whom,
               x.number == 1 ? unfinished_write::kept : unfinished_write::lost);
      on.after_unless_calm(x.length, [&on, whom] { on.restart(whom); });
      break;
    case fault_kind::crash_all:
      crash_all(on, x);
      break;
    case fault_kind::pause:
      on.pause(whom);
      on.after_unless_calm(x.length, [&on, whom] { on.resume(whom); });
      break;
    case fault_kind::drift:
      on.set_drift(whom, static_cast<std::int64_t>(x.number)
                           - drifting_clock::drift_max);
      on.after_unless_calm(x.length, [&on, whom] { on.set_drift(whom, 0); });
      break;
    case fault_kind::wipe:
      wipe(on, whom, x);
      break;
    default:
      change_disk(on, whom, x);
  }
}

void inflict_on(cluster& on, peer_id whom, const fault& x) {
  auto alone = whom == x.other || !x.other;
  switch (x.what) {
    case fault_kind::cut:
      if (alone)
        break;
      on.cut(whom, x.other);
      on.after_unless_calm(
        x.length, [&on, whom, other = x.other] { on.heal(whom, other); });
      break;
    case fault_kind::isolate:
      cut_all(on, whom, x.length, true, true);
      break;
    case fault_kind::mute:
      cut_all(on, whom, x.length, true, false);
      break;
    case fault_kind::deafen:
      cut_all(on, whom, x.length, false, true);
      break;
    case fault_kind::partition:
      partition(on, x);
      break;
    case fault_kind::break_link:
      if (alone)
        break;
      on.break_link(whom, x.other);
      on.after_unless_calm(
        x.length, [&on, whom, other = x.other] { on.mend_link(whom, other); });
      break;
    case fault_kind::swizzle:
      on.swizzle(whom, x.length / 4);
      break;
    case fault_kind::stall:
      stall(on, whom, x);
      break;
    case fault_kind::lose:
    case fault_kind::delay:
    case fault_kind::echo:
      change_weather(on, x);
      break;
    case fault_kind::quiet:
      break; // the run itself sees to it
    default:
      inflict_on_process(on, whom, x);
  }
}

} // namespace

bool has_victim(fault_kind x) {
  using enum fault_kind;
  return x != crash_all && x != partition && x != lose && x != delay
      && x != echo;
}

std::string describe(const fault& x) {
  std::string result = to_text(x.what);
  std::replace(result.begin(), result.end(), '_', ' ');
  if (has_victim(x.what))
    result += x.peer ? " peer " + to_text(x.peer) : " the leader";
  using enum fault_kind;
  if (x.other
      && (x.what == cut || x.what == break_link
          || (x.what == fault_kind::stall && x.number == 0)))
    result += " and peer " + to_text(x.other);
  auto tenths = (x.length.count() + 50'000) / 100'000;
  return result + " for " + std::to_string(tenths / 10) + '.'
       + std::to_string(tenths % 10) + " s";
}

void inflict(cluster& on, const fault& x) {
  constexpr milliseconds looks_again{20};
  if (x.peer || !has_victim(x.what))
    return inflict_on(on, x.peer, x);
  auto leaders = on.leaders();
  if (!leaders.empty())
    return inflict_on(on, leaders.back(), x);
  // Then it strikes the next one, that has hardly begun.
  on.after_unless_calm(looks_again, [&on, x] { inflict(on, x); });
}

} // namespace raft::simulation
