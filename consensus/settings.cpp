#include <raft/consensus/settings.hpp>
#include <raft/consensus/soundness.hpp>

namespace raft::consensus {

const char* complaint_about(const settings& x) {
  if (x.heartbeat_interval.count() <= 0)
    return "the heartbeat interval must be positive";
  if (x.election_timeout_min <= x.heartbeat_interval)
    return "the minimal election timeout must be longer than the heartbeat "
           "interval, or followers depose healthy leaders";
  if (x.election_timeout_max < x.election_timeout_min)
    return "the maximal election timeout must not be below the minimal one";
  if (x.priority > priority_max)
    return "the priority must not be above 10";
  if (x.lease_drift_ppm > lease_drift_ppm_max)
    return "clocks that drift by more than 500000 millionths leave hardly "
           "anything of a lease";
  if (x.commands_read_by_lease && x.lease_drift_ppm == 0)
    return "reads by lease need a bound on the drift of clocks "
           "(lease-drift-ppm)";
  if (x.level_after.count() < 0)
    return "the level cannot be raised before all members speak its version";
  if (x.level_max < protocol_version_min || x.level_max > protocol_version)
    return "the highest version of messages must be one that this release "
           "speaks";
  if (x.batches_under_way_max == 0)
    return "at least one batch must be allowed to be under way";
  if (x.requests_in_flight_max == 0 || x.bytes_in_flight_max == 0)
    return "at least one append request must be allowed to be in flight";
  if (x.command_bytes_max > entry_bytes_max)
    return "the largest command must not have more than 64 MiB";
  if (x.frame_bytes_max == 0 || x.wire_bytes_max == 0)
    return "a frame must be allowed to hold at least one byte, and one frame "
           "to be on the wire";
  if (x.batch_bytes_max == 0)
    return "a batch must be allowed to hold at least one byte";
  if (x.uncommitted_bytes_max == 0 || x.undurable_bytes_max == 0
      || x.unapplied_bytes_max == 0 || x.applying_bytes_max == 0)
    return "the bounds on uncommitted, undurable, unapplied and applying bytes "
           "must be positive, or no command gets through";
  if (x.compaction_bytes_min == 0)
    return "at least one byte must go when entries are dropped from the log";
  if (x.snapshots_sent_max == 0)
    return "at least one member must be allowed to get a snapshot";
  if (x.snapshot_log_bytes == 0 || x.snapshot_log_entries == 0
      || x.snapshot_interval.count() < 0)
    return "a snapshot must take the place of at least one entry, and no "
           "interval is negative";
  if (x.compaction_entries_max == 0)
    return "at least one entry must go when entries are dropped from the log";
  if (x.disk_retry_interval.count() <= 0)
    return "a full disk must be left alone for a while before it is tried "
           "again";
  return nullptr;
}

} // namespace raft::consensus
