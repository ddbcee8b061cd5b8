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

using way = std::pair<peer_id, peer_id>;

/// Holds something for some time, or for as long as another fault does.
template <class Begin, class End>
void hold(cluster& on, const overlaps::place& where, duration length,
          const Begin& begin, End end) {
  on.under_way().begin(where);
  begin();
  on.after_unless_ended(length, [&on, where, end = std::move(end)] {
    if (on.under_way().end(where))
      end();
  });
}

/// Starts a process, unless a fault keeps it down.
void start_again(cluster& on, peer_id who) {
  if (!on.under_way().lasts({affliction::down, who, {}}))
    on.restart(who);
}

/// Ends a process, which starts again after some time.
template <class End>
void take_down(cluster& on, peer_id who, duration length, const End& end) {
  hold(on, {affliction::down, who, {}}, length, end,
       [&on, who] { on.restart(who); });
}

void crash_all(cluster& on, const fault& x) {
  random source{x.number};
  for (auto who : on.ids()) {
    auto fate
      = source.per_mille(500) ? unfinished_write::kept : unfinished_write::lost;
    take_down(on, who, source.between(duration{0}, x.length),
              [&on, who, fate] { on.crash(who, fate); });
  }
}

void cut(cluster& on, way x, duration length) {
  hold(
    on, {affliction::cut, x.first, x.second}, length,
    [&on, x] { on.cut(x.first, x.second); },
    [&on, x] { on.heal(x.first, x.second); });
}

void cut_all(cluster& on, peer_id whom, duration length, bool out, bool in) {
  for (auto other : on.ids()) {
    if (other == whom)
      continue;
    if (out)
      cut(on, {whom, other}, length);
    if (in)
      cut(on, {other, whom}, length);
  }
}

void partition(cluster& on, const fault& x) {
  auto side = [&x](peer_id y) { return (x.number >> (y.value - 1)) & 1; };
  for (auto from : on.ids())
    for (auto to : on.ids())
      if (side(from) != side(to))
        cut(on, {from, to}, x.length);
}

void break_link(cluster& on, peer_id whom, peer_id other, duration length) {
  auto [first, second] = std::minmax(whom, other);
  hold(
    on, {affliction::broken, first, second}, length,
    [&on, whom, other] { on.break_link(whom, other); },
    [&on, whom, other] { on.mend_link(whom, other); });
}

void stall(cluster& on, peer_id whom, const fault& x) {
  for (auto other : on.ids()) {
    if (other == whom || (x.number == 0 && other != x.other))
      continue;
    auto [from, to] = x.number == 2 ? way{other, whom} : way{whom, other};
    hold(
      on, {affliction::stalled, from, to}, x.length,
      [&on, from = from, to = to] { on.stall(from, to); },
      [&on, from = from, to = to] { on.release(from, to); });
  }
}

/// Whether a disk may be lost without all being lost.
bool can_spare(const cluster& on, peer_id whom) {
  const auto stays
    = [&on, whom](peer_id x) { return x != whom && !on.wiped(x); };
  // Who is to vote soon is counted on as well.
  return !on.wiped(whom)
      && std::ranges::all_of(on.in_force(), [&](const membership& x) {
           return consensus::agreed(x, stays) && !details_of(x, whom).joins;
         });
}

/// Asks again for some time if there is nothing yet that can be copied.
void back_up(cluster& on, peer_id whom, const fault& x, instant until) {
  constexpr milliseconds again{100};
  if (x.number == 1)
    on.back_up_more(whom);
  else if (!on.back_up(whom) && on.now() < until)
    on.after_unless_ended(
      again, [&on, whom, x, until] { back_up(on, whom, x, until); });
}

void lose_majority(cluster& on, const fault& x) {
  std::vector<peer_id> survivors;
  for (auto who : on.ids())
    if ((x.number >> (who.value - 1)) & 1)
      survivors.push_back(who);
  const auto left = [&](peer_id who) { return is_in(survivors, who); };
  // The others might have gone on without them, if not.
  if (std::ranges::none_of(on.in_force(), [&](const membership& y) {
        return consensus::agreed(y, left);
      }))
    on.lose_majority(survivors);
}

void wipe(cluster& on, peer_id whom, const fault& x) {
  if (!can_spare(on, whom))
    return;
  take_down(on, whom, x.length, [&on, whom] { on.wipe(whom); });
}

/// All others, from one of them on, around the circle of ids.
std::vector<peer_id> others_from(const cluster& on, peer_id whom,
                                 peer_id first) {
  auto result = on.ids();
  std::erase(result, whom);
  auto at = std::ranges::lower_bound(result, first);
  std::rotate(result.begin(), at, result.end());
  return result;
}

