// The settings of the algorithm.

#pragma once

#include <raft/base/instant.hpp>
#include <raft/messages/transfer.hpp>
#include <raft/messages/versions.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace raft::consensus {

/// Whose core it is, and where its randomness comes from.
struct identity {
  group_id group;
  peer_id id;
  incarnation_id incarnation;
  /// Seeds the election timeouts. The shell draws it at random.
  std::uint64_t seed = 0;
};

/// A point in time, or a duration, by the clock that the shell chose.
using base::instant;

/// Clocks that differ more leave hardly anything of a lease.
inline constexpr std::uint64_t lease_drift_ppm_max = 500'000;

/// Bounds and intervals of one peer. All peers of a group should use the same.
struct settings {
  /// A leader sends something to each follower at least this often.
  std::chrono::milliseconds heartbeat_interval{100};

  /// A follower that has heard from no leader for a time drawn between these
  /// two starts an election (paper, section 5.2). Within the minimum it refuses
  /// votes (thesis, section 4.2.3). A leader that no quorum has answered for
  /// the maximum steps down (thesis, section 6.2).
  std::chrono::milliseconds election_timeout_min{300};
  std::chrono::milliseconds election_timeout_max{600};

  /// How much this peer is wanted as the leader, from 0 to `priority_max`.
  /// Below `priority_usual` it campaigns later than others, by the maximal
  /// election timeout. A leader hands over to a voter with a higher priority
  /// than its own that has been up to date for ten such timeouts. With 0 it
  /// never leads: it votes, but does not campaign. If all voters that are left
  /// have 0, there is no leader.
  std::uint64_t priority = priority_usual;

  /// By how many millionths of its pace the monotonic clock of any member runs
  /// too fast or too slow, at most: from 1 to `lease_drift_ppm_max`. With that,
  /// reads can be answered by lease (see `consistency::lease`): each voter that
  /// has heard its leader promises neither to vote nor to campaign for the
  /// minimal election timeout, and the leader relies on it for less, see
  /// consensus/lease.hpp. A voter that was started again may have promised
  /// before; it keeps to that, by its own settings. 0: none of this.
  ///
  /// A leader relies only on promises that voters have made, so members may
  /// differ. **If a clock breaks the bound, or stands still while its process
  /// goes on later, reads by lease may show what was overwritten.** Nothing
  /// else depends on it.
  std::uint64_t lease_drift_ppm = 0;

  /// Whether commands that only read, as their senders say, are read by lease.
  /// @pre `lease_drift_ppm != 0`.
  bool commands_read_by_lease = false;

  /// A leader raises the level of the members (`membership::level`) to the
  /// version of messages that all of them speak, but no higher than
  /// `level_max`, when all have spoken it and been connected for so long: after
  /// that, nobody can go back to an older release. Not negative;
  /// `milliseconds::max()`: never.
  std::chrono::milliseconds level_after = std::chrono::milliseconds::max();
  std::uint64_t level_max = protocol_version;

  /// How many batches of new entries may be without a quorum at once. While
  /// they are, further entries collect and make the next batch. More than 1
  /// pays off where a round trip takes much longer than a sync.
  std::size_t batches_under_way_max = 1;

  /// A follower gets another append request with entries while fewer of them,
  /// and fewer bytes of entries, are unanswered.
  std::size_t requests_in_flight_max = 64;
  std::size_t bytes_in_flight_max = 4 << 20;

  /// How many bytes of entries one durable batch's new entries or one read from
  /// the disk should hold. A single larger entry still goes, alone.
  std::size_t batch_bytes_max = 1 << 20;

  /// How many bytes of entries one append request should hold. An entry with
  /// more data goes in pieces of so many bytes. Each request shows that the
  /// leader lives, and so must arrive well within the minimal election timeout,
  /// also over the slowest link.
  std::size_t frame_bytes_max = 64 << 10;

  /// How many bytes of entries may be on the wire to one follower, sent and not
  /// known to have arrived, before more is sent; the last frame may pass the
  /// bound. Whatever else is said to the follower waits behind them.
  std::size_t wire_bytes_max = 256 << 10;

  /// Largest command, in bytes. At most 64 MiB.
  std::size_t command_bytes_max = 8 << 20;

  /// A leader refuses commands as `busy` while entries of this many bytes are
  /// uncommitted, or not yet durable on its own disk.
  std::size_t uncommitted_bytes_max = 64 << 20;
  std::size_t undurable_bytes_max = 64 << 20;

  /// A leader refuses commands as `busy` while committed entries of this many
  /// bytes wait for its own state machine.
  std::size_t unapplied_bytes_max = 64 << 20;

  /// How many reads may wait at once; more are refused as `busy`.
  std::size_t reads_waiting_max = 64 << 10;

  /// How many bytes of entries may be at the applier.
  std::size_t applying_bytes_max = 16 << 20;

  /// How many bytes of the log's tail stay in memory. Entries that are not yet
  /// durable or not yet committed stay in any case.
  std::size_t log_bytes_in_memory = 32 << 20;

  /// Entries are dropped from the log when their effects are on this peer's
  /// disk and every member has them on its disk (but see
  /// `log_waits_for_absent`): when there are at least so many bytes of them,
  /// and so many bytes of the log's tail are kept, for subscribers that are
  /// behind. Of entries that an earlier process wrote only the number is known;
  /// they count as if they had no data.
  std::size_t compaction_bytes_min = 16 << 20;
  std::size_t log_bytes_kept = 64 << 20;

  /// Whether entries are kept until every member has them, one that is absent
  /// as well. False needs a shell that takes and sends snapshots: whoever comes
  /// back too late gets one. Then the bounds below apply.
  bool log_waits_for_absent = true;

  /// A leader keeps entries for members that are connected and answer, as long
  /// as the log is not longer than this, in bytes of entries. Who is slower
  /// than that gets a snapshot.
  std::size_t lagging_bytes_max = 256 << 20;

  /// To how many members a leader sends snapshots at once.
  std::size_t snapshots_sent_max = 2;

  /// Whether the state machine keeps its state on its disk. False needs a shell
  /// that takes snapshots: then the last one of our own stands for what is
  /// kept, and the following say when the next one is due. Each peer waits for
  /// somewhere between half of that and all of it, so that not all are busy
  /// with theirs at once.
  bool machine_keeps_state = true;

  /// A snapshot is due when it would take the place of entries of so many
  /// bytes, and of as many as the last one had, so that no more is written for
  /// snapshots than for the log.
  std::size_t snapshot_log_bytes = 64 << 20;

  /// Or of so many entries: a process that starts applies that many at most.
  std::uint64_t snapshot_log_entries = 1'000'000;

  /// Or of any, when the last one is so old; 0: that does not matter.
  std::chrono::milliseconds snapshot_interval{3'600'000};

  /// How many entries one durable batch drops at most. What goes with it waits
  /// no longer than for an ordinary batch.
  std::size_t compaction_entries_max = 16 << 10;

  /// How long a full disk is left alone before entries are tried again.
  std::chrono::milliseconds disk_retry_interval{500};
};

/// Says what is wrong with the settings, or returns null.
const char* complaint_about(const settings& x);

} // namespace raft::consensus
