// For programs without actors: a cluster as an object whose calls block.

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
  /// Name of the cluster; the peers of another one refuse us.
  std::string cluster = "raft";
  group_id group{1};
  /// How long `state` and `query` wait for one server, connecting included.
  std::chrono::milliseconds server_deadline{2000};
  /// How many commands may be unanswered at once; more are answered `rejected`,
  /// `busy`.
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
/// leader, follows a change of leaders, and retries within its session, so that
/// each command takes effect at most once.
///
/// Thread safe. Every wait is bounded. The destructor answers what is still
/// outstanding with `unknown` (or `rejected`, if surely nothing was appended).
class client {
public:
  /// Called once, in a thread of the client; must not block or throw.
  using callback = std::function<void(executed)>;

  /// Connects in the background; commands wait for it up to their deadline.
  /// @param servers The addresses of all peers: commands go to the leader
  ///        directly, so its address must be among them.
  explicit client(std::vector<address> servers, client_options options = {});

  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Executes a command and waits for the answer. Never throws for what the
  /// cluster does: `rejected` means that it surely was not executed, `unknown`
  /// that the deadline passed before the outcome was known.
  executed execute(bytes command, std::chrono::milliseconds deadline);

  /// Executes a command without waiting. Commands in flight at the same time
  /// may take effect in any order.
  void submit(bytes command, std::chrono::milliseconds deadline, callback done);

  /// The same, as a future.
  std::future<executed> submit(bytes command,
                               std::chrono::milliseconds deadline);

  /// Asks one server about itself.
  /// @throws client_error
  peer_state state(const address& server);

  /// Asks all servers about themselves, in parallel. The results are in the
  /// order of the constructor's list; each is either an answer or an error.
  std::vector<server_state> states();

  /// Asks the state machine of one server, as of what it has applied: the
  /// answer may be stale.
  /// @throws client_error
  queried query(const address& server, bytes request);

  const std::vector<address>& servers() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace raft::cluster
