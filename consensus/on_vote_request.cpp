// A candidate asks for our vote.

#include <raft/consensus/core.hpp>

namespace raft::consensus {

void core::receive(const vote_request& msg) {
  const auto from = msg.header.from;
  // Also without a vote, as far as we know: the candidate may know of an entry
  // that gives us one, and need it (thesis, section 4.1).
  if (!may_be_heard(msg))
    return;
  auto objection = objection_to(msg);
  // It would be promised in vain, and cost the others a term.
  if (!objection && msg.pre_vote && disk_hangs())
    objection = note_kind::refused_vote_disk_hangs;
  vote_reply reply;
  reply.header = header_to(from);
  reply.campaign = msg.term;
  reply.granted = !objection;
  reply.pre_vote = msg.pre_vote;
  if (msg.pre_vote) {
    // It asks what we would do, and has no effect. If we are in a higher term,
    // our refusal spreads it.
    reply.term = hard_.term;
    note_that(objection.value_or(note_kind::granted_pre_vote), from, msg.last);
    out_.messages.push_back(reply);
    if (objection == note_kind::refused_vote_log_behind)
      stand_in();
    if (!objection && std::holds_alternative<follower>(role_))
      give_way();
    return;
  }
  if (objection != note_kind::refused_vote_leader_alive
      && objection != note_kind::refused_vote_promised
      && !reach(msg.term, from))
    return;
  if (!objection) {
    hard_.vote = from;
    promised_.until = instant::min();
    if (!std::holds_alternative<follower>(role_))
      become_follower({});
    // Section 5.2: who grants its vote waits for its candidate to win.
    wait_for_election();
    gave_way_ = false;
  }
  reply.term = hard_.term;
  note_that(objection.value_or(note_kind::granted_vote), from, msg.last);
  answer(reply);
  if (objection == note_kind::refused_vote_log_behind)
    stand_in();
}

} // namespace raft::consensus
