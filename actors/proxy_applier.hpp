// The proxy applier: the applier of a group whose state machine is an actor.

#pragma once

#include <raft/actors/bounds.hpp>
#include <raft/actors/checkpointer.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/actors/machine_factory.hpp>
#include <raft/actors/strays.hpp>
#include <raft/events/event.hpp>
#include <raft/messages/ids.hpp>
#include <raft/messages/machine.hpp>

#include <chrono>

namespace caf {
class actor_system;
}

namespace raft::actors {

struct proxy_applier_options {
  group_id group = {1};

  /// The state machine. Belongs to the proxy applier, which stops it.
  machine_actor machine = {};

  /// What it said that it has.
  recovered found = {};

  machine_limits limits = {};

  /// Told `failed`, with index and reason, once, when the state machine could
  /// not apply a command, did not answer as it must, could not checkpoint, or
  /// ended. Then the proxy_applier ends, too, and its peer with it. Also told
  /// when the state machine does not end in time, or cannot checkpoint at its
  /// end.
  events::sink on_event = events::abort_on_failure;
  /// Counts what other processes send; may be null.
  strays_ptr strays = {};

  /// What was applied is to be checkpointed about so long after, also if it is
  /// little.
  std::chrono::milliseconds checkpoint_after = checkpoint_after_default;
};

/// Spawns the applier of a group that has its state machine in another actor.
/// It expects the log from behind `options.found.applied`.
///
/// Sessions are handled here: a command reaches the state machine once, however
/// often it stands in the log. `apply` is answered when the state machine has
/// replied to all commands of it; while it does not, only
/// `options.limits.window` is on its way to it, and the rest waits here, up to
/// what the peer hands out (`consensus::settings::applying_bytes_max`).
///
/// While a checkpoint is due, entries wait until the log is durable as far as
/// they were applied, and until the replies to them are there: sessions can
/// only be checkpointed with all replies in them.
/// @throws std::invalid_argument if there is no state machine, or if the limits
///         let nothing through.
/// @throws std::runtime_error if stored sessions cannot be understood.
applier_actor spawn_proxy_applier(caf::actor_system& system,
                                  proxy_applier_options options);

/// Asks a state machine what it has on its disk.
/// @throws std::runtime_error if it answers with an error, or not in time.
recovered ask_for_state(caf::actor_system& system, const machine_actor& machine,
                        group_id group, std::chrono::milliseconds deadline);

/// Stops a state machine that has no proxy applier, and waits until it has
/// ended. One that takes too long is killed.
void end_machine(caf::actor_system& system, const machine_actor& machine,
                 group_id group, std::chrono::milliseconds deadline);

} // namespace raft::actors
