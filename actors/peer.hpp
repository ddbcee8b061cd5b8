// The peer actor: carries out what the consensus core decides.
//
// This is the lower level, for those who bring their own persister and applier.
// <raft/actors/spawn.hpp> puts the three together.

#pragma once

#include <raft/actors/bounds.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/actors/snapshot_parts.hpp>
#include <raft/actors/strays.hpp>
#include <raft/base/clock.hpp>
#include <raft/consensus/core.hpp>
#include <raft/consensus/settings.hpp>
#include <raft/events/event.hpp>
#include <raft/machine/state_machine.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace caf {
class actor_system;
}

namespace raft::actors {

/// Everything that a peer is made of.
struct peer_parts {
  consensus::identity self = {};
  /// @pre `complaint_about(settings) == nullptr`.
  consensus::settings settings = {};
  peer_bounds bounds = {};

  /// What the store held, see `consensus::core`.
  durable_state recovered = {};
  std::vector<entry> tail = {};
  /// Last entry whose effects the applier's state machine still has; 0 if it
  /// starts empty.
  log_index applied = {};

  /// What its commands take of the disk, and how much there is.
  machine::space_estimate space_of = nullptr;
  space_left space = {};

  persister_actor persister = {};
  /// Reads entries that only the disk has; belongs to this peer, which stops
  /// it.
  reader_actor reader = {};
  /// Belongs to this peer, which stops it when it ends.
  applier_actor applier = {};
  snapshot_parts snapshots = {};
  /// Where members are configured to be, as "host:port".
  std::map<peer_id, std::string> addresses = {};
  /// Whether the persister serves this peer alone and is stopped with it.
  bool owns_persister = false;

  base::clocks time = {};
  /// Told what the core decides; and `failed`, at most once, when persister or
  /// applier failed: the peer then ends.
  events::sink on_event = events::abort_on_failure;
  /// Counts what other processes may not send; may be null.
  strays_ptr strays = {};

  /// Whether the peer runs in the middleman's thread, as a typed broker. That
  /// saves two hand-offs between threads for each message from another process.
  /// The system must have loaded the middleman.
  bool in_middleman = false;
};

/// Spawns a peer. Besides what its interface says:
///
/// - It knows no other peer until `link_up`. Messages to peers that are not
///   linked are dropped, and so are those that do not come from the process
///   where the linked one is.
/// - Another peer that sends what cannot be true is linked no more; whoever
///   sent the `link_up`, with an address, is told by `distrust`. Without one
///   the link stays, as nobody could bring it back.
/// - `execute` and `open_session` are always answered, at the latest when the
///   peer ends; `outcome::unknown` if leadership was lost before the entry was
///   committed.
/// - `transfer_leadership` is answered at once if it is refused; when it was
///   begun, as soon as another leader is known, or the peer leads on.
/// - Other processes can send what clients send (`start`, `execute`, `fetch`,
///   `open_session`, `query`, `get_state`, `transfer_leadership`,
///   `change_members`, `take_snapshot`, `read_snapshot`, `subscribe`, `credit`)
///   and what peers send each other. All else, exit messages included, must
///   come from this process, and is dropped and counted otherwise.
/// - `credit` must come from the subscriber itself. A `delivery` without
///   entries ends a subscription: what it needs next was compacted away.
/// - An observer is told the state at the time of `observe` before that is
///   answered, and then each change, see `leadership`. When the peer is
///   stopped, or ends because something failed, it first tells that it does not
///   lead any more, if it did. One that is killed tells nothing: monitor it.
/// - A request for another group is answered with an error, `fetch` without a
///   piece.
/// - `stop` is answered when nothing of the peer can act any more, however
///   often it is sent.
///
/// @throws std::invalid_argument if the parts make no sense.
/// @throws std::runtime_error if log and state machine do not fit together.
peer_actor launch_peer(caf::actor_system& system, peer_parts parts);

} // namespace raft::actors
