// Draws schedules.

#include <raft/simulation/draw.hpp>

#include <algorithm>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

consensus::settings draw_settings(random& from) {
  consensus::settings result;
  result.batches_under_way_max = from.between(1, 4);
  result.requests_in_flight_max = bound(from, 1, 4, 64);
  // Most entries of clients cost about 80 bytes, a few more than these bounds.
  result.bytes_in_flight_max = bound(from, 100, 1000, 4 << 20);
  result.batch_bytes_max = bound(from, 100, 500, 1 << 20);
  result.uncommitted_bytes_max = bound(from, 500, 3000, 64 << 20);
  result.undurable_bytes_max = bound(from, 500, 3000, 64 << 20);
  result.applying_bytes_max = bound(from, 100, 500, 16 << 20);
  result.log_bytes_in_memory = bound(from, 0, 500, 32 << 20);
  result.compaction_bytes_min = bound(from, 100, 3000, 16 << 20);
  result.log_bytes_kept = bound(from, 0, 2000, 64 << 20);
  result.frame_bytes_max = bound(from, 40, 400, 64 << 10);
  result.wire_bytes_max = bound(from, 50, 500, 256 << 10);
  return result;
}

/// What matters when disks are full, and when applying is slow.
void draw_waiting(random& from, consensus::settings& to) {
  to.disk_retry_interval = milliseconds{from.between(20, 500)};
  if (from.per_mille(200))
    to.unapplied_bytes_max = from.between(500, 3000);
}

/// Some runs have leases, and clocks that run all the time as wrong as faults
/// make them, which is as wrong as they may be.
void draw_leases(std::uint64_t seed, cluster_options& to) {
  auto from = stream(seed, 9);
  if (!from.per_mille(300))
    return;
  to.settings.lease_drift_ppm = clocks_wrong_ppm;
  to.reads_by_lease = from.between(500, 1000);
  for (auto& x : to.traits)
    if (from.per_mille(600))
      x.drift = from.per_mille(500) ? clocks_wrong_ppm : -clocks_wrong_ppm;
}

/// In some runs peers are not wanted equally. None is never to lead: if all
/// others lost their disks, nobody could.
void draw_priorities(std::uint64_t seed, cluster_options& to) {
  auto from = stream(seed, 14);
  if (!from.per_mille(200))
    return;
  for (auto& x : to.traits)
    x.priority = static_cast<std::uint8_t>(from.between(1, priority_max));
}

