// Draws when peers need snapshots, and when the level of the members rises.

#include <raft/simulation/draw.hpp>

#include <chrono>

namespace raft::simulation {

namespace {

using std::chrono::milliseconds;

/// In some runs, logs wait for nobody who is absent, so that snapshots are
/// needed; also by those who join.
void draw_late_members(std::uint64_t seed, cluster_options& to) {
  auto from = stream(seed, 13);
  if (!from.per_mille(150) && to.spares == 0)
    return;
  auto& x = to.settings;
  x.log_waits_for_absent = false;
  x.compaction_bytes_min = from.between(100, 1000);
  x.log_bytes_kept = from.between(0, 1500);
  x.lagging_bytes_max = bound(from, 500, 5000, 256 << 20);
  x.compaction_entries_max = bound(from, 1, 20, 16 << 10);
  x.snapshots_sent_max = from.between(1, 2);
  to.checkpoint_after = milliseconds{from.per_mille(500) ? 100 : 1000};
}

/// In some others, state machines keep nothing on their disks, and logs end
/// where their last snapshots do.
void draw_forgetful_machines(std::uint64_t seed, cluster_options& to) {
  auto from = stream(seed, 16);
  auto& x = to.settings;
  if (!from.per_mille(80) || !x.log_waits_for_absent)
    return;
  x.log_waits_for_absent = false;
  x.machine_keeps_state = false;
  x.compaction_bytes_min = from.between(100, 1000);
  x.log_bytes_kept = from.between(0, 1500);
  x.lagging_bytes_max = bound(from, 500, 5000, 256 << 20);
  x.snapshot_log_bytes = bound(from, 200, 5000, 64 << 20);
  x.snapshot_log_entries = bound(from, 1, 50, 1'000'000);
  x.snapshot_interval = milliseconds{from.per_mille(500) ? 0 : 1000};
}

void draw_level(std::uint64_t seed, cluster_options& to) {
  auto from = stream(seed, 18);
  if (from.per_mille(100))
    to.settings.level_after = milliseconds{from.between(0, 3000)};
}

} // namespace

void draw_snapshots(std::uint64_t seed, cluster_options& to) {
  draw_late_members(seed, to);
  draw_forgetful_machines(seed, to);
  draw_level(seed, to);
}

} // namespace raft::simulation
