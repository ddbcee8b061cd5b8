// One process of a cluster: its actors, put together and taken apart.
//
//   raft::actors::system_config config{true}; // with remote actors
//   caf::actor_system system{config};
//   raft::cluster::configuration me;
//   me.id = {1};
//   me.members = {{{1}, {"127.0.0.1", 7001}}, {{2}, {"127.0.0.1", 7002}},
//                 {{3}, {"127.0.0.1", 7003}}};
//   me.data_directory = "data1";
//   me.bootstrap = true; // the first time
//   raft::cluster::node node{system, me, make_my_state_machine};
//   self->request(node.client(), 5s, raft::submit{{1}, command, 5000});

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/actors/machine_factory.hpp>
#include <raft/cluster/configuration.hpp>
#include <raft/events/event.hpp>
#include <raft/links/link_state.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/persistence/store.hpp>

#include <cstdint>
#include <memory>

namespace caf {
class actor_system;
}

namespace raft::cluster {

/// What a program may choose beyond the configuration.
struct node_options {
  /// Told what happens, from several threads: roles, links, refusals; and
  /// `events::failed`, once, when the disk or the state machine failed, or when
  /// an actor of this node ended before `stop` for whatever other reason. The
  /// peer has ended then, and who brings a sink ends the process; the default
  /// does so by `abort`, and `events::or_abort` adds that to any sink.
  events::sink on_event = events::abort_on_failure;
  /// A store to use instead of the one in the data directory.
  std::shared_ptr<persistence::store> store = {};
  /// Whether peer and client handle run in the thread of CAF's middleman, which
  /// receives what other processes send. This saves hand-offs between threads,
  /// see `actors::peer_parts`.
  bool in_middleman = true;
  /// Whether the state machine gets a thread of its own.
  bool applier_detached = false;
  /// Puts snapshots in the place of a state that the machine keeps on the disk.
  /// Without it, such a machine has none, see `actors::snapshot_options`.
  machine::restoration_factory restoration = {};
  /// Bounds for a state machine that is an actor.
  actors::machine_limits actor_machine = {};
  /// How many bytes of changes the state machine may hold that are not on its
  /// disk yet; as many again may be on their way there. The node warns when the
  /// log is longer than this and its own settings explain.
  std::uint64_t dirty_bytes_max = 64 << 20;
  links::link_timing timing = {};
};

/// A running node. The actor system must have loaded the middleman
/// (`actors::system_config{true}`) and must outlive the node.
class node {
public:
  /// Opens the store, starts the peer, listens, and connects to the others in
  /// the background.
  /// @throws configuration_error if the configuration cannot work.
  /// @throws persistence::store_error if the store cannot be opened.
  /// @throws std::runtime_error if the node cannot listen at the address.
  node(caf::actor_system& system, configuration config,
       machine::state_machine_factory machine, node_options options = {});

  /// The same for a state machine that is an actor, see
  /// `actors::peer_options::spawn_machine`.
  node(caf::actor_system& system, configuration config,
       actors::machine_actor_factory spawn_machine, node_options options = {});

  /// Stops it.
  ~node();

  node(const node&) = delete;
  node& operator=(const node&) = delete;

  const actors::peer_actor& peer() const noexcept;

  /// A client handle, for servers of other protocols: takes commands for the
  /// cluster, wherever the leader is.
  actors::client_actor client() const;

  /// Where this node listens, with the actual port if it asked for port 0.
  const address& where() const noexcept;

  const configuration& config() const noexcept;

  /// If this node leads, has the voter that is best fit take over, so that
  /// clients need not wait for an election. Blocks until another one leads, but
  /// for no longer than about two election timeouts; must not be called by an
  /// actor. Does nothing if it does not lead.
  /// @returns whether another one leads now, as far as this node knows.
  bool hand_over();

  /// Hands over, then stops listening, the links, the client handle, and the
  /// peer with its applier and persister, in this order. Stop your own servers
  /// of other protocols first. Blocks until the last commit; must not be called
  /// by an actor. May be called twice.
  void stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace raft::cluster
