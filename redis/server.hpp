// The port for Redis clients.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/events/event.hpp>
#include <raft/links/address.hpp>
#include <raft/redis/limits.hpp>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>

namespace raft::redis {

/// What a server needs to know. Only `where` and `client` have no default.
struct server_options {
  /// Port 0 picks a free one.
  links::address where = {};
  /// Executes the commands. Must outlive the server, or at least answer.
  actors::client_actor client = {};
  /// Tells INFO about this peer; without one, INFO says so.
  actors::peer_actor peer = {};
  group_id group = {1};
  connection_limits limits = {};
  /// How many clients may be connected. Lowered if the process may not open so
  /// many files.
  std::size_t connections_max = 1000;
  /// How many files the process needs for other things: its data, its log, and
  /// other ports.
  std::size_t files_of_others = 64;
  /// Replies that a client does not read, in bytes. Past the bound the
  /// connection is closed.
  std::size_t unread_bytes_max = 64 << 20;
  /// The same for all clients together. Past the bound the client that has left
  /// most unread is closed.
  std::size_t unread_total_max = 256 << 20;
  /// What requests may hold that are unfinished or not answered, of all clients
  /// together, in bytes. Half of it is shared out evenly; the other half is for
  /// requests that are larger, one after the other if need be, so it is at
  /// least what one of them takes.
  std::size_t requests_total_max = 256 << 20;
  /// How long a client may take to finish a large request while others wait to
  /// send theirs. Past the bound its connection is closed.
  std::chrono::milliseconds request_patience{10'000};
  /// How long a client may take for its last replies before it is cut off.
  std::chrono::milliseconds linger{2000};
  /// Told what happens; and `failed`, from some thread, when the server ended
  /// before `stop`.
  events::sink on_event = events::abort_on_failure;
};

/// The server cannot be opened. The message says why, and what to do.
class server_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Serves Redis clients from construction to destruction. All connections share
/// one actor, which runs in the thread of the middleman.
class server {
public:
  /// @param system Must have been started with remoting and outlive the server.
  /// @throws server_error if the address cannot be listened at.
  server(caf::actor_system& system, const server_options& options);

  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  std::uint16_t port() const noexcept {
    return port_;
  }

  /// Ends the server: takes no more clients and requests, waits for what is
  /// under way, at most for `linger`, and closes all connections. Blocks until
  /// all is done. Called by the destructor.
  void stop();

private:
  caf::actor_system* system_;
  caf::actor actor_;
  group_id group_;
  events::sink on_event_;
  std::chrono::milliseconds patience_;
  std::uint16_t port_ = 0;
  /// Whether the end of the actor is wanted.
  std::shared_ptr<std::atomic<bool>> stopping_
    = std::make_shared<std::atomic<bool>>(false);
};

} // namespace raft::redis
