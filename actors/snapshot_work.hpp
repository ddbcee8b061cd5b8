// What a peer, its applier and its keeper of snapshots tell each other. Stays
// within the process.

#pragma once

#include <raft/messages/backup.hpp>
#include <raft/messages/bytes.hpp>
#include <raft/messages/persist.hpp>
#include <raft/messages/snapshot.hpp>

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace raft::machine {

struct snapshot;

} // namespace raft::machine

namespace raft::actors {

class fresh_machine;

/// Asks an applier for the state of its machine, frozen.
struct freeze_state {
  /// It has the effects of all entries up to here, at least.
  log_index at_least;
};

struct state_frozen {
  /// Null if it cannot be now, but can be later.
  std::shared_ptr<machine::snapshot> state;
};

/// What became of work on a file.
enum class file_outcome : std::uint8_t {
  done,
  /// There is no room; what there was of the snapshot is gone.
  no_space,
  /// The state machine needs back what the frozen state holds; another one can
  /// be had.
  given_up,
  /// The file is not what it should be, and is gone; or the disk fails.
  failed,
};

/// Asks for a frozen state to be written to a file.
struct store_state {
  std::shared_ptr<machine::snapshot> state;
  /// The last entry whose effects it has, and what the log knows as of then.
  log_position last;
  membership members;
  cluster_id cluster;
};

struct state_stored {
  file_outcome outcome = file_outcome::done;
  /// Why not, for people.
  std::string reason;
  snapshot_head head;
};

/// Asks for a part of a file, at the keeper's rate.
struct read_part {
  snapshot_head head;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct part_read {
  file_outcome outcome = file_outcome::done;
  std::string reason;
  bytes data;
};

/// Asks for a part of a snapshot that comes to be written. If it does not begin
/// where the last one of that snapshot ended, it is dropped.
struct store_part {
  snapshot_head head;
  std::uint64_t offset = 0;
  bytes data;
};

/// Answers when it is on the disk.
struct part_stored {
  file_outcome outcome = file_outcome::done;
  std::string reason;
  /// How much of it is on the disk by now.
  std::uint64_t stored = 0;
};

/// Asks what earlier processes left.
struct find_snapshots {
  /// What the log was at the start.
  durable_state log;
};

struct snapshots_found {
  std::optional<snapshot_head> newest;
  /// The one that was coming, and how much of it is there.
  std::optional<snapshot_head> coming;
  std::uint64_t stored = 0;
};

/// Asks for a state machine that has the state of a snapshot, in the place of
/// one that is gone.
struct renew_machine {
  snapshot_head head;
};

struct machine_renewed {
  /// `no_space`: to be tried again; `failed`: final.
  file_outcome outcome = file_outcome::done;
  std::string reason;
  std::shared_ptr<fresh_machine> machine;
};

/// A snapshot is of no use any more.
struct forget_snapshot {
  snapshot_head head;
};

} // namespace raft::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::freeze_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::state_frozen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::store_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::state_stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::read_part)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::part_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::store_part)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::part_stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::find_snapshots)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::snapshots_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::renew_machine)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::machine_renewed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raft::actors::forget_snapshot)
