// Draws what is taken from clusters for others.

#include <raft/simulation/draw.hpp>

#include <algorithm>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;

void draw_backups(std::uint64_t seed, duration length, std::vector<fault>& to) {
  auto from = stream(seed, 22);
  if (!from.per_mille(150))
    return;
  const auto peers = draw_all_peers(seed);
  for (auto count = from.between(1, 3); count > 0; --count) {
    fault x;
    x.when = from.between(milliseconds{500}, length);
    x.what = fault_kind::back_up;
    x.peer = {from.between(1, peers)};
    x.length = milliseconds{2000};
    to.push_back(x);
    for (auto more = from.between(1, 4); more > 0; --more) {
      x.when += from.between(milliseconds{1}, milliseconds{2000});
      x.peer = {from.between(1, peers)};
      x.number = 1;
      if (x.when < length)
        to.push_back(x);
    }
  }
}

void draw_loss(std::uint64_t seed, duration length, std::vector<fault>& to) {
  auto from = stream(seed, 23);
  const auto peers = draw_all_peers(seed);
  if (!from.per_mille(60) || peers < 2)
    return;
  fault x;
  x.when = from.between(milliseconds{500}, length);
  x.what = fault_kind::lose_majority;
  x.number = from.between(1, (std::uint64_t{1} << peers) - 2);
  to.push_back(x);
}

} // namespace

void draw_legacies(std::uint64_t seed, duration length,
                   std::vector<fault>& to) {
  draw_backups(seed, length, to);
  draw_loss(seed, length, to);
  std::ranges::stable_sort(to, {}, &fault::when);
}

} // namespace raft::simulation
