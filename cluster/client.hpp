// For programs outside the actor world: a cluster as an object that blocks.

#pragma once

#include <raft/cluster/configuration.hpp>
#include <raft/messages/client.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace raft::cluster {

/// How a client behaves.
struct client_options {
  /// Name of the cluster; another one refuses us.
  std::string cluster = "raft";
  group_id group{1};
  /// How long `state` and `query` wait for one server, connecting included.
  std::chrono::milliseconds server_deadline{2000};
  /// How many commands may be without an answer at once; more are answered
  /// `rejected`, `busy`.
  std::size_t outstanding_max = 4096;
};

/// A server could not be asked. The message says which one and why.
class client_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// What one server said about itself, or why it said nothing.
struct server_state {
  address where;
  /// Meaningful only if `error` is empty.
  peer_state state;
  std::string error;
};

/// A client of a cluster, with threads and a session of its own. It finds the
/// leader, follows it, and retries, so that each command takes effect at most
/// once.
///
/// Thread safe. Every wait is bounded. Destroying it answers what is still
/// outstanding with `unknown` (or `rejected`, if surely nothing was appended).
class client {
public:
  /// Gets called once, in a thread of the client; must not block or throw.
  using callback = std::function<void(executed)>;

  /// Connects in the background; commands wait for it up to their deadline.
  /// @param servers The addresses of all peers: commands go to the leader
  ///        directly, so its address must be among them.
  explicit client(std::vector<address> servers, client_options options = {});

  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Has a command executed, waiting for it. Never throws for what the cluster
  /// does: `rejected` means surely not executed, `unknown` that the deadline
  /// passed before the outcome was known.
  executed execute(bytes command, std::chrono::milliseconds deadline);

  /// Has a command executed without waiting. Commands in flight at the same
  /// time may take effect in any order.
  void submit(bytes command, std::chrono::milliseconds deadline, callback done);

  /// The same, as a future.
  std::future<executed> submit(bytes command,
                               std::chrono::milliseconds deadline);

  /// Asks one server about itself.
  /// @throws client_error
  peer_state state(const address& server);

  /// Asks all servers about themselves, at the same time. In the order of the
  /// constructor's list; each either answered or has an error.
  std::vector<server_state> states();

  /// Asks the state machine of one server as it stands.
  /// @throws client_error
  queried query(const address& server, bytes request);

  const std::vector<address>& servers() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace raft::cluster
