// Makes the state machine of a peer, if it is a class: at the start, and from a
// snapshot.

#pragma once

#include <raft/actors/spawn.hpp>
#include <raft/machine/executor.hpp>
#include <raft/messages/persist.hpp>

#include <memory>
#include <string>

namespace raft::snapshots {

class shelf;

} // namespace raft::snapshots

namespace raft::actors {

/// Makes one machine after the other; each one is gone before the next one is
/// made. All members but `begin` may be called in any thread.
class class_of_machines {
public:
  class_of_machines(machine::state_machine_factory make,
                    snapshot_options options, machine::machine_context context);

  /// Makes the first one. Installs a snapshot first if the log begins behind
  /// that already. A machine that keeps nothing on the disk goes on where the
  /// newest snapshot ends, if there is any.
  /// @throws std::runtime_error if the log needs a snapshot that is not there,
  ///         and whatever the factory, or reading the snapshot, throws.
  std::shared_ptr<machine::executor> begin(const durable_state& log);

  /// Whether its state can be copied and taken over. Known once there was a
  /// first one.
  bool has_snapshots() const noexcept {
    return files_ != nullptr;
  }

  /// Whether it keeps its state on the disk. Known at that time, too.
  bool keeps_state() const noexcept {
    return keeps_state_;
  }

  /// @pre `has_snapshots()`.
  const std::shared_ptr<const snapshots::shelf>& files() const noexcept {
    return files_;
  }

  /// Makes another one that has the state of a snapshot.
  /// @throws machine::no_space to be called again later.
  std::shared_ptr<machine::executor> renew(const std::string& path) const;

private:
  std::shared_ptr<machine::executor> make() const;

  /// Puts a state in the place of the one on the disk.
  void replace_on_disk(const std::string& path, log_index applied) const;

  machine::state_machine_factory make_;
  snapshot_options options_;
  machine::machine_context context_;
  std::shared_ptr<const snapshots::shelf> files_;
  bool keeps_state_ = false;
};

} // namespace raft::actors
