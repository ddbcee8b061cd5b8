#include <raft/simulation/counters.hpp>

namespace raft::simulation {

counters& counters::operator+=(const counters& x) noexcept {
  crashes += x.crashes;
  writes_kept += x.writes_kept;
  boots_on_state += x.boots_on_state;
  boots_on_compacted += x.boots_on_compacted;
  late_wakes += x.late_wakes;
  renewed_links += x.renewed_links;
  transfers_begun += x.transfers_begun;
  transfers_told += x.transfers_told;
  transfers_ended += x.transfers_ended;
  changes_begun += x.changes_begun;
  leaders_removed += x.leaders_removed;
  busy += x.busy;
  disk_full_answers += x.disk_full_answers;
  refused_writes += x.refused_writes;
  refused_reserves += x.refused_reserves;
  space_found += x.space_found;
  compactions += x.compactions;
  truncations += x.truncations;
  reads_for_followers += x.reads_for_followers;
  reads_to_apply += x.reads_to_apply;
  reads_by_lease += x.reads_by_lease;
  dropped_answers += x.dropped_answers;
  lost_quorums += x.lost_quorums;
  records_torn += x.records_torn;
  power_cuts += x.power_cuts;
  records_damaged += x.records_damaged;
  moves_to_tables += x.moves_to_tables;
  long_batches += x.long_batches;
  snapshots_taken += x.snapshots_taken;
  snapshots_installed += x.snapshots_installed;
  snapshot_parts_found += x.snapshot_parts_found;
  installs_finished += x.installs_finished;
  levels_raised += x.levels_raised;
  starts_too_old += x.starts_too_old;
  backups += x.backups;
  increments += x.increments;
  clusters_restored += x.clusters_restored;
  clusters_recovered += x.clusters_recovered;
  return *this;
}

} // namespace raft::simulation
