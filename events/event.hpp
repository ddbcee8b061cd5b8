// What happens in a peer, in a node around it, and at a Redis port, for whoever
// runs them: a log prints it, a test reads it, a metric counts it.
//
//   options.on_event = raft::events::or_abort([](const raft::events::event& x)
//   {
//     std::clog << to_text(x) << '\n';
//   });

#pragma once

#include <raft/base/severity.hpp>
#include <raft/consensus/note.hpp>
#include <raft/messages/client.hpp>
#include <raft/messages/identity.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace raft::events {

using base::severity;

/// What the core decided, and why.
using consensus::note;

// -- a peer and its state machine ---------------------------------------------

/// The end of a peer: its store failed, its state machine threw, or an actor
/// ended that it cannot do without. It takes no more commands, answers those
/// that wait, and ends by itself; so do its applier and persister. A store that
/// failed must not be used any further: what is on the disk is not known until
/// it is opened again. So whoever is told ends the process.
struct failed {
  static constexpr auto how = severity::critical;
  std::string reason;
};

/// The disk has no room for a checkpoint, which is tried again and again.
struct checkpoint_lacks_space {
  static constexpr auto how = severity::warning;
  std::string reason;
};

/// There was room for that checkpoint after all.
struct checkpoint_has_space {
  static constexpr auto how = severity::warning;
};

/// A snapshot cannot be taken, sent, received or installed, which is tried
/// again and again. Told once until it can.
struct snapshot_trouble {
  static constexpr auto how = severity::warning;
  /// As in "a snapshot cannot be taken".
  std::string what;
  std::string reason;
};

/// A state machine that is an actor could not write its last checkpoint. What
/// is missing is applied again after the next start.
struct checkpoint_given_up {
  static constexpr auto how = severity::warning;
  std::string reason;
};

/// A state machine that is an actor did not end in time.
struct machine_killed {
  static constexpr auto how = severity::warning;
  group_id group;
  std::chrono::milliseconds after;
};

// -- a node -------------------------------------------------------------------

/// What a node found in its store.
struct log_found {
  static constexpr auto how = severity::info;
  /// Entries `first` to `last`; none if `last` is before `first`.
  log_index first;
  log_index last;
  term_number term;
  /// None if the store is empty.
  std::vector<peer_id> members;
};

/// The configuration names other members than the store, which counts.
struct members_differ {
  static constexpr auto how = severity::warning;
  std::vector<peer_id> told;
  std::vector<peer_id> founders;
};

/// Something was to stop, and has not within its deadline.
struct did_not_stop {
  static constexpr auto how = severity::error;
  std::string what;
  std::string reason;
};

/// A process sent an actor what that takes from its own process only. Told of
/// the first, the second, the fourth and so on.
struct stray_dropped {
  static constexpr auto how = severity::warning;
  std::string actor;
  std::string from;
  std::uint64_t total;
};

/// What a port did about strangers: dropped a message, closed a connection.
struct port_trouble {
  static constexpr auto how = severity::warning;
  /// The protocol, such as "redis"; empty for the port of peers and clients.
  std::string port;
  /// One of a few kinds.
  std::string kind;
  std::string text;
  /// 0 if the text says what happened; else how often more of this kind
  /// happened since it was told last.
  std::uint64_t more;
};

// -- links --------------------------------------------------------------------

/// The other end of a link.
struct remote {
  /// 0 while it is not known, as it may be to a client.
  peer_id peer;
  /// Empty if it is not known, as that of a member that the log does not have
  /// yet; then the peer is.
  std::string address;
};

struct link_connected {
  static constexpr auto how = severity::info;
  remote to;
};

struct link_lost {
  static constexpr auto how = severity::warning;
  remote to;
  /// What the other side said; empty if it just went away.
  std::string farewell;
};

/// An attempt to connect has failed.
struct link_failed {
  remote to;
  std::string reason;
  /// Whether an answer came, which will not change by itself: the other one is
  /// not who it should be, or refuses us.
  bool refused;
  /// Whether the last attempt failed for the same reason.
  bool repeated;
};

/// A peer, or a client (0), has come to us and is not let in.
struct link_refused {
  peer_id from;
  std::string reason;
  /// Whether that may be over soon.
  bool passing;
  /// Whether that was told of it before.
  bool repeated;
};

/// A peer sent what cannot be true, so its link is cut for a while.
struct link_distrusted {
  static constexpr auto how = severity::error;
  remote to;
  std::chrono::milliseconds shunned;
  std::string reason;
};

/// A peer was connected before, with another store.
struct store_changed {
  static constexpr auto how = severity::warning;
  remote to;
};

/// The side that should wait connects, as the other one has not come.
struct link_fallback {
  static constexpr auto how = severity::warning;
  peer_id to;
  peer_id self;
  std::chrono::milliseconds after;
};

/// This peer does not take part in its cluster.
struct kept_out {
  static constexpr auto how = severity::warning;
  standing why;
};

