// Machine conversation: what the applier says to a state machine that is an
// actor. docs/embedding.md has the contract.

#pragma once

#include <raft/messages/bytes.hpp>
#include <raft/messages/ids.hpp>
#include <raft/messages/versions.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace raft {

/// One client session as it is stored beside the state that its commands led
/// to. docs/format.md explains the bytes; whoever stores them adds a checksum.
struct session_record {
  /// 0 for the clock that all sessions share.
  session_id id;
  /// Empty if there is no such session any more.
  bytes data;

  friend bool operator==(const session_record&, const session_record&)
    = default;
};

/// Asks a state machine, before anything else, what it has on its disk.
/// Answered by `recovered`.
struct recover {
  group_id group;

  friend bool operator==(const recover&, const recover&) = default;
};

struct recovered {
  /// Whether it keeps its state on the disk. If not, it is never asked to
  /// checkpoint, and is given a copied state, or the log from the start.
  bool keeps_state = false;
  /// The state holds the effect of all entries up to here, and of no other.
  log_index applied;
  /// What it was given with that `checkpoint_state` and those before it: for
  /// each session the latest record.
  std::vector<session_record> sessions;
  /// What its state is called, as in `machine::snapshotting::state_format`, if
  /// it keeps nothing on the disk and takes `copy_state`, `read_state` and
  /// `take_state`. Empty if it does not.
  std::string state_format = {};

  friend bool operator==(const recovered&, const recovered&) = default;
};

template <>
inline constexpr std::size_t fields_at_first<recovered> = 3;

/// A committed command that is to take effect.
struct machine_command {
  log_index index;
  /// See `machine::apply_context::time_ms`: roughly the wall clock when the
  /// command was appended, in milliseconds since 1970. Never goes backwards.
  /// The only clock that may be used.
  std::uint64_t time_ms = 0;
  bytes data;

  friend bool operator==(const machine_command&, const machine_command&)
    = default;
};

/// Gives commands to a state machine, in order, each once. Answered by
/// `commands_applied`; several requests may be under way at once.
struct apply_commands {
  group_id group;
  /// At least one. Indexes that are missing are no commands, or retries of
  /// commands that took effect before.
  std::vector<machine_command> commands;

  friend bool operator==(const apply_commands&, const apply_commands&)
    = default;
};

struct commands_applied {
  /// One for each command, in their order; after a failure only for those
  /// before it.
  std::vector<bytes> replies;
  /// Why the next command could not be applied, so that the peer must stop;
  /// empty if all were applied.
  std::string failed;
  /// Whether so much has changed that it should be checkpointed soon.
  bool checkpoint_wanted = false;

  friend bool operator==(const commands_applied&, const commands_applied&)
    = default;
};

/// Asks a state machine to write its state to the disk, as it is after all
/// commands that it was given before, in one atomic step with the applied index
/// and the sessions. Answered by `checkpointed_up_to` when all of it is on the
/// disk; more commands may come meanwhile, but no other request of this kind.
struct checkpoint_state {
  group_id group;
  log_index applied;
  /// Those that changed since the last checkpoint.
  std::vector<session_record> sessions;

  friend bool operator==(const checkpoint_state&, const checkpoint_state&)
    = default;
};

struct checkpointed_up_to {
  log_index applied;

  friend bool operator==(const checkpointed_up_to&, const checkpointed_up_to&)
    = default;
};

/// Asks a state machine to set its state aside, as it is after all commands
/// that it was given before, in the place of one that it has set aside earlier.
/// Answered by `state_copied`, at once: commands wait for it.
struct copy_state {
  group_id group;
  /// The last entry whose effects it has.
  log_index applied;

  friend bool operator==(const copy_state&, const copy_state&) = default;
};

struct state_copied {
  log_index applied;

  friend bool operator==(const state_copied&, const state_copied&) = default;
};

/// Asks for a piece of the state that was set aside, while commands go on.
/// Answered by `state_piece`, or by an error if that is there no more. The next
/// one is asked for when that piece has been dealt with.
struct read_state {
  group_id group;
  /// As in `copy_state`.
  log_index applied;
  /// In bytes: where the piece before ended.
  std::uint64_t offset = 0;

  friend bool operator==(const read_state&, const read_state&) = default;
};

struct state_piece {
  /// Any number of bytes, best 64 KiB or so; none at the end.
  bytes data;

  friend bool operator==(const state_piece&, const state_piece&) = default;
};

/// Gives a new state machine a piece of a state that another one has set aside,
/// in order, before any command. Answered by `state_taken`, or by an error if
/// it makes no sense; then the machine is not used.
struct take_state {
  group_id group;
  log_index applied;
  /// In bytes.
  std::uint64_t offset = 0;
  /// None at the end: from then on, it has the effects of all entries up to
  /// `applied`.
  bytes data;

  friend bool operator==(const take_state&, const take_state&) = default;
};

struct state_taken {
  /// How many bytes have come.
  std::uint64_t offset = 0;

  friend bool operator==(const state_taken&, const state_taken&) = default;
};

} // namespace raft