/// An older copy comes back. If all goes against it, just as many others run as
/// make a majority with it: those that got nothing since the copy was made.
void bring_copy_back(cluster& on, peer_id whom, const fault& x,
                     recorded_disk copy) {
  copy.mark_restored();
  auto others = others_from(on, whom, x.other);
  const auto behind = consensus::majority(others.size() + 1) - 1;
  const auto against = x.number == 2;
  if (against)
    for (std::size_t i = 0; i < behind; ++i)
      cut_all(on, others[i], x.length, true, true);
  on.after_unless_ended(x.length, [&on, whom, x, behind, against,
                                   others = std::move(others),
                                   copy = std::move(copy)] {
    if (!can_spare(on, whom))
      return;
    if (against)
      for (auto i = behind; i < others.size(); ++i)
        take_down(on, others[i], 2 * x.length, [&on, who = others[i]] {
          on.crash(who, unfinished_write::lost);
        });
    on.replace_disk(whom, copy);
    start_again(on, whom);
  });
}

/// Without connections, nobody shows who it is.
void mix_up(cluster& on, peer_id whom, const fault& x) {
  if (!on.options().connections_tell || !can_spare(on, whom))
    return;
  if (x.what == fault_kind::found_again) {
    on.found_again(whom);
    start_again(on, whom);
  } else if (x.what == fault_kind::foreign_disk) {
    on.replace_disk(whom, on.foreign_disk(whom));
    start_again(on, whom);
  } else if (auto copy = on.copy_disk(whom, x.number != 0)) {
    bring_copy_back(on, whom, x, std::move(*copy));
  }
}

void swap_disks(cluster& on, peer_id whom, const fault& x) {
  if (!x.other || x.other == whom || on.wiped(whom) || on.wiped(x.other))
    return;
  on.swap_disks(whom, x.other);
  for (auto who : {whom, x.other})
    start_again(on, who);
  on.after_unless_ended(x.length, [&on, whom] { on.put_back(whom); });
}

void change(network_profile& now, const fault& x) {
  if (x.what == fault_kind::lose) {
    now.requests_lost = now.replies_lost = x.number;
    now.doubled = x.number / 2;
  } else if (x.what == fault_kind::echo) {
    now.replays = x.number;
  } else if (x.what == fault_kind::slow_links) {
    now.bytes_per_second = x.number;
  } else {
    now.request_delay_max = duration{static_cast<std::int64_t>(x.number)};
    now.reply_delay_max = now.request_delay_max;
  }
}

void change_network(cluster& on, const fault& x) {
  auto id = on.under_way().network.add([x](auto& now) { change(now, x); });
  auto apply = [&on] {
    on.set_network(on.under_way().network.over(on.options().network));
  };
  apply();
  on.after_unless_ended(x.length, [&on, id, apply] {
    on.under_way().network.remove(id);
    apply();
  });
}

void change(disk_profile& now, const fault& x) {
  using enum fault_kind;
  switch (x.what) {
    case hang_disk:
    case hang_log:
    case hang_data:
      now.now = disk_mode::hangs;
      break;
    case fill_disk:
    case fill_data:
      now.now = x.number == 1 ? disk_mode::used_up : disk_mode::full;
      break;
    case fail_disk:
      now.now = disk_mode::fails;
      break;
    default:
      now.delay_max += duration{static_cast<std::int64_t>(x.number)};
  }
}

/// Sets a number of a peer for some time.
template <class Set>
void layer(cluster& on, peer_id whom,
           std::map<peer_id, layers<std::int64_t>> overlaps::*where,
           std::int64_t usual, std::int64_t value, duration length,
           const Set& set) {
  auto id = (on.under_way().*where)[whom].add([value](auto& x) { x = value; });
  auto apply = [&on, whom, where, usual, set] {
    set((on.under_way().*where)[whom].over(usual));
  };
  apply();
  on.after_unless_ended(length, [&on, whom, where, id, apply] {
    (on.under_way().*where)[whom].remove(id);
    apply();
  });
}

template <class Set>
void change_disk(cluster& on, layers<disk_profile>& changes, peer_id whom,
                 const fault& x, Set set) {
  auto id = changes.add([x](auto& now) { change(now, x); });
  auto apply = [&on, &changes, whom, set] {
    (on.*set)(whom, changes.over(on.usual_disk(whom)));
  };
  apply();
  on.after_unless_ended(x.length, [&on, &changes, whom, id, apply] {
    changes.remove(id);
    apply();
    start_again(on, whom); // if it failed
  });
}

/// Both disks of a peer, or one of them.
void change_disks(cluster& on, peer_id whom, const fault& x) {
  using enum fault_kind;
  auto& all = on.under_way();
  if (x.what != slow_data && x.what != hang_data && x.what != fill_data)
    change_disk(on, all.disks[whom], whom, x, &cluster::set_log_disk);
  if (x.what != slow_log && x.what != hang_log)
    change_disk(on, all.data_disks[whom], whom, x, &cluster::set_data_disk);
}

void drift(cluster& on, peer_id whom, const fault& x) {
  auto pace = static_cast<std::int64_t>(x.number) - drifting_clock::drift_max;
  layer(on, whom, &overlaps::drifts, on.usual_drift(whom), pace, x.length,
        [&on, whom](std::int64_t y) { on.set_drift(whom, y); });
}

