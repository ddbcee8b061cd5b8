// Keeps connections to other processes: answers those who connect, connects
// where it is this side's turn, and tells the local actors who can be reached.

#pragma once

#include <raft/actors/caf/port.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/actors/strays.hpp>
#include <raft/events/event.hpp>
#include <raft/links/address.hpp>
#include <raft/links/link_board.hpp>
#include <raft/links/link_state.hpp>
#include <raft/messages/identity.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace caf {
class actor_system;
}

namespace raft::links {

/// The actor that keeps the links. It is what a server publishes at its port.
using links_actor = actors::acceptor_actor::extend<
  // From this process's peer: it found that another one sends what cannot be
  // true.
  actors::takes<distrust>,
  // From it as well: there are other members.
  actors::takes<actors::members_are>,
  // From itself: some link wanted to be woken.
  actors::takes<wake>,
  // End; nobody is told that links went down.
  actors::answers<stop, stopped>>;

/// Whose links they are, and to which members.
struct links_options {
  std::string cluster = {};
  group_id group = {1};
  /// Who we are; 0 for a process that is only a client.
  peer_id self = {};
  incarnation_id incarnation = {};
  version_range speaks = {};
  /// The members that our group was founded with; none if our store is empty.
  std::vector<peer_id> founders = {};
  /// All members that our log knows of, oldest first; the last are those in
  /// force. None if our store is empty.
  std::vector<membership> members = {};
  /// Whether an empty store is to belong to the first cluster that says that we
  /// are a member of it.
  bool joins = false;
  /// What our store remembers, and who makes durable what it learns.
  store_memory memory = {};
  actors::persister_actor persister = {};
  /// Where the others are configured to be. A peer's links lead to the members
  /// in force, there or where the log says that they have moved to. Clients may
  /// leave out the ids: they learn them.
  std::vector<member> remotes = {};

  /// This process's peer, which gets the handles of the others and is sent with
  /// our `hello`; none for a client.
  actors::peer_actor peer = {};
  /// Gets the handles of the others, too; may be none.
  actors::contact_actor contact = {};

  /// Checks what comes over the connections; none for one of its own.
  std::shared_ptr<actors::port_guard> guard = {};
  /// Is told how the links are, if given.
  std::shared_ptr<link_board> board = {};

  link_timing timing = {};
  /// Seeds the pauses.
  std::uint64_t seed = 0;
  events::sink on_event = {};
  /// Counts what other processes may not send; may be null.
  actors::strays_ptr strays = {};
};

/// Spawns the links. Between two peers the one with a vote connects, or, if
/// both have one or none, the one with the lower id: CAF 1.1 may lose handles
/// when both do at once. Only if it has not come for `link_timing::fallback`,
/// perhaps because it cannot, the other one does. One connection serves both
/// ways.
///
/// A link is up once `hello` was answered by a `welcome`, both sides found that
/// they belong together (consensus/acquaintances.hpp), and what they must
/// remember of each other is on their disks. It goes down when the
/// other peer ends, or its connection is lost; silence is noticed by CAF's
/// heartbeats. Then the lower id connects again, with growing pauses. It also
/// goes down when this process's peer says that the other one sends what cannot
/// be true (`distrust`), when the other side says so (`farewell`), or some
/// time after the other one was removed from the members.
links_actor spawn_links(caf::actor_system& system, links_options options);

} // namespace raft::links
