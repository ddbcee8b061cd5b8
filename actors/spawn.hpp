// Runs a Raft peer inside a program: an actor that replicates what it is sent.
//
//   using namespace raft;
//   using namespace raft::actors;
//
//   caf::actor_system system{config}; // an actors::system_config
//   std::map<peer_id, peer_actor> peers;
//   for (auto id : members)
//     peers[id] = spawn_peer(system, {
//       .store = persistence::make_memory_store({"demo", id, {id.value}}),
//       .machine = make_counter,
//       .bootstrap = members,
//     });
//   connect(peers);

#pragma once

#include <raft/actors/bounds.hpp>
#include <raft/actors/checkpointer.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/actors/machine_factory.hpp>
#include <raft/actors/strays.hpp>
#include <raft/base/clock.hpp>
#include <raft/consensus/settings.hpp>
#include <raft/events/event.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/persistence/founding.hpp>
#include <raft/persistence/store.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace caf {
class actor_system;
}

namespace raft::actors {

/// How a peer keeps and sends the state of its state machine.
struct snapshot_options {
  /// Where snapshots are kept, for this peer alone. Empty: there are none, and
  /// logs wait for whoever is absent. The same where the state machine cannot
  /// be copied, see machine/snapshot.hpp: if it has no `snapshotting`, or keeps
  /// its state on the disk and there is no `restoration`; an actor, if it has
  /// no `recovered::state_format`.
  std::string directory = {};
  /// For a state machine that keeps its state on the disk.
  machine::restoration_factory restoration = {};
  /// At what rate they are written, and sent to all followers together; 0 for
  /// no limit. What commands need of disk and network comes on top.
  std::uint64_t bytes_per_second = snapshot_bytes_per_second_default;
};

/// What `spawn_peer` needs to know. Only `store` has no default, and either
/// `machine` or `spawn_machine` must be given.
struct peer_options {
  /// The peer's durable state, which also says who the peer is.
  std::shared_ptr<persistence::store> store = {};

  /// Makes the state machine; called by `spawn_peer`, and whenever a snapshot
  /// has taken the place of the state, in another thread. The one before is
  /// gone by then.
  machine::state_machine_factory machine = {};

  /// Instead of `machine`: spawns an actor that is the state machine; called as
  /// `machine` is. The actor then belongs to the peer, which stops it.
  machine_actor_factory spawn_machine = {};

  /// The members to found the group with, if the store knows none. Leave it
  /// empty on a peer that lost its store: it has forgotten its vote and must
  /// not vote a second time. Such a peer stays outside until it is told to join
  /// (`join_group`), as a new member.
  std::vector<peer_id> bootstrap = {};
  /// See `peer_parts::addresses`.
  std::map<peer_id, std::string> addresses = {};

  snapshot_options snapshots = {};

  group_id group = {1};
  consensus::settings settings = {};
  peer_bounds bounds = {};

  /// A persister of the same store that several groups share. Whoever spawned
  /// it stops it, after the peers. If there is none, the peer gets its own.
  persister_actor persister = {};

  /// Whether the peer runs in the middleman's thread, see `peer_parts`, and its
  /// applier beside it, see `applier_options`, unless that gets a thread.
  bool in_middleman = false;
  /// Whether the persister gets a thread, see `persister_options`.
  bool persister_detached = true;
  /// Whether the applier gets a thread, see `applier_options`.
  bool applier_detached = false;

  /// Told what happens, in the context of the peer's actors: what it decides
  /// and why, whether its disk has room, and that it ends (`events::failed`).
  /// Whoever brings a sink ends the process then, see `events::sink`;
  /// `events::or_abort` does that for any.
  events::sink on_event = events::abort_on_failure;
  /// Counts what other processes may not send to the actors of this peer.
  strays_ptr strays = {};

  /// Bounds for the actor that `spawn_machine` spawns.
  machine_limits actor_machine = {};

  /// How long changes wait at most to be checkpointed when there are few. Peers
  /// whose state machine is a class wait for half of it to all of it, each for
  /// another time, so that they do not all checkpoint at once.
  std::chrono::milliseconds checkpoint_after = checkpoint_after_default;

  base::clocks time = {};
  /// Seeds the election timeouts; drawn at random if not given.
  std::optional<std::uint64_t> seed = {};
};

/// Spawns a peer with all that belongs to it: persister, reader, applier, state
/// machine. `stop` ends all of it; then the store may be opened again.
/// @throws persistence::store_error if the store cannot be read, or cannot be
///         written when it is to be founded.
/// @throws std::invalid_argument if the options make no sense.
/// @throws std::runtime_error if log and state machine do not fit together, or
///         if a state machine that is an actor does not tell what it has; the
///         text says what to do.
/// @throws whatever the factory of the state machine throws.
peer_actor spawn_peer(caf::actor_system& system, peer_options options);

/// Gives every peer the handles of the others, all in one process. Call it
/// again after one of them was replaced.
void connect(const std::map<peer_id, peer_actor>& peers);

/// `spawn_peer` does this for a peer with a persister of its own. Call it
/// before anybody spawns a persister on the store.
using persistence::found_group;

} // namespace raft::actors
