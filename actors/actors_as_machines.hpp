// Makes the state machine of a peer, if it is an actor: at the start, and from
// a snapshot.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/actors/machine_factory.hpp>
#include <raft/actors/spawn.hpp>
#include <raft/messages/persist.hpp>

#include <memory>
#include <string>

namespace raft::snapshots {

class shelf;

} // namespace raft::snapshots

namespace raft::actors {

/// An actor that was spawned, and what it has.
struct found_machine {
  machine_actor handle;
  recovered found;
};

/// Spawns one machine after the other; each one has ended before the next one
/// is spawned. All members but `begin` may be called in any thread.
class actors_as_machines {
public:
  actors_as_machines(caf::actor_system& system, machine_actor_factory spawn,
                     const machine_limits& limits, const std::string& directory,
                     machine::machine_context context);

  /// Spawns the first one. One that keeps nothing on the disk and can be copied
  /// goes on where the newest snapshot ends, if there is any.
  /// @throws std::runtime_error if it does not say what it has, or does not
  /// take
  ///         over that snapshot, and whatever the factory throws.
  found_machine begin(const durable_state& log);

  /// Whether its state can be copied and taken over. Known once there was a
  /// first one.
  bool has_snapshots() const noexcept {
    return files_ != nullptr;
  }

  /// @pre `has_snapshots()`.
  const std::shared_ptr<const snapshots::shelf>& files() const noexcept {
    return files_;
  }

  /// Spawns another one that has the state of a snapshot.
  /// @throws as `begin`.
  found_machine renew(const std::string& path) const;

private:
  /// Spawns one, and takes it for good if `then` does not throw.
  template <class Then>
  found_machine spawn(Then then) const;

  caf::actor_system& system_;
  machine_actor_factory spawn_;
  machine_limits limits_;
  machine::machine_context context_;
  std::shared_ptr<const snapshots::shelf> files_;
};

} // namespace raft::actors
