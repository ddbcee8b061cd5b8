// A follower answers our append request.

#include <raft/consensus/core.hpp>

#include <algorithm>
#include <utility>

namespace raft::consensus {

namespace {

/// Where to try next after a refusal: the last place where the logs can still
/// agree, as far as the follower's hint and our own terms tell. Steps over
/// whole terms of either log (section 5.3: "one AppendEntries RPC will be
/// required for each term with conflicting entries, rather than one RPC per
/// entry").
log_index next_after(const append_reply& msg, const log& ours) {
  const auto before = msg.refused.previous();
  if (!msg.conflict.term) // its log ends before
    return std::min(msg.conflict.index, msg.refused);
  // From here on to `refused`, ours has later terms than its log can have.
  const auto last = ours.last_not_above(
    msg.conflict.term, std::max(before, ours.compacted().index));
  if (ours.term_at(last) == msg.conflict.term)
    return last.next();
  // We have nothing of that term: all of the follower's entries of it are
  // wrong.
  return std::min(last.next(), msg.conflict.index);
}

/// Whether the follower has matched that place since, or it is not the place
/// that we probe now.
bool is_old_refusal(const append_reply& msg, const progress& x) {
  return msg.refused <= x.match
      || (x.sending == progress::mode::probe
          && msg.refused != x.next.previous());
}

/// What any answer of the leader's term says.
void note_answer(const append_reply& msg, const leader& state, instant now,
                 progress& x) {
  x.arrived(msg.frame);
  x.round_answered = std::max(x.round_answered, msg.round);
  if (msg.round >= state.counts_from)
    x.heard_at = now;
  if (msg.round == x.round_answered) {
    x.applied = std::max(x.applied, msg.applied);
    x.priority = msg.priority;
  }
}

} // namespace

void core::receive(const append_reply& msg) {
  if (!may_be_heard(msg))
    return;
  const auto from = msg.header.from;
  if (msg.term > hard_.term) {
    reach(msg.term, from);
    return;
  }
  auto* state = std::get_if<consensus::leader>(&role_);
  if (!state || msg.term < hard_.term)
    return;
  // Refused for its term, which an earlier office of ours began: that says
  // nothing of what we send now.
  if (!msg.accepted && !msg.conflict.index)
    return;
  auto& x = state->others.at(from);
  if (std::max(msg.match, msg.refused) > state->released
      || msg.round > state->round || msg.frame > x.last_frame) {
    // A refusal may be of a request in an older term, which a leader made that
    // had more; nobody can accept what was never sent.
    if (msg.accepted)
      distrust(note_kind::refused_answer, from, {msg.match, {}});
    return;
  }
  note_answer(msg, *state, now_, x);
  rely_on(*state, x, msg);
  if (msg.accepted) {
    accepted(msg, x);
    note_catching_up(x);
    commit_what_is_agreed(*state);
    return;
  }
  if (x.sending == progress::mode::snapshot)
    return;
  if (!config_.log_waits_for_absent && lacks_dropped(msg, x)) {
    need_snapshot(from, x);
    return;
  }
  // Only a snapshot could help a follower that lacks what was dropped. It had
  // it once, or it would not have been dropped; but an answer to this very
  // round is not from then. So heartbeats are all that it is sent.
  if (msg.round == state->round && !msg.conflict.term && log_.compacted().index
      && msg.conflict.index <= log_.compacted().index) {
    if (!std::exchange(x.lacks_dropped, true))
      note_that(note_kind::lacks_dropped_entries, from, log_.compacted());
    if (x.sending == progress::mode::stream)
      x.probe_from(x.match.next());
    x.probe_out = true;
    return;
  }
  if (is_old_refusal(msg, x))
    return;
  // Section 5.3: "After a rejection, the leader decrements nextIndex and
  // retries the AppendEntries RPC."
  x.probe_from(std::max(next_after(msg, log_), x.match.next()));
  note_that(note_kind::backed_off, from,
            {x.next, log_.term_at(x.next).value_or(term_number{})});
}

void core::accepted(const append_reply& msg, progress& x) {
  x.matched(msg.match);
  if (x.sending == progress::mode::snapshot) {
    if (x.match >= log_.compacted().index)
      end_snapshot(msg.header.from, x);
    return;
  }
  x.sending = progress::mode::stream;
  x.lacks_dropped = false;
  const auto of_next
    = log_.holds(msg.unfinished) && msg.unfinished.index == x.next;
  x.holds_of_next(of_next ? msg.received : 0, msg.frame);
}

} // namespace raft::consensus