machine::session_bounds draw_session_bounds(random& from) {
  machine::session_bounds result;
  result.idle_ms_max = bound(from, 1000, 10'000, result.idle_ms_max);
  result.sessions_max = bound(from, 3, 6, result.sessions_max);
  result.replies_max = bound(from, 2, 5, result.replies_max);
  result.reply_bytes_max = bound(from, 10, 200, result.reply_bytes_max);
  return result;
}

peer_traits draw_traits(random& from) {
  peer_traits result;
  if (from.per_mille(200))
    result.farther = milliseconds{from.per_mille(500) ? 10 : 60};
  if (from.per_mille(200))
    result.slower = milliseconds{from.per_mille(500) ? 20 : 200};
  return result;
}

/// From what a message or two fill for as long as an election takes, to what
/// hardly matters.
std::uint64_t draw_bandwidth(random& from) {
  constexpr std::uint64_t all[] = {5'000, 20'000, 100'000, 1'000'000};
  return all[from.below(std::size(all))];
}

fault_kind draw_kind(random& from) {
  using enum fault_kind;
  // How often each comes, relative to the others.
  constexpr std::pair<fault_kind, std::uint64_t> weights[]
    = {{crash, 10},     {crash_all, 4}, {pause, 4},         {cut, 5},
       {isolate, 5},    {mute, 2},      {deafen, 2},        {partition, 5},
       {break_link, 3}, {swizzle, 2},   {lose, 4},          {delay, 4},
       {slow_disk, 4},  {hang_disk, 2}, {fill_disk, 4},     {fail_disk, 2},
       {drift, 2},      {set_clock, 3}, {stall, 5},         {wipe, 1},
       {echo, 5},       {slow_log, 2},  {hang_log, 2},      {slow_data, 1},
       {hang_data, 2},  {fill_data, 2}, {stick_machine, 3}, {slow_links, 4}};
  std::uint64_t sum = 0;
  for (const auto& [kind, weight] : weights)
    sum += weight;
  auto chosen = from.below(sum);
  for (const auto& [kind, weight] : weights) {
    if (chosen < weight)
      return kind;
    chosen -= weight;
  }
  return crash;
}

/// Wrong by seconds, hours, days or half a century, in either direction.
std::uint64_t draw_wall(random& from) {
  constexpr std::uint64_t seconds[] = {2, 2 * 3600, 3 * 86'400, 1'577'880'000};
  auto wrong = from.between(1, seconds[from.below(std::size(seconds))]);
  return from.per_mille(500) ? clock_is_right + wrong : clock_is_right - wrong;
}

std::uint64_t draw_number(random& from, fault_kind what, std::size_t peers) {
  switch (what) {
    case fault_kind::crash:
      return from.below(2);
    case fault_kind::crash_all:
      return from.below(1000);
    case fault_kind::partition:
      return from.below(std::uint64_t{1} << peers);
    case fault_kind::lose:
      return from.between(20, 400);
    case fault_kind::delay:
      return from.per_mille(500) ? 50'000 : 400'000;
    case fault_kind::slow_disk:
    case fault_kind::slow_log:
    case fault_kind::slow_data:
      return from.per_mille(500) ? 100'000 : 2'000'000;
    case fault_kind::stall:
      return from.below(3);
    case fault_kind::echo:
      return from.between(1, 30);
    case fault_kind::slow_links:
      return draw_bandwidth(from);
    case fault_kind::fill_disk:
    case fault_kind::fill_data:
      return from.per_mille(250) ? 1 : 0;
    case fault_kind::set_clock:
      return draw_wall(from);
    case fault_kind::drift:
      return from.between(drifting_clock::drift_max - clocks_wrong_ppm,
                          drifting_clock::drift_max + clocks_wrong_ppm);
    default:
      return 0;
  }
}

/// Some faults end about when somebody is to be elected in spite of them: what
/// was begun and what was there before then meet.
duration draw_length(random& from, bool lasting) {
  if (lasting)
    return from.between(seconds{1}, seconds{30});
  if (from.per_mille(300))
    return from.between(milliseconds{250}, milliseconds{750});
  auto longest = from.per_mille(200) ? milliseconds{8000} : milliseconds{2000};
  return from.between(milliseconds{1}, longest);
}

fault draw_fault(random& from, std::size_t peers, bool lasting) {
  fault result;
  result.what = draw_kind(from);
  // Leaders are the more interesting victims.
  if (!from.per_mille(400))
    result.peer = {from.between(1, peers)};
  result.other = {from.between(1, peers)};
  result.length = draw_length(from, lasting);
  result.number = draw_number(from, result.what, peers);
  return result;
}

} // namespace

// -- drawing ------------------------------------------------------------------

std::size_t bound(random& from, std::size_t low, std::size_t high,
                  std::size_t otherwise) {
  return from.per_mille(400) ? from.between(low, high) : otherwise;
}

random stream(std::uint64_t seed, std::uint64_t what) {
  random outer{seed};
  return random{outer.next() ^ (what * 0x9e3779b97f4a7c15U)};
}

std::size_t draw_peers(std::uint64_t seed) {
  // A cluster of one commits by its own disk alone.
  if (stream(seed, 6).below(20) == 0)
    return 1;
  constexpr std::size_t sizes[] = {3, 3, 3, 3, 3, 5, 5, 5, 4, 2};
  return sizes[stream(seed, 1).below(std::size(sizes))];
}

namespace {

/// Some runs have a directory that is not what it should be, beside all else.
void draw_mixup(std::uint64_t seed, std::vector<fault>& to) {
  using enum fault_kind;
  constexpr fault_kind kinds[] = {found_again, older_copy,   older_copy,
                                  older_copy,  foreign_disk, swap_disks};
  auto from = stream(seed, 5);
  if (!from.per_mille(400) || to.empty() || draw_spares(seed) > 0)
    return;
  auto& place = to[from.below(to.size())];
  fault x;
  x.when = place.when;
  x.what = kinds[from.below(std::size(kinds))];
  auto peers = draw_peers(seed);
  x.peer = {from.between(1, peers)};
  x.other = {from.between(1, peers)};
  x.length = draw_length(from, false);
  x.number = from.per_mille(200) ? 0 : from.between(1, 2);
  to.insert(to.begin() + (&place - to.data()), x);
}

} // namespace

namespace {

/// In some runs, connections are replaced together with other faults.
void draw_renewals(std::uint64_t seed, std::vector<fault>& to) {
  auto from = stream(seed, 7);
  if (!from.per_mille(300))
    return;
  auto peers = draw_all_peers(seed);
  std::vector<fault> result;
  for (const auto& x : to) {
    if (from.per_mille(200)) {
      fault renewal;
      renewal.when = x.when;
      renewal.what = fault_kind::renew_link;
      if (!from.per_mille(400))
        renewal.peer = {from.between(1, peers)};
      renewal.other = {from.between(1, peers)};
      result.push_back(renewal);
    }
    result.push_back(x);
  }
  to = std::move(result);
}

} // namespace

schedule draw_schedule(std::uint64_t seed) {
  auto from = stream(seed, 2);
  schedule result;
  result.seed = seed;
  result.clients = from.between(2, 5);
  result.length = seconds{60};
  auto peers = draw_all_peers(seed);
  // Some have few faults that last, so that it shows what goes on beside them.
  auto lasting = from.per_mille(300);
  milliseconds interval{lasting ? from.between(5000, 20'000)
                                : from.between(300, 4000)};
  milliseconds war{from.between(3000, 60'000)};
  instant peace = from.between(milliseconds{1}, war);
  for (instant when{0};;) {
    // Some come hard on the heels of the last one.
    when += from.between(milliseconds{1},
                         from.per_mille(300) ? milliseconds{200} : interval);
    if (when >= result.length)
      break;
    if (when >= peace) {
      peace = when + from.between(milliseconds{1}, war);
      result.faults.push_back({when, fault_kind::quiet, {}, {}, {}, 0});
      continue;
    }
    result.faults.push_back(draw_fault(from, peers, lasting));
    result.faults.back().when = when;
  }
  draw_mixup(seed, result.faults);
  draw_renewals(seed, result.faults);
  draw_transfers(seed, result.length, result.faults);
  draw_reconfigurations(seed, result.length, result.faults);
  draw_releases(seed, result.length, result.faults);
  draw_legacies(seed, result.length, result.faults);
  add_coincidences(seed, result);
  return result;
}

cluster_options draw_cluster(std::uint64_t seed) {
  auto from = stream(seed, 3);
  cluster_options result;
  result.seed = seed;
  result.peers = draw_peers(seed);
  result.spares = draw_spares(seed);
  result.settings = draw_settings(from);
  result.session_bounds = draw_session_bounds(from);
  constexpr milliseconds delays[]
    = {milliseconds{1}, milliseconds{5}, milliseconds{40}};
  auto delay = delays[from.below(3)];
  result.network.request_delay_max = delay;
  result.network.reply_delay_max = delay;
  result.network.very_late = from.per_mille(300) ? from.below(20) : 0;
  result.network.requests_lost = from.per_mille(300) ? from.below(80) : 0;
  result.network.replies_lost = result.network.requests_lost;
  result.network.doubled = from.per_mille(300) ? from.below(100) : 0;
  result.network.replays = from.per_mille(400) ? from.between(1, 40) : 0;
  constexpr milliseconds disks[]
    = {milliseconds{1}, milliseconds{10}, milliseconds{100}};
  result.disk.delay_max = disks[from.below(3)];
  // On some, a write takes as long as an election timeout, or longer.
  if (from.per_mille(50)) {
    result.disk.delay_min = milliseconds{300};
    result.disk.delay_max = milliseconds{800};
  }
  for (std::size_t i = 0; i < result.peers + result.spares; ++i)
    result.traits.push_back(draw_traits(from));
  constexpr milliseconds intervals[]
    = {milliseconds{100}, milliseconds{1000}, milliseconds{10000}};
  result.checkpoint_after = intervals[from.below(3)];
  result.apply_max = from.per_mille(700) ? milliseconds{1} : milliseconds{100};
  constexpr std::size_t tails[] = {0, 1, 5, virtual_peer::whole_log};
  result.tail = tails[from.below(4)];
  result.network.bytes_per_second
    = from.per_mille(200) ? draw_bandwidth(from) : 0;
  auto more = stream(seed, 8);
  draw_waiting(more, result.settings);
  draw_leases(seed, result);
  draw_priorities(seed, result);
  draw_snapshots(seed, result);
  draw_releases(seed, result);
  add_coincidences(seed, result);
  return result;
}

client_options draw_client(std::uint64_t seed) {
  auto from = stream(seed, 4);
  client_options result;
  result.deadline = from.between(seconds{2}, seconds{20});
  result.pause_max = from.between(milliseconds{50}, milliseconds{600});
  add_coincidences(seed, result);
  return result;
}

} // namespace raft::simulation
