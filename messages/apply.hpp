// Apply conversation: committed entries go to the state machine.

#pragma once

#include <raft/messages/entry.hpp>

#include <cstdint>
#include <limits>
#include <vector>

namespace raft {

/// What became of one applied entry.
enum class apply_status : std::uint8_t {
  /// It took effect, now or (a retry) earlier; the reply is the same.
  done = 0,
  /// Its session is unknown or expired; it had no effect.
  session_expired = 1,
  /// Its session no longer keeps a reply to it, if there ever was one. It had
  /// no effect now; perhaps it had one earlier, so whoever waits for it is
  /// answered `unknown`.
  stale = 2,
  /// It only reads, and its reply would be longer than there is room for: it
  /// was not given, and asking again does no harm.
  no_space = 3,
  /// It was to be applied without an entry, and does not only read. It had no
  /// effect.
  not_a_read = 4,
};

/// What an entry takes of the disk of a state machine when its effects get
/// there.
struct space_needed {
  /// At most so many bytes.
  std::uint64_t bytes = 0;
  /// Whether it only reads or erases: what makes room, and what needs hardly
  /// any, is taken where nothing else is.
  bool sparing = false;
};

/// How much room on the disk entries may still need that follow those which a
/// state machine has applied, in bytes as `space_needed` counts them. Whatever
/// keeps to that is sure to get to the disk.
struct space_left {
  static constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();

  /// For all of them; `unlimited` unless the disk is full.
  std::uint64_t any = unlimited;
  /// For all of them, if they only read and erase.
  std::uint64_t sparing = unlimited;

  friend bool operator==(const space_left&, const space_left&) = default;
};

/// Gives committed entries to the applier, in order, each once.
struct apply {
  group_id group;
  std::vector<entry> entries;
  /// Whether anybody waits for replies: a leader does, a follower does not.
  bool results_wanted = false;
  /// How far this peer's log is on its disk, as of now. What a state machine
  /// keeps on the disk must never be ahead of that, or its peer could not start
  /// again. Requests without entries come just to tell this.
  log_index durable = {};
  /// How many bytes there is room for, of replies to commands that only read.
  std::uint64_t replies_max = std::numeric_limits<std::uint64_t>::max();
  /// Whether whoever asks takes commands according to `applied::room`, and of
  /// the entries that follow these, how many bytes there are by now.
  bool space_wanted = false;
  std::uint64_t following = 0;

  friend bool operator==(const apply&, const apply&) = default;
};

struct apply_result {
  log_index index;
  apply_status status = apply_status::done;
  bytes reply;

  friend bool operator==(const apply_result&, const apply_result&) = default;
};

/// Asks for commands that only read, as of what was applied, without entries.
struct run_reads {
  group_id group;
  std::vector<bytes> commands;
  /// How many bytes there is room for, of all replies.
  std::uint64_t replies_max = std::numeric_limits<std::uint64_t>::max();

  friend bool operator==(const run_reads&, const run_reads&) = default;
};

/// The answer.
struct reads_run {
  /// One for each command, in order; the index is that of the last entry
  /// applied.
  std::vector<apply_result> results;

  friend bool operator==(const reads_run&, const reads_run&) = default;
};

/// The answer, after all entries of the request took effect. An applier also
/// sends it to its peer unasked, without results, when more of what was applied
/// has reached the disk.
struct applied {
  group_id group;
  /// Last entry applied.
  log_index index;
  /// One per command and session entry if wanted, in log order; else empty.
  std::vector<apply_result> results;
  /// Last entry whose effects the state machine has on its disk: after a
  /// restart it goes on behind it. 0 if it keeps nothing.
  log_index durable = {};
  /// What is left behind `index`, if it was wanted.
  space_left space = {};

  friend bool operator==(const applied&, const applied&) = default;
};

} // namespace raft
