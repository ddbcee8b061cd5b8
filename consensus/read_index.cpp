// Reads of the state machine that need no entry (thesis, section 6.4).

#include <raft/consensus/core.hpp>
#include <raft/consensus/quorum.hpp>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace raft::consensus {

read_begun core::begin_read(consistency how) {
  if (!leader())
    return {{}, reject_reason::not_leader};
  if (reads_.size() + leased_reads_.size() >= config_.reads_waiting_max)
    return {{}, reject_reason::busy};
  const auto by_lease = how == consistency::lease;
  return {by_lease && has_lease() ? read_by_lease() : reads_.begin(by_lease),
          reject_reason::none};
}

/// Does what can be done for reads that wait, once an input was handled: what
/// was begun in between goes together.
void core::pursue_reads() {
  grant_reads();
  if (!leader())
    return refuse_reads();
  if (auto* state = std::get_if<consensus::leader>(&role_)) {
    confirm_reads(*state);
    if (!state->read_round_under_way) {
      begin_read_round(*state);
      confirm_reads(*state);
    }
    grant_reads();
  } else {
    ask_for_read_index();
  }
}

void core::begin_read_round(consensus::leader& state) {
  // Thesis, section 6.4: "If the leader has not yet marked an entry from its
  // current term committed, it waits until it has done so."
  reads_.ask_anew(); // of whoever led before
  if (commit_ < state.first.index
      || (!reads_.has_unasked() && state.reads_of_others.empty()))
    return;
  // "The leader saves its current commit index in a local variable readIndex.
  // [It] issues a new round of heartbeats."
  if (!is_sole_voter())
    ask_majority(state);
  reads_.asked(self_.id, hard_.term, now_);
  state.read_round_under_way
    = read_round{state.round, commit_, reads_.last(),
                 std::exchange(state.reads_of_others, {})};
}

/// Asks no more voters than are needed. Those who answered last come first; if
/// they do not answer, a heartbeat for all comes soon.
void core::ask_majority(consensus::leader& state) {
  std::vector<peer_id> asked;
  for (const auto id : members_.voters())
    if (id != self_.id && state.others.at(id).connected)
      asked.push_back(id);
  std::ranges::stable_sort(asked, std::ranges::greater{}, [&](peer_id id) {
    return state.others.at(id).round_answered;
  });
  // Of two sets of voters, or beside a leader that has no vote, all are asked.
  const auto& voters = members_.voters();
  if (!is_joint(members()) && is_voter(self_.id))
    asked.resize(std::min(asked.size(), majority(voters.size()) - 1));
  ++state.round;
  note_round(state);
  state.heartbeat_at
    = std::min(state.heartbeat_at, now_ + config_.heartbeat_interval / 10);
  for (const auto id : asked)
    send_append(state, id, state.others.at(id), {});
}

/// "[It] waits for [the] acknowledgments from a majority of the cluster."
void core::confirm_reads(consensus::leader& state) {
  if (!state.read_round_under_way)
    return;
  const auto answered = agreed(members(), [this, &state](peer_id id) {
    return id == self_.id ? state.round : state.others.at(id).round_answered;
  });
  if (answered < state.read_round_under_way->round)
    return;
  const auto done = std::move(*state.read_round_under_way);
  state.read_round_under_way.reset();
  reads_.confirmed(done.last, done.index);
  for (const auto& [id, number] : done.others)
    if (connected_.contains(id))
      out_.messages.push_back(
        read_index_reply{header_to(id), hard_.term, number, done.index});
}

void core::ask_for_read_index() {
  // An index that another leader was asked for will not come, nor one whose
  // question or answer was lost.
  if (reads_.has_asked()
      && (reads_.asked_whom() != leader() || reads_.asked_in() != hard_.term
          || !connected_.contains(leader())
          || now_ - reads_.asked_at() >= config_.heartbeat_interval))
    reads_.ask_anew();
  if (reads_.has_asked() || !reads_.has_unasked()
      || !connected_.contains(leader()))
    return;
  const auto by_lease = reads_.unasked_by_lease();
  reads_.asked(leader(), hard_.term, now_);
  out_.messages.push_back(read_index_request{header_to(leader()), hard_.term,
                                             reads_.last(), by_lease});
}

void core::receive(const read_index_request& msg) {
  if (!may_be_heard(msg) || !reach(msg.term, msg.header.from))
    return;
  auto* state = std::get_if<consensus::leader>(&role_);
  if (!state || msg.term < hard_.term)
    return;
  if (msg.by_lease && has_lease() && connected_.contains(msg.header.from)) {
    out_.messages.push_back(read_index_reply{header_to(msg.header.from),
                                             hard_.term, msg.number, commit_});
    return;
  }
  // One that was overtaken asks for less.
  auto& last = state->reads_of_others[msg.header.from];
  last = std::max(last, msg.number);
}

void core::receive(const read_index_reply& msg) {
  if (!may_be_heard(msg) || !reach(msg.term, msg.header.from))
    return;
  if (msg.term == hard_.term && msg.header.from == leader()
      && msg.header.from == reads_.asked_whom())
    reads_.confirmed(msg.number, msg.index);
}

/// "The leader waits for its state machine to advance at least as far as the
/// readIndex": so does any other peer.
void core::grant_reads() {
  for (auto* queue : {&reads_, &leased_reads_})
    while (const auto which = queue->take_granted(applied_))
      out_.verdicts.push_back({which->first, which->last, reject_reason::none});
}

void core::refuse_reads() {
  if (const auto which = reads_.take_unconfirmed())
    out_.verdicts.push_back(
      {which->first, which->last, reject_reason::not_leader});
}

} // namespace raft::consensus
