// Client conversation: what users of a peer send to it, and its answers.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/messages/identity.hpp>
#include <raft/messages/membership.hpp>
#include <raft/messages/versions.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace raft {

/// Roles of a peer (paper, figure 4; pre-candidate: thesis, section 9.6).
enum class peer_role : std::uint8_t {
  follower = 0,
  pre_candidate = 1,
  candidate = 2,
  leader = 3,
};

/// How an `execute` ended.
enum class outcome : std::uint8_t {
  /// The command is committed and was applied; there is a reply.
  committed = 0,
  /// The command was not appended and never takes effect.
  rejected = 1,
  /// It may or may not take effect. With a session, retry; without one, find
  /// out by a query.
  unknown = 2,
};

/// Why a command was rejected.
enum class reject_reason : std::uint8_t {
  none = 0,
  /// Ask the peer named as leader, if any.
  not_leader = 1,
  /// A bound is reached; try again later.
  busy = 2,
  /// The command is larger than an entry may be.
  too_large = 3,
  /// The session is unknown or expired; open another one.
  session_expired = 4,
  /// The peer is stopping.
  stopping = 5,
  /// The leader's disk is full; it takes commands again when there is room.
  disk_full = 6,
  /// The leader is handing over its office, which takes milliseconds; try again
  /// at once, and ask whoever leads then.
  handing_over = 7,
};

/// Asks a peer to append a command to the replicated log. Answered at once by
/// `started`; whether it commits shows in the delivered entries.
struct start {
  group_id group;
  bytes command;

  friend bool operator==(const start&, const start&) = default;
};

/// The answer, as of the moment of the request.
struct started {
  /// Where the command will be if it is ever committed; 0 if it was not
  /// appended.
  log_index index;
  term_number term;
  /// Whether this peer believes that it leads.
  bool leads = false;
  /// Why it was not appended, or `none`.
  reject_reason reason = reject_reason::none;
  /// The leader that this peer knows of; 0 if none.
  peer_id leader;

  friend bool operator==(const started&, const started&) = default;
};

/// Asks a peer to replicate and apply a command and to return the reply of the
/// state machine. Always answered by `executed`, but perhaps late: use a
/// deadline.
struct execute {
  group_id group;
  command_tag tag;
  bytes command;
  /// Whether the sender will `fetch` a long reply. Otherwise the answer holds
  /// all of it, and delays what is sent after it over the same connection.
  bool fetches = false;
  /// Whether the command only reads and may be answered from the state machine,
  /// without an entry and by any peer, as linearizably as with one. If it turns
  /// out to do more, it gets an entry. `settings::commands_read_by_lease` says
  /// whether it is read by lease.
  bool reads = false;

  friend bool operator==(const execute&, const execute&) = default;
};

/// Asks a peer to open a client session. Answered by `executed`; once
/// committed, the index is the session's id.
struct open_session {
  group_id group;

  friend bool operator==(const open_session&, const open_session&) = default;
};

struct executed {
  outcome result = outcome::unknown;
  reject_reason reason = reject_reason::none;
  bytes reply;
  log_index index;
  term_number term;
  /// The leader that this peer knows of; 0 if none.
  peer_id leader;
  /// If not 0: the reply is not included, but waits at the peer under this
  /// number, and has so many bytes.
  std::uint64_t held = 0;
  std::uint64_t held_bytes = 0;

  friend bool operator==(const executed&, const executed&) = default;
};

/// The most bytes of a reply that one message carries to those who fetch.
inline constexpr std::size_t reply_piece_bytes = 64 << 10;

/// Asks a peer for the next piece of a reply that it holds for the sender.
/// Answered by `fetched`. A reply that nobody asks for is dropped after some
/// seconds.
struct fetch {
  group_id group;
  /// See `executed`.
  std::uint64_t held = 0;
  /// Where the piece begins, in bytes. At or beyond the end of the reply: the
  /// sender wants no more of it.
  std::uint64_t offset = 0;

  friend bool operator==(const fetch&, const fetch&) = default;
};

/// A piece, of `reply_piece_bytes` unless it is the last one; the peer then
/// drops the reply. Empty if the peer does not have the reply (any more).
struct fetched {
  bytes data;

  friend bool operator==(const fetched&, const fetched&) = default;
};

/// Asks a client handle (not a peer) to have a command executed: it finds the
/// leader, follows it, and retries within a session of its own, so that the
/// command takes effect at most once. Answered by `executed`; `unknown` means
/// that the deadline passed before the outcome was known.
struct submit {
  group_id group;
  bytes command;
  /// Milliseconds from now.
  std::uint64_t deadline_ms = 0;
  /// See `execute`.
  bool reads = false;

  friend bool operator==(const submit&, const submit&) = default;
};

