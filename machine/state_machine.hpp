// The contract between Raft and what it replicates.

#pragma once

#include <raft/messages/bytes.hpp>
#include <raft/messages/ids.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace raft::machine {

class durability;

/// Where a command stands in the log.
struct apply_context {
  log_index index;
  /// About the wall clock when the command was appended, in milliseconds since
  /// 1970. Never goes backwards, and advances about as fast as time passes,
  /// whatever wall clocks show. The only clock that `apply` may use.
  std::uint64_t time_ms = 0;
};

/// A request that is answered in steps, between commands.
class slow_query {
public:
  virtual ~slow_query();

  /// Goes on for a millisecond or so. Called where `apply` is, as long as the
  /// machine lives.
  /// @returns the answer, once it is there; then it is not called again.
  virtual std::optional<bytes> step() = 0;
};

/// What users replicate: they derive from this class.
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
/// stops, naming index and reason: what cannot be applied here must not be
/// skipped, and trying again would only fail again.
///
/// Restart: a new object is given the log from the start; commands that were
/// applied before arrive again, in the same order. A machine that keeps its
/// state on the disk returns a `durability` and is given what comes after that.
/// Only then can the log be shortened. Client sessions are kept for both.
class state_machine {
public:
  virtual ~state_machine();

  /// Applies one committed command and returns the reply for whoever sent it.
  virtual bytes apply(const apply_context& where, const bytes& command) = 0;

  /// Whether `apply` of this command changes nothing, whatever the state. Such
  /// a command may be applied again when a client retries it: nobody has
  /// answered it yet, so the newer reply is as good; and the reply, which may
  /// be large, needs not be remembered. A function of the command alone.
  virtual bool only_reads(const bytes& command) const;

  /// Answers a request from this peer's own state. Must not change it.
  virtual bytes query(const bytes& request) const;

  /// Begins to answer a request whose answer takes long. It speaks of the state
  /// as it is now.
  /// @returns null if `query` answers it.
  virtual std::shared_ptr<slow_query> begin_query(const bytes& request);

  /// How the state gets to the disk; null, if it does not.
  virtual machine::durability* durability() noexcept;
};

/// Whose state machine is to be made, and what its log holds.
struct machine_context {
  group_id group = {1};
  /// Identity of the peer's store, for whoever keeps state beside it.
  std::string cluster = {};
  peer_id peer = {};
  incarnation_id incarnation = {};
  /// Entries up to here are no longer in the log: the state must be on the
  /// disk.
  log_index compacted = {};

  /// Most machines want to know no more than this.
  operator group_id() const noexcept {
    return group;
  }
};

/// Makes the state machine of a group before its peer starts, in the thread
/// that spawns the peer. May take a `group_id` in place of the context.
using state_machine_factory
  = std::function<std::unique_ptr<state_machine>(const machine_context&)>;

} // namespace raft::machine
