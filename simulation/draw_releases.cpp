// Draws of which releases peers are.

#include <raft/simulation/draw.hpp>

#include <algorithm>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;

/// All know of snapshots and changes.
std::uint32_t draw_release(random& from) {
  return static_cast<std::uint32_t>(
    from.between(levels_since_version - 1, protocol_version));
}

bool have_releases(std::uint64_t seed) {
  return stream(seed, 19).per_mille(100) && draw_all_peers(seed) > 1
      && !has_coincidence(seed);
}

} // namespace

void draw_releases(std::uint64_t seed, cluster_options& to) {
  if (!have_releases(seed))
    return;
  auto from = stream(seed, 20);
  to.settings.level_after = milliseconds{from.between(0, 3000)};
  for (auto& x : to.traits)
    x.release = draw_release(from);
}

void draw_releases(std::uint64_t seed, duration length,
                   std::vector<fault>& to) {
  if (!have_releases(seed))
    return;
  auto from = stream(seed, 21);
  const auto peers = draw_all_peers(seed);
  const milliseconds interval{from.between(500, 10'000)};
  for (auto when = from.between(milliseconds{1}, interval); when < length;
       when += from.between(milliseconds{1}, interval)) {
    fault x;
    x.when = when;
    x.what = fault_kind::change_release;
    x.peer = {from.between(1, peers)};
    x.length = from.between(milliseconds{1}, milliseconds{1000});
    x.number = from.per_mille(300) ? protocol_version : draw_release(from);
    to.push_back(x);
  }
  std::ranges::stable_sort(to, {}, &fault::when);
}

} // namespace raft::simulation
