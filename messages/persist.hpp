// Persist conversation: a peer has its state made durable and reads it back.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/messages/identity.hpp>
#include <raft/messages/membership.hpp>
#include <raft/messages/snapshot.hpp>

#include <cstdint>
#include <vector>

namespace raft {

/// What a peer must never forget (paper, figure 2, "persistent state").
struct hard_state {
  term_number term;
  /// Who got this peer's vote in `term`; 0 if nobody.
  peer_id vote;

  friend bool operator==(const hard_state&, const hard_state&) = default;
};

/// Everything of one group that becomes durable in one atomic step.
struct durable_batch {
  hard_state hard;
  /// Forget all entries from here on, before `entries` are added; 0 for none.
  log_index truncate_from;
  /// In order and without gaps; the first follows the last one kept.
  std::vector<entry> entries;
  /// Set `members` only if this is true.
  bool members_changed = false;
  configurations members;
  /// Last entry that nobody needs any more; 0 keeps what is there. Entries up
  /// to it may be dropped.
  log_position compacted;
  /// The cluster id, once it is committed; 0 keeps what is there.
  cluster_id cluster;
  /// A snapshot that takes the place of the whole log, see `reset_to`. From now
  /// on it is `durable_state::installing`.
  snapshot_head install;
  /// The state machine has what it holds: nothing is being installed any more.
  bool installed = false;

  friend bool operator==(const durable_batch&, const durable_batch&) = default;
};

/// The batch that resets a log to a snapshot: no entry is left, whatever there
/// was, and the next one follows `head.last`. Members, cluster id and the time
/// of that entry are those of the snapshot, which must be durable before.
///
/// The state machine gets what the snapshot holds only afterwards. Until that
/// is done, the store knows of it, so that a restart in between goes on there.
///
/// @param founding The members that the group was founded with.
inline durable_batch reset_to(const snapshot_head& head, const hard_state& hard,
                              const membership& founding) {
  durable_batch result;
  result.hard = hard;
  result.truncate_from = head.last.index.next();
  result.members_changed = true;
  if (head.members.index)
    result.members = {founding, {head.members}};
  else
    result.members = {head.members, {}};
  result.compacted = head.last;
  result.cluster = head.cluster;
  result.install = head;
  return result;
}

/// Asks the persister to make a batch durable. A peer has at most one under
/// way. Answered by `persisted` with the same number when it is on the disk, or
/// when it was refused because the disk is full.
struct persist {
  group_id group;
  batch_number number;
  durable_batch batch;

  friend bool operator==(const persist&, const persist&) = default;
};

struct persisted {
  group_id group;
  batch_number number;
  /// There was no room on the disk: nothing of the batch was written, what was
  /// durable still is, and the peer may send it again.
  bool refused = false;

  friend bool operator==(const persisted&, const persisted&) = default;
};

/// Asks for durable entries, because the peer no longer holds them in memory.
struct read_entries {
  group_id group;
  /// The peer that they are for: a slow follower, or the reading peer itself
  /// for what it still has to apply.
  peer_id reader;
  /// First and last index, both inclusive.
  log_index first;
  log_index last;
  /// Stop before the sum of their `cost` passes this; at least one is read.
  std::uint64_t bytes_max = 0;

  friend bool operator==(const read_entries&, const read_entries&) = default;
};

/// The answer. Holds no entries if `first` is not in the log any more.
struct entries_read {
  group_id group;
  peer_id reader;
  log_index first;
  std::vector<entry> entries;

  friend bool operator==(const entries_read&, const entries_read&) = default;
};

/// Asks the persister to make what is known of other peers durable, before
/// anybody relies on it. Answered by `remembered` when it is on the disk, or
/// when the disk is full.
struct remember {
  /// Takes the place of what is known of the same peers.
  std::vector<acquaintance> whom;
  /// From now on the store is no longer `store_memory::restored`.
  bool settled = false;

  friend bool operator==(const remember&, const remember&) = default;
};

struct remembered {
  /// There was no room on the disk: nothing was written.
  bool refused = false;

  friend bool operator==(const remembered&, const remembered&) = default;
};

/// What a store knows of a group when it is opened.
struct durable_state {
  hard_state hard;
  configurations members;
  log_position compacted;
  /// Where the log ends; equal to `compacted` if it holds no entry.
  log_position last;
  /// First entry of each term in the log, ascending in both fields. The term
  /// at any index follows from it without a read.
  std::vector<log_position> term_starts;
  /// `entry::time_ms` of the last entry.
  std::uint64_t last_time_ms = 0;
  /// The cluster id that is known to be committed; 0 if none is.
  cluster_id cluster;
  /// The first cluster id in the log, committed or not, and where; 0 if none.
  cluster_id proposed;
  log_index proposed_at;
  /// The snapshot that the log was reset to, unless the state machine is known
  /// to have what it holds; else a default value. It is on the disk: the state
  /// machine is to get it before anything else.
  snapshot_head installing;

  friend bool operator==(const durable_state&, const durable_state&) = default;
};

} // namespace raft
