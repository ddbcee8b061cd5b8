// How a leader comes into office, and how it leaves.

#include <raft/consensus/core.hpp>
#include <raft/consensus/quorum.hpp>
#include <raft/consensus/soundness.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace raft::consensus {

// -- changes of term and role -------------------------------------------------

// When a higher term is adopted:
//
//   vote request   pre-vote                         never
//                  refused because a leader lives   no (thesis, 4.2.3)
//                  any other                        yes
//   vote reply     pre-vote, granted                no: it speaks of a term
//                                                   that nobody is in yet
//                  any other                        yes
//   any other                                       yes
//
// Only sound messages from members to this very peer come that far. The term
// is adopted before anything else in the message is looked at. If it lies too
// far ahead for one step, the message is not looked at any further.
void core::adopt(term_number term) {
  assert(term > hard_.term);
  ++lost_elections_;
  const auto led = leads();
  hard_ = {term, {}};
  drop_held_answers();
  if (led)
    note_that(note_kind::stepped_down_higher_term);
  become_follower({});
}

void core::become_follower(peer_id leader) {
  const auto* state = std::get_if<follower>(&role_);
  const auto was_leader = leads();
  if (leader)
    lost_elections_ = needed_for_ = 0;
  if (leader || (!state && !was_leader))
    note_that(note_kind::became_follower, leader);
  role_ = follower{leader, now_, {}};
  // Everybody else has drawn its timeout already. It is not drawn anew for a
  // higher term alone: whoever disturbs us could then keep us from campaigning.
  if (was_leader)
    draw_election_timeout();
  else
    reconsider_campaign();
}

void core::draw_election_timeout() {
  put_off_ = false;
  election_at_ = instant::max();
  if (!may_lead())
    return;
  const instant low = config_.election_timeout_min;
  const instant high = config_.election_timeout_max;
  // Section 5.2: "election timeouts are chosen randomly from a fixed interval".
  election_at_ = now_ + instant{random_.between(low.count(), high.count())};
  // Those who can do what a leader has to should win, and of these the ones
  // that are wanted.
  if (should_not_lead())
    election_at_ += high;
  if (config_.priority < priority_usual)
    election_at_ += high;
}

bool core::may_lead() const noexcept {
  return config_.priority > 0 && may_campaign();
}

/// Thesis, section 4.2.2: "a server that is not part of its own latest
/// configuration should still start new elections, as it might still be needed
/// until the Cnew entry is committed". It alone may have that entry.
bool core::may_campaign() const noexcept {
  const auto& now = members();
  return is_voter(self_.id) || needed_for_ > 0
      || (now.index > commit_
          && raft::is_voter(members_.at(now.index.previous()), self_.id));
}

/// Others know of an entry that gives us a vote, need it, and cannot get it,
/// since our log is ahead of theirs. If it gives us no vote, we do not campaign
/// for our own sake, and neither would anybody else ever win. Who wins needs a
/// majority of the members that its own log names, and need not be one of them.
///
/// If all that we have is committed, a majority of those members has it, too,
/// and whoever asks can do without us.
void core::stand_in() {
  if (commit_ == log_.last().index)
    return;
  constexpr unsigned campaigns = 2; // they ask again if they still need it
  needed_for_ = campaigns;
  reconsider_campaign();
}

/// Gives an election that we asked or voted in, both on the disk by now, time
/// to be won.
void core::wait_for_election() {
  draw_election_timeout();
  if (election_at_ == instant::max())
    return;
  // What was too short for the others, or for their disks, gets longer.
  constexpr unsigned doublings_max = 2;
  const auto doublings
    = std::min(std::max(lost_elections_, 1U) - 1, doublings_max);
  election_at_ += (election_at_ - now_) * ((1 << doublings) - 1);
}

/// Whoever may win needs time to make its own vote durable before it can ask
/// for ours; a campaign of our own would take that vote's worth. But only once:
/// it may be one that hears no answers and asks forever.
void core::give_way() {
  if (!std::exchange(gave_way_, true))
    wait_for_election();
}

