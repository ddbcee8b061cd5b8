#include <raft/tests/simulation/plan.hpp>

namespace raft::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A cheap way to have small bounds in some runs and none in others.
std::size_t bound(random& from, std::size_t low, std::size_t high,
                  std::size_t otherwise) {
  return from.per_mille(600) ? from.between(low, high) : otherwise;
}

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
  result.unapplied_bytes_max = bound(from, 500, 3000, 64 << 20);
  result.compaction_bytes_min = bound(from, 1, 1000, 16 << 20);
  result.log_bytes_kept = bound(from, 0, 1000, 64 << 20);
  result.disk_retry_interval = milliseconds{from.between(20, 500)};
  result.frame_bytes_max = bound(from, 20, 200, 64 << 10);
  result.wire_bytes_max = bound(from, 50, 500, 256 << 10);
  return result;
}

} // namespace

plan draw_plan(random& from) {
  plan result;
  constexpr std::size_t sizes[] = {3, 3, 3, 3, 5, 5, 5, 4, 2, 1};
  result.peers = sizes[from.below(10)];
  result.config = draw_settings(from);
  constexpr milliseconds delays[]
    = {milliseconds{1}, milliseconds{20}, milliseconds{200}};
  result.delay_max = delays[from.below(3)];
  result.very_late = from.per_mille(500) ? from.below(50) : 0;
  result.lost = from.per_mille(500) ? from.below(250) : 0;
  result.twice = from.per_mille(500) ? from.below(250) : 0;
  constexpr milliseconds disks[]
    = {milliseconds{1}, milliseconds{20}, milliseconds{150}, milliseconds{700}};
  result.disk_max = disks[from.below(4)];
  result.apply_max = from.per_mille(500) ? milliseconds{1} : milliseconds{200};
  result.flushes = from.per_mille(600) ? from.between(10, 500) : 0;
  result.fault_interval = milliseconds{from.between(50, 1500)};
  result.client_interval = milliseconds{from.between(5, 200)};
  result.duration = seconds{from.between(3, 12)};
  return result;
}

} // namespace raft::test
