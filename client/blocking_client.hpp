// For programs without actors: a cluster as an object whose calls block.

#pragma once

#include <raft/client/client_options.hpp>
#include <raft/links/address.hpp>
#include <raft/messages/backup.hpp>
#include <raft/messages/change.hpp>
#include <raft/messages/client.hpp>
#include <raft/messages/transfer.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace raft::client {

/// What one server said about itself, or why it said nothing.
struct server_state {
  links::address where;
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
class blocking_client {
public:
  /// Called once, in a thread of the client; must not block or throw.
  using callback = std::function<void(executed)>;

  /// Connects in the background; commands wait for it up to their deadline.
  /// @param servers The addresses of all peers: commands go to the leader
  ///        directly, so its address must be among them.
  explicit blocking_client(std::vector<links::address> servers,
                           client_options options = {});

  ~blocking_client();
  blocking_client(const blocking_client&) = delete;
  blocking_client& operator=(const blocking_client&) = delete;

  /// Executes a command and waits for the answer. Never throws for what the
  /// cluster does: `rejected` means that it surely was not executed, `unknown`
  /// that the deadline passed before the outcome was known.
  executed execute(bytes command, std::chrono::milliseconds deadline);

  /// The same for a command that only reads (`state_machine::only_reads`): any
  /// server answers it from its state machine, without an entry in the log, and
  /// the answer is as fresh as with one. One that does more is executed, but
  /// perhaps more than once.
  executed read(bytes command, std::chrono::milliseconds deadline);

  /// Executes a command without waiting. Commands in flight at the same time
  /// may take effect in any order.
  void submit(bytes command, std::chrono::milliseconds deadline, callback done);

  /// The same, as a future.
  std::future<executed> submit(bytes command,
                               std::chrono::milliseconds deadline);

  /// Asks one server about itself.
  /// @throws client_error
  peer_state state(const links::address& server);

  /// Asks all servers about themselves, in parallel. The results are in the
  /// order of the constructor's list; each is either an answer or an error.
  std::vector<server_state> states();

  /// The same for the servers that are named.
  std::vector<server_state>
  states(const std::vector<links::address>& of_servers);

  /// Asks the state machine of one server, see `query` in messages/client.hpp.
  /// @throws client_error
  queried query(const links::address& server, bytes request,
                consistency how = consistency::linearizable);

  /// Asks one server, which must lead, to hand its office over.
  /// @param target Who is to lead; 0: the voter that is best fit.
  /// @param deadline When to stop waiting for an answer. For no longer than
  ///        that, nor than the servers' maximal election timeout, commands are
  ///        refused meanwhile.
  /// @throws client_error if there was no answer. Then it is not known what
  ///         became of it.
  leadership_transferred transfer(const links::address& server, peer_id target,
                                  std::chrono::milliseconds deadline);

  /// Has one server take a snapshot of its state machine, see `take_snapshot`
  /// in messages/backup.hpp. It keeps the file for a minute, and for another
  /// one after each part of it was read.
  /// @returns nothing if it is not there by the deadline. Ask again, to wait
  /// for
  ///          the same one.
  /// @throws client_error, also if there can be none.
  std::optional<snapshot_head>
  take_snapshot(const links::address& server, log_index at_least,
                std::chrono::milliseconds deadline);

  /// Reads the bytes of a snapshot that a server keeps, from an offset to the
  /// end.
  /// @param to Gets them in order, in the caller's thread. What it throws
  ///        passes.
  /// @param deadline How long to wait for each part.
  /// @throws client_error if a part does not come. What came is good, and
  ///         another call may go on behind it.
  void read_snapshot(const links::address& server, const snapshot_head& what,
                     std::uint64_t offset,
                     const std::function<void(std::string_view)>& to,
                     std::chrono::milliseconds deadline);

  /// Reads committed entries of one server, as they are committed and on its
  /// disk.
  /// @param from The first one, from 1.
  /// @param to Gets them in order, some at a time, in a thread of the client;
  ///        says whether it wants more. What it throws is thrown here.
  /// @param deadline How long to wait for some.
  /// @throws client_error if none come any more, or they were dropped from that
  ///         server's log. What came is good, and another call may go on behind
  ///         it, at any server.
  void read_entries(const links::address& server, log_index from,
                    const std::function<bool(std::vector<entry>)>& to,
                    std::chrono::milliseconds deadline);

  /// Asks one server, which must lead, for other members.
  /// @param deadline When to stop waiting for an answer, which tells only that
  ///        a change was begun.
  /// @throws client_error if there was no answer. Then it is not known what
  ///         became of it; who asks again does no harm, see
  ///         `change_members::based_on`.
  members_changed change(const links::address& server,
                         const change_members& what,
                         std::chrono::milliseconds deadline);

  const std::vector<links::address>& servers() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace raft::client