// -- campaigns ----------------------------------------------------------------

void core::pre_campaign() {
  // Who votes for itself votes for another than it has promised.
  if (has_promised()) {
    election_at_ = promised_.until;
    return;
  }
  if (needed_for_ > 0 && --needed_for_ == 0 && !may_lead()) {
    reconsider_campaign();
    return;
  }
  draw_election_timeout();
  gave_way_ = false;
  // Its log is about to be another one, or its state machine is behind.
  if (snapshots_.install)
    return;
  // Who cannot make its own vote durable cannot win.
  if (disk_hangs() || (now_ < reserve_wanted_at_ && !hard_state_is_durable()))
    return;
  if (hard_.term >= term_max)
    return;
  // As long as our vote is on its way to the disk, be it for ourselves or for
  // another, a further term would only make it worthless.
  const auto* own = std::get_if<candidate>(&role_);
  if ((hard_.vote && !hard_state_is_durable()) || (own && !own->asked))
    return;
  if (!std::holds_alternative<pre_candidate>(role_))
    note_that(note_kind::became_pre_candidate);
  role_ = pre_candidate{{self_.id}};
  ask_for_votes();
  count_votes();
}

void core::campaign() {
  // What goes may have made us a voter.
  drop_what_found_no_space();
  if (!may_lead())
    return;
  // Section 5.2: "To begin an election, a follower increments its current term
  // and transitions to candidate state."
  hard_ = {hard_.term.next(), self_.id};
  ++lost_elections_;
  drop_held_answers();
  role_ = candidate{};
  note_that(note_kind::became_candidate);
  draw_election_timeout();
}

void core::ask_for_votes() {
  for (const auto voter : members_.voters())
    if (voter != self_.id)
      ask_for_vote(voter);
}

void core::ask_for_vote(peer_id voter) {
  if (!connected_.contains(voter))
    return;
  vote_request msg;
  msg.header = header_to(voter);
  msg.pre_vote = std::holds_alternative<pre_candidate>(role_);
  msg.term = msg.pre_vote ? hard_.term.next() : hard_.term;
  // A vote request promises what the disk holds: if we crashed and came back
  // with less, a late vote would elect a leader without a committed entry.
  msg.last = msg.pre_vote ? log_to_vote_by() : log_on_disk();
  if (const auto* own = std::get_if<candidate>(&role_)) {
    msg.transfer = own->by_transfer;
    msg.released = own->released;
  }
  out_.messages.push_back(msg);
}

/// Section 5.1: "Servers retry RPCs if they do not receive a response in a
/// timely manner".
void core::ask_again(candidate& state) {
  state.ask_again_at = now_ + config_.heartbeat_interval;
  for (const auto voter : members_.voters())
    if (voter != self_.id && !state.answered.contains(voter))
      ask_for_vote(voter);
}

void core::count_votes() {
  if (const auto* state = std::get_if<pre_candidate>(&role_)) {
    if (is_majority(state->granted))
      campaign();
  } else if (const auto* state = std::get_if<candidate>(&role_)) {
    // Section 5.2: "A candidate wins an election if it receives votes from a
    // majority of the servers in the full cluster for the same term."
    if (is_majority(state->granted))
      become_leader();
  }
}

// -- leadership ---------------------------------------------------------------

cluster_id core::draw_cluster_id() noexcept {
  cluster_id result;
  while (!result)
    result.value = random_.next();
  return result;
}

