// The contract between Raft and what it replicates.

#pragma once

#include <raft/messages/bytes.hpp>
#include <raft/messages/ids.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace raft::machine {

/// Where a command stands in the log.
struct apply_context {
  log_index index;
  /// The leader's wall clock when it appended the command, in milliseconds
  /// since 1970. Never goes backwards. The only clock that `apply` may use.
  std::uint64_t time_ms = 0;
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
/// stops, naming index and reason: what can not be applied here must not be
/// skipped, and trying again would only fail again.
///
/// Restart: a new object is given the log from the start; commands that were
/// applied before arrive again, in the same order.
class state_machine {
public:
  virtual ~state_machine();

  /// Applies one committed command and returns the reply for whoever sent it.
  virtual bytes apply(const apply_context& where, const bytes& command) = 0;

  /// Answers a request from this peer's own state. Must not change it.
  virtual bytes query(const bytes& request) const;
};

/// Makes the state machine of a group when its peer starts.
using state_machine_factory
  = std::function<std::unique_ptr<state_machine>(group_id)>;

} // namespace raft::machine