/// How fresh the answer to a `query` must be.
enum class consistency : std::uint8_t {
  /// It shows all that was committed when the question came. Costs a round trip
  /// to a majority, which questions that come together share, and no entry.
  linearizable = 0,
  /// It shows the state of the peer that was asked as it is, which may lag
  /// behind: by no more than `query::age_max_ms`.
  stale = 1,
  /// The same as `linearizable`, as long as no clock drifts by more than
  /// `settings::lease_drift_ppm` says: a leader that knows by its clock that
  /// nobody else can lead yet answers without asking anybody, and a follower
  /// asks the leader alone. Where there is no lease now, or never, it is
  /// `linearizable`.
  lease = 2,
};

/// Asks the state machine of this very peer. Answered by `queried`. A follower
/// answers, too: for a linearizable answer it asks the leader how far its own
/// state machine must be.
struct query {
  group_id group;
  bytes request;
  consistency how = consistency::linearizable;
  /// For `stale`: how old the answer may be, in milliseconds. A peer that does
  /// not know how far behind it is, finds out first.
  std::uint64_t age_max_ms = std::numeric_limits<std::uint64_t>::max();

  friend bool operator==(const query&, const query&) = default;
};

struct queried {
  /// Last entry that the answer reflects.
  log_index applied;
  bytes reply;
  /// Why there is no reply: `not_leader` if no leader is known or it has
  /// changed meanwhile (ask again, or another peer), `busy`, or `stopping`.
  /// `none` if there is one.
  reject_reason reason = reject_reason::none;
  /// The leader that this peer knows of, if there is no reply; 0 if none.
  peer_id leader = {};

  friend bool operator==(const queried&, const queried&) = default;
};

/// Asks a peer about itself.
struct get_state {
  group_id group;

  friend bool operator==(const get_state&, const get_state&) = default;
};

/// What a leader knows about another peer.
struct peer_progress {
  peer_id peer;
  log_index match;
  log_index next;
  /// Whether there is a connection.
  bool connected = false;

  friend bool operator==(const peer_progress&, const peer_progress&) = default;
};

struct peer_state {
  group_id group;
  peer_id id;
  incarnation_id incarnation;
  term_number term;
  peer_role role = peer_role::follower;
  peer_id leader;
  log_index commit;
  log_index applied;
  log_index durable;
  log_index last;
  /// Filled by a leader only.
  std::vector<peer_progress> others;
  /// The voters that this peer knows; none if its store is empty.
  std::vector<peer_id> members;
  /// The first entry that its log still has.
  log_index first;
  /// About how many bytes of entries its log has, on the disk.
  std::uint64_t log_bytes = 0;
  /// 0 until it is committed.
  cluster_id cluster;
  /// Why this peer does not take part, if so.
  standing kept_out;
  /// The members in force, with all that is known of them.
  membership configuration;
  /// That of these members, see `membership::level`.
  std::uint32_t level = 0;

  friend bool operator==(const peer_state&, const peer_state&) = default;
};

template <>
inline constexpr std::size_t fields_at_first<peer_state> = 16;

/// Asks a peer for its committed entries from an index on. Deliveries come as
/// `delivery` messages to the given subscriber, in order, each entry once.
struct subscribe {
  group_id group;
  /// Names the subscription among those of the same subscriber.
  std::uint64_t id = 0;
  /// First index wanted, from 1.
  log_index from;
  /// How many bytes may be under way before the subscriber sends `credit`. The
  /// peer has a bound of its own, which may be lower.
  std::uint64_t credit_bytes = 0;

  friend bool operator==(const subscribe&, const subscribe&) = default;
};

struct subscribed {
  /// False if `from` is below the first entry kept, or for the `reason` given.
  bool accepted = false;
  /// First entry that this peer can deliver.
  log_index first_available;
  /// `busy` if the peer has as many subscriptions as it may.
  reject_reason reason = reject_reason::none;

  friend bool operator==(const subscribed&, const subscribed&) = default;
};

/// Committed entries for a subscriber, including the empty entries that leaders
/// write. One without entries ends the subscription: the next entries were
/// dropped from the log.
struct delivery {
  group_id group;
  std::uint64_t id = 0;
  std::vector<entry> entries;

  friend bool operator==(const delivery&, const delivery&) = default;
};

/// Allows the peer to send more: the sum of the `cost` of the entries that were
/// handled.
struct credit {
  group_id group;
  std::uint64_t id = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const credit&, const credit&) = default;
};

/// Ends a peer for good. Answered by `stopped` when nothing of it can act any
/// more; then a new peer may use its store.
struct stop {
  group_id group;

  friend bool operator==(const stop&, const stop&) = default;
};

struct stopped {
  group_id group;

  friend bool operator==(const stopped&, const stopped&) = default;
};

} // namespace raft