void set_clock(cluster& on, peer_id whom, const fault& x) {
  auto ahead = static_cast<std::int64_t>(x.number)
             - static_cast<std::int64_t>(clock_is_right);
  layer(on, whom, &overlaps::walls, 0, 1000 * ahead, x.length,
        [&on, whom](std::int64_t y) { on.set_wall(whom, y); });
}

void inflict_on_process(cluster& on, peer_id whom, const fault& x) {
  switch (x.what) {
    case fault_kind::crash:
      take_down(on, whom, x.length, [&on, whom, &x] {
        on.crash(whom, x.number == 1 ? unfinished_write::kept
                                     : unfinished_write::lost);
      });
      break;
    case fault_kind::crash_all:
      crash_all(on, x);
      break;
    case fault_kind::pause:
      hold(
        on, {affliction::paused, whom, {}}, x.length,
        [&on, whom] { on.pause(whom); }, [&on, whom] { on.resume(whom); });
      break;
    case fault_kind::drift:
      drift(on, whom, x);
      break;
    case fault_kind::set_clock:
      set_clock(on, whom, x);
      break;
    case fault_kind::wipe:
      wipe(on, whom, x);
      break;
    case fault_kind::stick_machine:
      hold(
        on, {affliction::stuck, whom, {}}, x.length,
        [&on, whom] { on.stick_machine(whom); },
        [&on, whom] { on.free_machine(whom); });
      break;
    case fault_kind::found_again:
    case fault_kind::older_copy:
    case fault_kind::foreign_disk:
      mix_up(on, whom, x);
      break;
    case fault_kind::swap_disks:
      swap_disks(on, whom, x);
      break;
    case fault_kind::change_release:
      take_down(on, whom, x.length, [&on, whom, &x] {
        on.crash(whom);
        on.set_release(whom, static_cast<std::uint32_t>(x.number));
      });
      break;
    default:
      change_disks(on, whom, x);
  }
}

bool is_asked_for(fault_kind x) {
  return is_about_members(x) || x == fault_kind::transfer
      || x == fault_kind::reconfigure || x == fault_kind::back_up
      || x == fault_kind::snapshot;
}

/// What is no fault, but is asked for.
void ask_for(cluster& on, peer_id whom, const fault& x) {
  switch (x.what) {
    case fault_kind::transfer:
      on.transfer(whom, whom == x.other ? peer_id{} : x.other);
      break;
    case fault_kind::reconfigure:
      reconfigure(on, x);
      break;
    case fault_kind::back_up:
      back_up(on, whom, x, on.now() + x.length);
      break;
    case fault_kind::snapshot:
      on.snapshot(whom);
      break;
    default:
      change_members_to(on, whom, x);
  }
}

void inflict_on(cluster& on, peer_id whom, const fault& x) {
  if (is_asked_for(x.what))
    return ask_for(on, whom, x);
  auto alone = whom == x.other || !x.other;
  switch (x.what) {
    case fault_kind::cut:
      if (!alone)
        cut(on, {whom, x.other}, x.length);
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
      if (!alone)
        break_link(on, whom, x.other, x.length);
      break;
    case fault_kind::renew_link:
      if (!alone)
        on.renew_link(whom, x.other);
      break;
    case fault_kind::lose_majority:
      lose_majority(on, x);
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
    case fault_kind::slow_links:
      change_network(on, x);
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
      && x != echo && x != slow_links && x != fault_kind::reconfigure
      && x != fault_kind::lose_majority;
}

bool is_about_members(fault_kind x) {
  using enum fault_kind;
  return x == add || x == fault_kind::remove || x == promote || x == demote
      || x == replace;
}

std::string describe(const fault& x) {
  std::string result = to_text(x.what);
  std::replace(result.begin(), result.end(), '_', ' ');
  if (has_victim(x.what))
    result += x.peer ? " peer " + to_text(x.peer) : " the leader";
  using enum fault_kind;
  if (x.other
      && (x.what == cut || x.what == break_link || x.what == renew_link
          || x.what == fault_kind::transfer
          || (x.what == fault_kind::stall && x.number == 0)))
    result += (x.what == fault_kind::transfer ? " to peer " : " and peer ")
            + to_text(x.other);
  if (x.what == renew_link || x.what == fault_kind::transfer
      || x.what == fault_kind::back_up || x.what == fault_kind::lose_majority
      || x.what == snapshot)
    return result;
  if (is_about_members(x.what))
    return result + (x.what == replace ? " by peer " + to_text(x.other) : "")
         + (x.what == add && x.number == 1 ? " as a learner" : "");
  if (x.what == change_release)
    result += " to one of version " + std::to_string(x.number);
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
  on.after_unless_ended(looks_again, [&on, x] { inflict(on, x); });
}

} // namespace raft::simulation
