// Vote conversation: a candidate asks for votes, the others answer.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/messages/header.hpp>
#include <raft/messages/versions.hpp>

namespace raft {

/// RequestVote (paper, figure 2), also as pre-vote (thesis, section 9.6).
struct vote_request {
  message_header header;
  /// The term to be elected in. A pre-vote asks about a term that the sender
  /// has not entered yet.
  term_number term;
  /// Where the candidate's log ends: on its disk, if this is no pre-vote.
  log_position last;
  bool pre_vote = false;
  /// The leader of the term before asked for this election: voters need not
  /// wait for it to be gone (thesis, section 3.10).
  bool transfer = false;
  /// If so, `timeout_now::round`: that leader relies on no promise of this
  /// round or an earlier one. Otherwise 0.
  round_number released;

  friend bool operator==(const vote_request&, const vote_request&) = default;
};

template <>
inline constexpr std::size_t fields_at_first<vote_request> = 5;

/// The answer. It names the campaign that it answers, so that a pre-vote is
/// never counted as a vote, nor a vote of one term in another.
struct vote_reply {
  message_header header;
  /// The voter's own term.
  term_number term;
  /// `vote_request::term` of the request.
  term_number campaign;
  bool granted = false;
  bool pre_vote = false;

  friend bool operator==(const vote_reply&, const vote_reply&) = default;
};

} // namespace raft
