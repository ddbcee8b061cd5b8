// The roles, each with just the data that it needs.

#pragma once

#include <raft/consensus/hand_over.hpp>
#include <raft/consensus/lease.hpp>
#include <raft/consensus/progress.hpp>
#include <raft/consensus/settings.hpp>
#include <raft/messages/entry.hpp>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <variant>

namespace raft::consensus {

/// Waits for a leader to speak.
struct follower {
  /// 0 while no leader of the current term is known.
  peer_id leader;
  /// When it last spoke. Means nothing without a leader.
  instant heard_at{0};
  /// The last of its rounds that was heard of.
  round_number round;
};

/// Asks whether an election could be won, without disturbing anybody (thesis,
/// section 9.6). Its term is still the old one.
struct pre_candidate {
  std::set<peer_id> granted;
};

/// Wants to be elected in the current term.
struct candidate {
  std::set<peer_id> granted;
  /// Whether term, own vote and log (if the disk has room for it) are durable,
  /// so that it could vote for itself and ask the others.
  bool asked = false;
  /// Whether the leader of the term before asked for this campaign, and
  /// `timeout_now::round` if so.
  bool by_transfer = false;
  round_number released;
  /// Who has answered, whatever it was.
  std::set<peer_id> answered;
  /// When to ask the others again.
  instant ask_again_at = instant::max();
};

/// A round of heartbeats that shows, once a majority has answered it or a later
/// one, that its leader led when the reads that wait for it were begun.
struct read_round {
  round_number round;
  /// All that was committed then is at or below it.
  log_index index;
  /// The last of our own reads that wait for it.
  read_number last;
  /// Those of other peers, and the last of their reads.
  std::map<peer_id, read_number> others;
};

/// Leads the current term.
struct leader {
  /// The empty entry that began the term.
  log_position first;
  /// One for each other member, and for those who are to hear that they are
  /// none any more.
  std::map<peer_id, progress> others;
  /// Last index of each batch that was released to replication and has no
  /// quorum yet, ascending.
  std::deque<log_index> under_way;
  /// Entries up to here may be sent and written; later ones collect.
  log_index released;
  /// The heartbeat round last begun.
  round_number round;
  /// When rounds began, if there are leases.
  round_times rounds;
  /// The first of those whose promises it relies on.
  round_number lease_from{1};
  instant heartbeat_at{0};
  /// When to step down unless a quorum has answered since.
  instant quorum_check_at{0};
  /// Answers to earlier rounds do not count as signs of life: they were asked
  /// for before this process was stopped for a while.
  round_number counts_from{1};
  /// Meanwhile it takes no commands.
  std::optional<hand_over> handing_over;
  /// It is to be no voter any more, and has tried to hand over.
  bool gave_up_succession = false;
  /// The version that all members have spoken, and since when.
  std::uint32_t common_version = 0;
  instant common_since{0};
  /// Reads that come while it is under way wait for the next one.
  std::optional<read_round> read_round_under_way;
  /// Who asked for a read index since it began.
  std::map<peer_id, read_number> reads_of_others;
};

using role_state = std::variant<follower, pre_candidate, candidate, leader>;

} // namespace raft::consensus
