// What a voter has promised its leader, as seen from outside.

#pragma once

#include <raft/consensus/output.hpp>

#include <map>

namespace raft::simulation {

/// Remembers what the answers of one peer promise (see consensus/lease.hpp),
/// also those of processes that have ended, and compares its votes with it.
class vote_promises {
public:
  using instant = consensus::instant;

  /// The peer has heard of a leader that gives its office up.
  void heard(const vote_request& msg);
  void heard(const timeout_now& msg);

  /// The peer has heard a leader.
  /// @param clock What its own clock shows.
  void heard(const append_request& msg, instant clock);

  /// The peer sends a message.
  /// @throws violation if it is a vote against a promise.
  void sent(const consensus::message& msg, instant clock);

private:
  void leader_gave_up(term_number before, round_number last);

  /// When each round of this term was heard first.
  term_number term_;
  std::map<round_number, instant> heard_;
  term_number promised_in_;
  round_number promised_round_;
  instant promised_until_ = instant::min();
};

} // namespace raft::simulation
