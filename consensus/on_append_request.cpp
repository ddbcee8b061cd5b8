// A leader extends our log, or says that it is there.

#include <raft/consensus/core.hpp>

#include <algorithm>
#include <cassert>

namespace raft::consensus {

void core::receive(const append_request& msg) {
  const auto from = msg.header.from;
  if (!may_be_heard(msg))
    return;
  append_reply reply;
  reply.header = header_to(from);
  reply.round = msg.round;
  reply.refused = msg.previous.index;
  reply.frame = msg.frame;
  reply.unfinished = assembly_.where();
  reply.received = assembly_.received();
  reply.applied = applied_;
  reply.priority
    = static_cast<std::uint8_t>(should_not_lead() ? 0 : config_.priority);
  // Figure 2: "Reply false if term < currentTerm (§5.1)".
  if (msg.term < hard_.term) {
    reply.term = hard_.term;
    note_that(note_kind::refused_append_old_term, from, msg.previous);
    answer(reply);
    return;
  }
  if (!reach(msg.term, from))
    return;
  reply.term = hard_.term;
  // Section 5.2: "at most one candidate can win the election for a particular
  // term". Who claims otherwise is not listened to.
  if (leads() || (leader() && leader() != from)) {
    distrust(note_kind::refused_second_leader, from);
    return;
  }
  // Section 5.4: "the leader for any given term contains all of the entries
  // committed in previous terms". Who does not is no leader of this cluster.
  if (const auto where = contradicted_by(msg)) {
    distrust(note_kind::refused_contradiction, from, *where);
    return;
  }
  // Section 5.2: "the candidate recognizes the leader as legitimate and returns
  // to follower state." Any request of the leader shows that it is alive, also
  // one that we have to refuse.
  if (leader() != from)
    become_follower(from);
  auto& state = std::get<follower>(role_);
  state.heard_at = now_;
  state.round = std::max(state.round, msg.round);
  reply.promised_ms = msg.hands_over ? 0 : promise(msg.round);
  draw_election_timeout();
  // What we have on our disk is all that everyone can have.
  learn_lowest_match(std::min(msg.lowest_match, log_.durable()));
  // Figure 2: "Reply false if log doesn't contain an entry at prevLogIndex
  // whose term matches prevLogTerm (§5.3)".
  if (msg.previous.index >= log_.compacted().index
      && !log_.holds(msg.previous)) {
    refuse(msg, reply);
    return;
  }
  take_entries(msg, reply);
}

void core::take_entries(const append_request& msg, append_reply& reply) {
  if (snapshots_.resets_log()) {
    // What it brings would go with the log. The leader finds out.
    auto bare = msg;
    bare.entries.clear();
    accept(bare, reply);
  } else if (msg.size > 0) {
    accept_piece(msg, reply);
  } else {
    accept(msg, reply);
  }
}

void core::refuse(const append_request& msg, append_reply& reply) {
  // Section 5.3: "the follower can include the term of the conflicting entry
  // and the first index it stores for that term".
  const auto at = msg.previous.index;
  if (const auto term = log_.term_at(at)) {
    reply.conflict = {log_.first_of_term_at(at), *term};
    note_that(note_kind::refused_append_conflict, msg.header.from,
              msg.previous);
  } else {
    reply.conflict = {log_.last().index.next(), {}};
    note_that(note_kind::refused_append_gap, msg.header.from, msg.previous);
  }
  answer(reply);
}

void core::accept(const append_request& msg, append_reply& reply) {
  reply.accepted = true;
  reply.refused = {};
  // What this request proves to be the same in both logs. What follows in ours
  // may be left over from another leader.
  const auto proven = msg.previous.index + msg.entries.size();
  merge(msg);
  commit_to(std::min(msg.commit, proven));
  if (assembly_.where().index <= commit_)
    assembly_.drop();
  if (msg.entries.empty()) {
    // At once, so that a slow disk does not depose a healthy leader.
    reply.match = std::min(proven, log_.durable());
    answer(reply);
  } else {
    reply.match = proven;
    answer(reply, proven);
  }
}

void core::accept_piece(const append_request& msg, append_reply& reply) {
  // Until the entry is whole, the request says no more than an empty one. What
  // arrived is told at once; it promises nothing about our disk.
  const auto& piece = msg.entries.front();
  const log_position where{piece.index, piece.term};
  auto whole = msg;
  whole.entries.clear();
  if (piece.index <= log_.compacted().index || log_.holds(where)) {
    reply.unfinished = where;
    reply.received = msg.size;
  } else if (auto done = assembly_.take(piece, msg.offset, msg.size)) {
    reply.unfinished = where;
    reply.received = msg.size;
    whole.entries.push_back(std::move(*done));
  } else {
    reply.unfinished = assembly_.where();
    reply.received = assembly_.received();
  }
  accept(whole, reply);
}

void core::merge(const append_request& msg) {
  auto it = std::ranges::find_if(msg.entries, [this](const entry& x) {
    // A snapshot's entries are committed: every leader has the same.
    return x.index > log_.compacted().index && !log_.holds({x.index, x.term});
  });
  if (it == msg.entries.end())
    return;
  // Figure 2: "If an existing entry conflicts with a new one (same index but
  // different terms), delete the existing entry and all that follow it (§5.3)".
  if (it->index <= log_.last().index) {
    assert(it->index > commit_); // see `contradicted_by`
    note_that(note_kind::truncated_conflict, msg.header.from,
              {it->index, *log_.term_at(it->index)});
    truncate_log(it->index);
    drop_held_answers_from(it->index);
  }
  // Figure 2: "Append any new entries not already in the log".
  for (; it != msg.entries.end(); ++it)
    append_to_log(*it);
  // Also if that is less than before: what was truncated does not count.
  time_.follow(msg.entries.back().time_ms, clock_);
}

} // namespace raft::consensus
