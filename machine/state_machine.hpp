// The contract between Raft and the state machine that it replicates.

#pragma once

#include <raft/messages/apply.hpp>
#include <raft/messages/bytes.hpp>
#include <raft/messages/ids.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace raft::machine {

class durability;
class snapshotting;

/// The position of a command in the log, and its time.
struct apply_context {
  log_index index;
  /// Roughly the wall clock when the command was appended, in milliseconds
  /// since 1970. Never goes backwards, and advances about as fast as time
  /// passes, even if wall clocks jump. The only clock that `apply` may use.
  std::uint64_t time_ms = 0;
};

/// Tells what a command takes of the disk. A function of the command alone, for
/// any thread.
using space_estimate = space_needed (*)(const bytes& command);

/// A query that is answered in steps, between commands.
class slow_query {
public:
  virtual ~slow_query();

  /// Works for a millisecond or so. Called by the actor that calls `apply`, for
  /// as long as the machine lives.
  /// @returns the answer when it is complete; then it is not called again.
  virtual std::optional<bytes> step() = 0;
};

/// The base class of what users replicate.
///
/// Thread: all members are called by one actor, one after the other, never two
/// at a time; the thread may change from call to call.
///
/// Determinism: on every peer the same commands arrive in the same order, and
/// `apply` must do the same with them: no clock but `apply_context`, no random
/// numbers, no order of a hash table, no reading of files.
///
/// Errors: a command that makes no sense is answered with a reply that says so;
/// that is a normal result, the same on all peers. If `apply` throws, this peer
/// stops and names the index and the reason: what cannot be applied here must
/// not be skipped, and trying again would only fail again.
///
/// Restart: a new object is given the log from the start; commands that were
/// applied before arrive again, in the same order. A machine that keeps its
/// state on the disk returns a `durability`, and is given only what comes after
/// that state. Only then can the log be shortened. Client sessions are kept in
/// both cases.
class state_machine {
public:
  virtual ~state_machine();

  /// Applies one committed command and returns the reply for whoever sent it.
  virtual bytes apply(const apply_context& where, const bytes& command) = 0;

  /// Whether `apply` of this command changes nothing, whatever the state. When
  /// a client retries such a command, it may be applied again: nobody has
  /// answered it yet, so the newer reply is as good; and the reply, which may
  /// be large, need not be remembered. Clients may have such a command run
  /// without an entry, on any peer; where its context then says the last entry
  /// applied. Must be a function of the command alone.
  virtual bool only_reads(const bytes& command) const;

  /// Whether calls take microseconds, or little more than it takes to copy the
  /// reply, and wait for nothing but memory. Such a machine is run in the
  /// thread of its peer, where heartbeats live, too. Asked again and again: one
  /// that is prompt no more gets another thread, for good.
  virtual bool is_prompt() const noexcept;

  /// What commands take of the disk, for a machine whose `durability` says how
  /// much there is. Null: nobody knows, and all of them are taken.
  virtual space_estimate estimate_of_space() const noexcept;

  /// Answers a query from this peer's own state, which may lag behind. Must not
  /// change the state.
  virtual bytes query(const bytes& request) const;

  /// Begins to answer a query that takes long. The answer is about the state as
  /// it is now.
  /// @returns null if `query` is to answer it.
  virtual std::shared_ptr<slow_query> begin_query(const bytes& request);

  /// How the state gets to the disk; null if it does not.
  virtual machine::durability* durability() noexcept;

  /// How the state gets to another peer or to a file; null if it cannot.
  virtual machine::snapshotting* snapshotting() noexcept;
};

/// For which peer a state machine is to be made, and what its log holds.
struct machine_context {
  group_id group = {1};
  /// Identity of the peer's store, for machines that keep state beside it.
  std::string cluster = {};
  peer_id peer = {};
  incarnation_id incarnation = {};
  /// Entries up to here are no longer in the log: the state must be on the
  /// disk.
  log_index compacted = {};

  /// Most machines need no more than this.
  operator group_id() const noexcept {
    return group;
  }
};

/// Makes the state machine of a group before its peer starts, in the thread
/// that spawns the peer. May take a `group_id` in place of the context.
using state_machine_factory
  = std::function<std::unique_ptr<state_machine>(const machine_context&)>;

} // namespace raft::machine
