// A cluster as an actor, for actors of a process that is no member.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/client/client_options.hpp>
#include <raft/links/address.hpp>

#include <memory>
#include <vector>

namespace caf {
class actor_system;
}

namespace raft::client {

/// A client handle in an actor system of yours, with a session of its own. It
/// finds the leader, follows a change of leaders, and retries within its
/// session, so that each command takes effect at most once.
///
/// The system must have loaded the middleman (`actors::system_config{true}`)
/// and must outlive this object.
class client_handle {
public:
  /// Connects in the background; commands wait for it up to their deadline.
  /// @param servers The addresses of all peers: commands go to the leader
  ///        directly, so its address must be among them.
  client_handle(caf::actor_system& system,
                const std::vector<links::address>& servers,
                const client_options& options = {});

  /// Stops it.
  ~client_handle();

  client_handle(const client_handle&) = delete;
  client_handle& operator=(const client_handle&) = delete;

  /// Takes commands (`submit`), and queries, which it sends to the peer that it
  /// believes to lead.
  actors::client_actor actor() const;

  /// Ends the connections, and answers what is outstanding with `unknown` (or
  /// `rejected`, if surely nothing was appended). Blocks for some seconds at
  /// most; must not be called by an actor. May be called twice.
  void stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace raft::client