/// Its store was empty, and it belongs to a cluster now.
struct joined {
  static constexpr auto how = severity::info;
  peer_id by;
  cluster_id cluster;
  std::vector<peer_id> founders;
};

/// The link to a peer that is no member any more was ended.
struct link_ended {
  static constexpr auto how = severity::info;
  remote to;
};

/// A member is configured to be elsewhere than it has moved to.
struct address_differs {
  static constexpr auto how = severity::warning;
  peer_id peer;
  std::string told;
  std::string counts;
};

/// It was kept out as its store was restored, and takes part again.
struct restored_confirmed {
  static constexpr auto how = severity::info;
};

// -- what keeps a peer from serving, see cluster/health.hpp -------------------

/// Committed entries wait for a state machine that takes none.
struct machine_stuck {
  log_index next;
  std::uint64_t waiting;
};

/// A leader without a majority.
struct commit_stuck {
  log_index next;
  std::size_t members;
};

struct disk_full {};

/// Entries wait for a disk that takes none.
struct disk_stuck {
  log_index next;
};

/// The logs grow for a member that lacks entries.
struct log_kept {
  log_index first;
  std::uint64_t bytes;
  peer_progress whom_for;
};

struct no_leader {
  /// 0 if its store is empty.
  std::size_t members;
  /// What keeps it out, if anything does.
  standing excluded;
  /// How many members are reached, this one included.
  std::size_t reached;

  struct gap {
    remote to;
    std::string reason;
  };

  /// Those that are not reached.
  std::vector<gap> gaps;
};

/// The state machine has no room, and commands are refused for that.
struct machine_full {};

/// The peer does not answer in its own process.
struct silent {};

using trouble = std::variant<machine_stuck, commit_stuck, disk_full, disk_stuck,
                             log_kept, no_leader, machine_full, silent>;

/// Something keeps a peer from serving.
struct unhealthy {
  static constexpr auto how = severity::warning;
  trouble what;
  /// How long it has lasted; none when it is told for the first time.
  std::optional<std::chrono::seconds> lasts;
};

/// It does no more.
struct healthy_again {
  static constexpr auto how = severity::info;
  trouble what;
  std::chrono::seconds lasted;
};

// -- the Redis port -----------------------------------------------------------

struct redis_listening {
  static constexpr auto how = severity::info;
  std::vector<std::string> addresses;
};

/// The process may not open as many files as the clients need.
struct redis_clients_limited {
  static constexpr auto how = severity::warning;
  std::size_t possible;
  std::size_t wanted;
  std::size_t files;
};

/// A client is closed that does not read its replies.
struct redis_unread {
  static constexpr auto how = severity::warning;
  std::uint64_t client;
  /// Bytes of its own, of all, and which bound was passed.
  std::size_t bytes;
  std::size_t total;
  std::size_t bound;
};

/// A client is closed that does not finish a large request.
struct redis_unfinished {
  static constexpr auto how = severity::warning;
  std::uint64_t client;
  std::chrono::milliseconds patience;
};

/// A client is closed that sent HTTP, as a page in a browser can.
struct redis_http {
  static constexpr auto how = severity::warning;
  std::uint64_t client;
  /// How many more did so since this was told last.
  std::uint64_t others;
};

/// The listening socket was closed.
struct redis_deaf {
  static constexpr auto how = severity::error;
};

// -- all of them --------------------------------------------------------------

using event = std::variant<
  note, failed, checkpoint_lacks_space, checkpoint_has_space, snapshot_trouble,
  checkpoint_given_up, machine_killed, log_found, members_differ, did_not_stop,
  stray_dropped, port_trouble, link_connected, link_lost, link_failed,
  link_refused, link_distrusted, store_changed, link_fallback, kept_out, joined,
  link_ended, address_differs, restored_confirmed, unhealthy, healthy_again,
  redis_listening, redis_clients_limited, redis_unread, redis_unfinished,
  redis_http, redis_deaf>;

/// One line in plain words, without its end.
std::string to_text(const event& x);

/// What becomes of it in a log for people.
severity severity_of(const event& x);

// -- who is told --------------------------------------------------------------

/// Told what happens, by several threads at once and in the context of actors:
/// it must neither block nor wait for an actor of the same system. **It ends
/// the process when `failed` comes**: what lives on has no peer any more.
using sink = std::function<void(const event&)>;

/// The sink of those who bring none: writes the reason of `failed` to stderr
/// and aborts the process; ignores the rest.
void abort_on_failure(const event& x);

/// Tells `other` everything, and aborts the process when `failed` comes and
/// `other` returns.
sink or_abort(sink other);

/// Tells a sink, or `abort_on_failure` if it is empty.
void tell(const sink& to, const event& what);

/// Bytes as people read them: "1.5 MiB".
std::string text_of_bytes(std::uint64_t x);

} // namespace raft::events
