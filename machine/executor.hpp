// Runs committed entries: the state machine with client sessions around it.

#pragma once

#include <raft/machine/state_machine.hpp>
#include <raft/messages/apply.hpp>
#include <raft/messages/entry.hpp>

#include <memory>

namespace raft::machine {

class sessions;
struct session_bounds;

/// Gives each command to the state machine exactly once, however often clients
/// retried it (thesis, section 6.3). A pure object: the applier actor and the
/// simulator use this same class.
class executor {
public:
  explicit executor(std::unique_ptr<state_machine> what);

  executor(std::unique_ptr<state_machine> what, const session_bounds& bounds);

  ~executor();

  /// Applies the next committed entry, of any kind. Entries without an effect
  /// on the state machine are `done` with an empty reply.
  /// @throws std::logic_error if `x.index` does not follow `applied()`;
  /// whatever
  ///         `state_machine::apply` throws. `applied()` then stays and this
  ///         object must not be used for anything but `applied`.
  apply_result apply(const entry& x);

  /// Asks the state machine.
  bytes query(const bytes& request) const;

  /// Last entry applied.
  log_index applied() const noexcept;

private:
  apply_result apply_command(const entry& x);

  std::unique_ptr<state_machine> machine_;
  std::unique_ptr<sessions> sessions_;
  log_index applied_;
};

} // namespace raft::machine
