// How often things happened in a run.

#pragma once

#include <cstdint>

namespace raft::simulation {

/// How often something happened to a peer, or to all of them, since the
/// beginning, so that a test can tell that it happens at all: a fault that
/// never strikes tests nothing.
struct counters {
  std::uint64_t crashes = 0;
  /// Crashes that left a write that was under way on the disk.
  std::uint64_t writes_kept = 0;
  /// Starts on a disk with what a state machine checkpointed, and on one whose
  /// log begins late.
  std::uint64_t boots_on_state = 0;
  std::uint64_t boots_on_compacted = 0;
  /// Clocks that were looked at 50 ms or more after they were to ring.
  std::uint64_t late_wakes = 0;
  std::uint64_t renewed_links = 0;
  /// Transfers of leadership that somebody asked for and that were begun; and
  /// all transfers for which somebody campaigned, and which came to nothing.
  std::uint64_t transfers_begun = 0;
  std::uint64_t transfers_told = 0;
  std::uint64_t transfers_ended = 0;
  /// Changes of members that somebody asked for and that were begun, and
  /// leaders that stepped down because they were removed.
  std::uint64_t changes_begun = 0;
  std::uint64_t leaders_removed = 0;
  /// Commands that were refused because of a bound, and of a full disk.
  std::uint64_t busy = 0;
  std::uint64_t disk_full_answers = 0;
  /// Writes of entries that found no room, writes of terms and votes alone for
  /// which not even the reserve was left, and how often there was room again.
  std::uint64_t refused_writes = 0;
  std::uint64_t refused_reserves = 0;
  std::uint64_t space_found = 0;
  std::uint64_t compactions = 0;
  /// Conflicts that cut off a log's end.
  std::uint64_t truncations = 0;
  std::uint64_t reads_for_followers = 0;
  std::uint64_t reads_to_apply = 0;
  /// Reads for which a leader asked nobody.
  std::uint64_t reads_by_lease = 0;
  /// Answers that waited for the disk until they were true no more.
  std::uint64_t dropped_answers = 0;
  /// Leaders that heard of no majority any more.
  std::uint64_t lost_quorums = 0;
  /// Of the journal: records that a crash left in part, power failures that
  /// took what was not synced, records that were damaged and refused, how often
  /// records went to the tables, and batches that did at once because they were
  /// too long for a segment.
  std::uint64_t records_torn = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t records_damaged = 0;
  std::uint64_t moves_to_tables = 0;
  std::uint64_t long_batches = 0;

  /// Snapshots that were taken, and that took the place of a log.
  std::uint64_t snapshots_taken = 0;
  std::uint64_t snapshots_installed = 0;
  /// Starts that found a part of one, and one that was to be installed.
  std::uint64_t snapshot_parts_found = 0;
  std::uint64_t installs_finished = 0;
  /// How often a leader raised the level, and a release did not start because
  /// it was too old.
  std::uint64_t levels_raised = 0;
  std::uint64_t starts_too_old = 0;
  /// Backups that were taken, increments to them, and clusters that were
  /// founded from a backup, or went on with a peer that survived.
  std::uint64_t backups = 0;
  std::uint64_t increments = 0;
  std::uint64_t clusters_restored = 0;
  std::uint64_t clusters_recovered = 0;

  counters& operator+=(const counters& x) noexcept;

  friend bool operator==(const counters&, const counters&) = default;
};

} // namespace raft::simulation