void core::become_leader() {
  consensus::leader state;
  // Section 8: "each leader [commits] a blank no-op entry into the log at the
  // start of its term". The first of all names the cluster; so does that of a
  // leader whose log was written before clusters had names.
  const auto named = cluster_ || proposed_at_;
  const auto first = append_entry(
    entry_kind::empty, {}, named ? bytes{} : to_bytes(draw_cluster_id()), 0);
  state.first = {first, hard_.term};
  state.released = first;
  state.under_way.push_back(first);
  for (const auto id : members_.members()) {
    if (id == self_.id)
      continue;
    progress x;
    x.next = first;
    x.connected = connected_.contains(id);
    x.heard_at = now_;
    state.others.emplace(id, std::move(x));
  }
  state.round = round_number{1};
  note_round(state);
  state.heartbeat_at
    = state.others.empty() ? instant::max() : now_ + config_.heartbeat_interval;
  state.quorum_check_at
    = is_sole_voter() ? instant::max() : now_ + config_.election_timeout_max;
  role_ = std::move(state);
  owed_.clear();
  owed_bytes_ = 0;
  election_at_ = instant::max();
  put_off_ = false;
  assembly_.drop();
  lost_elections_ = needed_for_ = 0;
  slow_disk_.since = stuck_machine_.since = instant::max();
  note_that(note_kind::became_leader, {}, log_.last());
}

instant core::quorum_heard_at(const consensus::leader& state) const {
  return agreed(members(), [this, &state](peer_id id) {
    return id == self_.id ? now_ : state.others.at(id).heard_at;
  });
}

void core::check_quorum(consensus::leader& state, bool late) {
  const auto heard_at = quorum_heard_at(state);
  if (now_ - heard_at < config_.election_timeout_max) {
    state.quorum_check_at = heard_at + config_.election_timeout_max;
    put_off_ = false;
  } else if (late && !put_off_) {
    // The process was stopped. The check begins anew, and answers that were
    // asked for before the stop prove nothing.
    put_off_ = true;
    state.counts_from = state.round.next();
    state.quorum_check_at = now_ + config_.election_timeout_max;
    note_that(note_kind::woke_late);
  } else {
    // Thesis, section 6.2: a leader steps down "if an election timeout elapses
    // without a successful round of heartbeats to a majority of its cluster".
    note_that(note_kind::stepped_down_no_quorum);
    become_follower({});
  }
}

log_position core::log_to_vote_by() const noexcept {
  // What found no room on the disk counts neither for us nor against others:
  // after a crash it would be gone, and nobody was told that we have it.
  return disk_full_ ? log_on_disk() : log_.last();
}

log_position core::log_on_disk() const noexcept {
  return {log_.durable(), *log_.term_at(log_.durable())};
}

bool core::leader_is_alive() const {
  auto heard_at = instant::min();
  if (const auto* state = std::get_if<follower>(&role_)) {
    if (!state->leader)
      return false;
    heard_at = state->heard_at;
  } else if (const auto* state = std::get_if<consensus::leader>(&role_)) {
    heard_at = quorum_heard_at(*state);
  } else {
    return false;
  }
  return now_ - heard_at < config_.election_timeout_min;
}

std::optional<note_kind> core::objection_to(const vote_request& msg) const {
  if (msg.term < hard_.term)
    return note_kind::refused_vote_old_term;
  // Thesis, section 4.2.3: "if a server receives a RequestVote request within
  // the minimum election timeout of hearing from a current leader, it does not
  // update its term or grant its vote".
  if (!msg.transfer && leader_is_alive())
    return note_kind::refused_vote_leader_alive;
  // In whatever role we are by now.
  if (has_promised()
      && !(msg.transfer && promised_.is_void(msg.term, msg.released)))
    return note_kind::refused_vote_promised;
  // Figure 2: "If votedFor is null or candidateId, and candidate's log is at
  // least as up-to-date as receiver's log, grant vote (§5.2, §5.4)".
  if (msg.term == hard_.term && hard_.vote && hard_.vote != msg.header.from)
    return note_kind::refused_vote_already_given;
  // Section 5.4.1: "If the logs have last entries with different terms, then
  // the log with the later term is more up-to-date."
  const auto ours = log_to_vote_by();
  if (msg.last.term < ours.term
      || (msg.last.term == ours.term && msg.last.index < ours.index))
    return note_kind::refused_vote_log_behind;
  return std::nullopt;
}

} // namespace raft::consensus
