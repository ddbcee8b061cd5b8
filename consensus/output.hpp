// What the core wants done: its contract with the shell, which is whoever calls
// the core: the peer actor, or the simulator.

#pragma once

#include <raft/consensus/note.hpp>
#include <raft/consensus/settings.hpp>
#include <raft/messages/append.hpp>
#include <raft/messages/install.hpp>
#include <raft/messages/persist.hpp>
#include <raft/messages/read_index.hpp>
#include <raft/messages/transfer.hpp>
#include <raft/messages/vote.hpp>

#include <optional>
#include <variant>
#include <vector>

namespace raft::consensus {

/// A message to the peer that its header names.
using message
  = std::variant<vote_request, vote_reply, append_request, append_reply,
                 read_index_request, read_index_reply, timeout_now>;

/// Reads that have waited for long enough, or in vain.
struct read_verdict {
  /// It is about all reads from `first` to `last`, both inclusive.
  read_number first;
  read_number last;
  /// `none`: the state machine, as it is now, holds all that was committed when
  /// the reads were begun. Otherwise nothing is known, and `leader()` may tell
  /// whom to ask.
  reject_reason reason = reject_reason::none;

  friend bool operator==(const read_verdict&, const read_verdict&) = default;
};

/// A part of a snapshot to send. The shell reads it, fills `request.data` in,
/// and sends it, at what rate it likes, but in order for each peer. What it
/// cannot send it drops.
struct chunk_to_send {
  install_request request;
  /// How many bytes; 0: it only asks, and goes as it is.
  std::uint64_t size = 0;
};

/// A part of a snapshot that came, to be written. Parts of one snapshot come
/// without a gap, from the byte on where the last one ended, or `chunk_refused`
/// said. If it is not of the same snapshot as the part before, that one is not
/// wanted any more.
struct chunk_to_store {
  snapshot_head snapshot;
  std::uint64_t offset = 0;
  bytes data;
};

/// What the shell owes the core after an input, in this order:
///
///  1. Send `messages`. They may leave at once; whatever must wait for the
///     disk is still inside the core. A message to a peer without a connection
///     is dropped, never kept.
///  2. If there is a `batch`, make it durable in one atomic write. There is
///     none other until `persisted` was fed back for this one.
///  3. When it is durable, feed `persisted` back with its number. Only then do
///     the answers that waited for it come out as `messages`. If there was no
///     room for it and nothing of it was written, feed `refused` back. If it
///     cannot be made durable for any other reason, the process ends: there
///     is no input for that.
///  4. Give `committed` to the state machine, in order, and feed `applied` back
///     when it is done, or when more of what it did is on its disk. This may
///     run beside 1 to 3.
///  5. Carry out `reads` and feed `entries_read` back.
///  6. Answer the reads in `verdicts`: those that are granted by asking the
///     state machine now, or later.
///  7. Call `advance` at `wake_at`, or later, or earlier.
///  8. End the links to those in `distrusted`, and feed `link_down` back. They
///     may come again after a pause, which grows each time.
///
/// With snapshots, in which case `settings::log_waits_for_absent` may be false:
///
///  9. Send `install_replies`, as `messages`.
/// 10. Send `chunks_to_send`. If a snapshot cannot be read any more, feed
///     `snapshot_lost` back.
/// 11. Write `chunks_to_store`, sync them, and feed `chunk_stored` back; where
///     there is no room, `chunk_refused`. Before the last byte is reported, the
///     bytes are found to have the checksum; if not, the file goes, and
///     `snapshot_lost` is fed back.
/// 12. Take a snapshot if `take_snapshot` says so and none is being taken;
///     when it is durable, feed `snapshot_taken` back. Of a machine that keeps
///     nothing, it must not be ahead of the log's disk: a process that starts
///     goes on with the newest one.
/// 13. Give the state machine what `install` holds, instead of its state and of
///     all that it was to apply; when it has that on its disk, feed `installed`
///     back. The log was reset before, and the store remembers that
///     (`durable_state::installing`): whoever starts again does this first.
/// 14. Keep each snapshot for which `needs_snapshot` is true, and erase others.
///
/// So a snapshot is durable before the log is reset, that before the state
/// machine changes, and that before the leader hears of it.
///
/// Nothing here is repeated: what a shell drops is gone, except for messages,
/// which Raft can lose.
struct output {
  std::vector<message> messages;
  std::optional<persist> batch;
  std::vector<entry> committed;
  std::vector<read_entries> reads;
  std::vector<read_verdict> verdicts;
  std::vector<install_reply> install_replies;
  std::vector<chunk_to_send> chunks_to_send;
  std::vector<chunk_to_store> chunks_to_store;
  bool take_snapshot = false;
  std::optional<snapshot_head> install;
  /// What happened and why, for logs and for tests. Carries no duty.
  std::vector<note> notes;
  /// Those of the notes that report a peer that sends what cannot be true.
  std::vector<note> distrusted;
  /// `instant::max()` if there is nothing to wait for.
  instant wake_at{0};
};

} // namespace raft::consensus
