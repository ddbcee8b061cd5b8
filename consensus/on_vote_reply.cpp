// A voter answers our vote request or pre-vote request.

#include <raft/consensus/core.hpp>

namespace raft::consensus {

void core::receive(const vote_reply& msg) {
  if (!may_be_heard(msg))
    return;
  if (msg.term > hard_.term && !(msg.pre_vote && msg.granted)) {
    reach(msg.term, msg.header.from);
    return;
  }
  if (auto* state = std::get_if<pre_candidate>(&role_)) {
    if (!msg.granted || !msg.pre_vote || msg.campaign != hard_.term.next())
      return;
    state->granted.insert(msg.header.from);
  } else if (auto* state = std::get_if<candidate>(&role_)) {
    // A vote counts only in the campaign that asked for it, and after we asked.
    if (msg.pre_vote || msg.campaign != hard_.term || !state->asked)
      return;
    state->answered.insert(msg.header.from);
    if (msg.granted)
      state->granted.insert(msg.header.from);
  }
  count_votes();
}

} // namespace raft::consensus
