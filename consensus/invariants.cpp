#include <raft/consensus/invariants.hpp>
#include <raft/consensus/quorum.hpp>

#include <algorithm>

namespace raft::consensus {

std::optional<std::string> invariant_checker::check(const core& x) {
  violation_.reset();
  check_indexes(x);
  check_log(x);
  check_hard_state(x);
  check_role(x);
  check_disk(x);
  check_applying(x);
  if (before_)
    check_change(x, *before_);
  before_ = take(x);
  return violation_;
}

void invariant_checker::expect(bool truth, const char* sentence) {
  if (!truth && !violation_)
    violation_ = sentence;
}

invariant_checker::snapshot invariant_checker::take(const core& x) {
  const auto at = [&x](log_index index) -> log_position {
    return {index, x.log_.term_at(index).value_or(term_number{})};
  };
  snapshot result;
  result.hard = x.hard_;
  result.durable_hard = x.durable_hard_;
  result.role = x.role();
  result.leader = x.leader();
  result.handed_out = x.handed_out_;
  result.applied = x.applied_;
  result.applied_durable = x.applied_durable_;
  result.lowest_match = x.lowest_match_;
  result.compacted = x.log_.compacted().index;
  result.last = x.log_.last();
  result.committed = at(x.commit_);
  result.durable = at(x.log_.durable());
  result.durable_run = x.log_.first_of_term_at(x.log_.durable());
  result.stores = x.incarnations_;
  if (const auto* state = std::get_if<leader>(&x.role_))
    for (const auto& [id, y] : state->others)
      result.matches.emplace(id, y.match);
  return result;
}

// -- how it is ----------------------------------------------------------------

void invariant_checker::check_indexes(const core& x) {
  const auto& log = x.log_;
  expect(x.commit_ <= log.last().index,
         "The commit index does not exceed the end of the log.");
  expect(x.handed_out_ <= x.commit_,
         "Only committed entries are given to the state machine.");
  expect(x.applied_ <= x.handed_out_,
         "Nothing is applied before it was given to the state machine.");
  expect(x.applied_durable_ <= x.applied_,
         "What the state machine has on its disk was applied.");
  const auto& install = x.snapshots_.install;
  const auto swaps = install && !x.snapshots_.resets_log();
  expect(log.compacted().index <= x.applied_durable_
           || (swaps && log.compacted() == install->head.last),
         "Only entries whose effects are on this peer's disk are dropped.");
  expect(!x.config_.log_waits_for_absent
           || log.compacted().index <= x.lowest_match_,
         "Only entries that every member has are dropped.");
  expect(log.first_in_memory() > log.compacted().index,
         "What was dropped is not in memory.");
  expect(log.compacted().index <= log.durable(),
         "What is compacted is durable.");
  expect(log.durable() <= log.handed_to_disk(),
         "What is durable was given to the disk.");
  expect(log.handed_to_disk() <= log.last().index,
         "What was given to the disk and still counts is in the log.");
}

void invariant_checker::check_log(const core& x) {
  const auto& log = x.log_;
  const auto since = x.members().index;
  expect(since <= log.last().index
           && (!log.find(since)
               || log.find(since)->kind == entry_kind::configuration),
         "The members in force are those of an entry of the log.");
  expect(log.first_in_memory() <= log.durable().next(),
         "Entries that are not durable are in memory.");
  const auto& later = x.members_.all().later;
  expect(later.empty()
           || x.members_.at(x.members().index.previous()).level
                <= x.members().level
           || later.size() == 1,
         "The level never goes back along the log.");
  expect(log.last().term <= x.hard_.term,
         "No entry is of a later term than the current one.");
  expect(log.holds(log.last()), "The log holds its last entry.");
  auto index = log.first_in_memory();
  if (before_)
    index = std::max(index, std::min(before_->last.index, log.last().index));
  for (; index <= log.last().index; ++index) {
    const auto* y = log.find(index);
    expect(y && y->index == index, "The indexes of the log have no gaps.");
    expect(y && log.term_at(index) == y->term,
           "The term known of an entry is the entry's.");
    const auto before = log.term_at(index.previous());
    expect(!before || *before <= *log.term_at(index),
           "Terms never decrease along the log.");
  }
}

void invariant_checker::check_hard_state(const core& x) {
  expect(x.durable_hard_.term <= x.hard_.term,
         "The term on the disk is not ahead of the current one.");
  expect(x.durable_hard_.term < x.hard_.term || !x.durable_hard_.vote
           || x.durable_hard_.vote == x.hard_.vote,
         "The vote on the disk is the one that was given in that term.");
  expect(!x.hard_.vote || x.hard_.term, "Nobody votes in term 0.");
  expect(!x.hard_.vote || !x.members_.voters().empty(),
         "Who knows no members does not vote.");
}

void invariant_checker::check_role(const core& x) {
  const auto self = x.self_.id;
  const auto only_members = [&x, self](const std::set<peer_id>& ids) {
    return std::ranges::all_of(
      ids, [&](peer_id y) { return y == self || x.is_member(y); });
  };
  if (const auto* state = std::get_if<leader>(&x.role_)) {
    expect(x.election_at_ == instant::max(), "A leader does not campaign.");
    check_leader(x, *state);
  } else {
    expect((x.election_at_ != instant::max()) == x.may_lead(),
           "A voter that may lead and does not will campaign, and nobody else "
           "will.");
  }
  if (const auto* state = std::get_if<follower>(&x.role_)) {
    expect(state->leader != self, "Nobody follows itself.");
  } else if (const auto* state = std::get_if<pre_candidate>(&x.role_)) {
    expect(!x.is_majority(state->granted),
           "A pre-candidate without objections campaigns.");
    expect(x.may_campaign(), "Who has no vote does not campaign.");
    expect(only_members(state->granted), "Only members answer pre-votes.");
  } else {
    expect(x.hard_.vote == self, "Candidates and leaders vote for themselves.");
  }
  expect(!x.has_promised() || std::holds_alternative<follower>(x.role_),
         "Who has promised its leader to wait does not campaign.");
  if (const auto* state = std::get_if<candidate>(&x.role_)) {
    expect(!x.is_majority(state->granted),
           "A candidate with a majority of the votes leads.");
    expect(only_members(state->granted), "Only members vote.");
    expect(state->asked == state->granted.contains(self),
           "A candidate counts its own vote when it asks for the others'.");
    expect(!state->asked || x.durable_hard_ == x.hard_,
           "A candidate's term and vote are durable when it asks for votes.");
  }
}

void invariant_checker::check_leader(const core& x, const leader& state) {
  const auto& log = x.log_;
  expect(x.durable_hard_ == x.hard_,
         "A leader's term and vote are on its disk.");
  expect((log.holds(state.first) || state.first.index < log.compacted().index)
           && state.first.term == x.hard_.term,
         "A leader's log holds the entry that began its term.");
  expect(log.last().term == x.hard_.term,
         "A leader's log ends with an entry of its term.");
  expect(state.first.index <= state.released
           && state.released <= log.last().index,
         "What a leader has released is in its log.");
  expect(std::ranges::is_sorted(state.under_way)
           && (state.under_way.empty()
               || (state.under_way.front() > x.commit_
                   && state.under_way.back() == state.released)),
         "Batches are under way until they are committed.");
  expect(state.under_way.size() <= x.config_.batches_under_way_max,
         "No more batches are under way than allowed.");
  for (const auto id : x.members_.members())
    expect(id == x.self_.id || state.others.contains(id),
           "A leader knows of all other members.");
  for (const auto& [id, y] : state.others) {
    expect(y.connected == x.connected_.contains(id),
           "A leader knows who is connected.");
    check_progress(x, state, y);
  }
  const auto since = x.members().index;
  expect(log.term_at(since) != x.hard_.term || since < state.first.index
           || x.members_at(since.previous()).index <= x.commit_,
         "A change of members begins when the last one is committed.");
  if (const auto& y = state.handing_over) {
    expect(y->successor != x.self_.id && x.is_voter(y->successor)
             && x.connected_.contains(y->successor),
           "A leader hands over to another voter that is connected.");
    expect(!x.has_lease(), "Who hands over has no lease.");
    expect(y->until <= x.now_ + x.config_.election_timeout_max,
           "A transfer takes no longer than an election timeout.");
  }
  if (const auto& y = state.read_round_under_way)
    expect(y->round <= state.round && y->index >= state.first.index
             && y->index <= x.commit_,
           "Reads wait for what was committed when they began.");
  if (x.commit_ < state.first.index)
    return;
  const auto reached = agreed(x.members(), [&x, &state](peer_id id) {
    return id == x.self_.id ? x.log_.durable() : state.others.at(id).match;
  });
  // Those that are not in force for long may lack what others committed.
  expect(reached == x.commit_
           || (reached < x.commit_ && x.members().index > x.commit_),
         "What a leader committed is on the disks of a majority.");
}

void invariant_checker::check_progress(const core& x, const leader& state,
                                       const progress& y) {
  expect(y.match < y.next, "What is sent next was not matched yet.");
  expect(y.next <= state.released.next(), "Only released entries are sent.");
  expect(y.match <= x.log_.last().index,
         "A follower matches nothing beyond the leader's log.");
  expect(y.round_answered <= state.round,
         "Nobody answers a heartbeat before it was sent.");
  expect(y.in_flight.empty() || y.sending == progress::mode::stream,
         "Nothing is in flight to a follower that is probed.");
  expect(y.in_flight.empty() || y.connected,
         "Nothing is in flight without a connection.");
  expect(y.in_flight.size() <= x.config_.requests_in_flight_max,
         "No more requests are in flight than allowed.");
  std::size_t size = 0;
  auto last = y.match;
  for (const auto& request : y.in_flight) {
    expect(request.last > last, "Requests in flight are ahead of the match.");
    last = request.last;
    size += request.bytes;
  }
  expect(y.in_flight.empty() || last < y.next,
         "What is sent next is not in flight yet.");
  expect(size == y.bytes_in_flight, "The bytes in flight add up.");
}

void invariant_checker::check_disk(const core& x) {
  if (x.batch_) {
    expect(x.batch_->hard.term >= x.durable_hard_.term,
           "A batch never takes the term back.");
    expect(x.batch_->number == x.last_batch_, "One batch is under way.");
  } else {
    expect(x.log_.durable() == x.log_.handed_to_disk(),
           "Without a batch under way, what was written is durable.");
  }
  for (const auto& held : x.held_) {
    const auto term
      = std::visit([](const auto& y) { return y.term; }, held.answer);
    expect(term == x.hard_.term,
           "An answer that waits for the disk is of the current term.");
    expect(held.index <= x.log_.last().index,
           "An answer that waits speaks of what is in the log.");
    expect(x.durable_hard_ != x.hard_ || held.index > x.log_.durable(),
           "An answer that waits for the disk has to.");
  }
}

void invariant_checker::check_applying(const core& x) {
  std::size_t size = 0;
  auto last = x.applied_;
  for (const auto& piece : x.applying_) {
    expect(piece.last > last, "What is being applied was not applied yet.");
    last = piece.last;
    size += piece.bytes;
  }
  expect(last == x.handed_out_
           || (x.snapshots_.install && !x.snapshots_.resets_log()),
         "All that was handed out is being applied.");
  expect(size == x.applying_bytes_, "The bytes being applied add up.");
  expect(!x.reading_ || x.reading_ == x.handed_out_.next(),
         "What is read for our own state machine is what it needs next.");
}

// -- how it changed -----------------------------------------------------------

void invariant_checker::check_change(const core& x, const snapshot& old) {
  const auto& log = x.log_;
  expect(x.hard_.term >= old.hard.term, "The term never goes back.");
  expect(x.hard_.term > old.hard.term || !old.hard.vote
           || x.hard_.vote == old.hard.vote,
         "A vote does not change within a term.");
  expect(!x.has_promised() || !x.hard_.vote || x.hard_ == old.hard,
         "Who has promised its leader to wait does not vote.");
  expect(x.durable_hard_.term >= old.durable_hard.term,
         "The durable term never goes back.");
  expect(x.commit_ >= old.committed.index, "The commit index never goes back.");
  expect(x.handed_out_ >= old.handed_out,
         "Entries are handed out once, in order.");
  expect(x.applied_ >= old.applied, "The applied index never goes back.");
  expect(old.committed.index < log.compacted().index
           || log.holds(old.committed),
         "A committed entry is never lost or replaced.");
  expect(x.lowest_match_ >= old.lowest_match,
         "What everyone has never goes back.");
  expect(x.applied_durable_ >= old.applied_durable,
         "What the state machine has on its disk never goes back.");
  expect(log.compacted().index >= old.compacted,
         "What was dropped never comes back.");
  // If it is the same one: leaders that contradict each other about what is
  // before it mean different entries by it (paper, section 5.3).
  expect(!log.holds(old.durable)
           || log.first_of_term_at(old.durable.index) != old.durable_run
           || log.durable() >= old.durable.index,
         "A durable entry that is still in the log is still durable.");
  if (x.hard_.term > old.hard.term)
    return;
  expect(!old.leader || !x.leader() || x.leader() == old.leader,
         "A term has at most one leader.");
  const auto campaigns = [](peer_role role) {
    return role == peer_role::candidate || role == peer_role::leader;
  };
  expect(campaigns(old.role) || !campaigns(x.role()),
         "Every campaign begins a new term.");
  expect(old.role != peer_role::leader || x.role() != peer_role::candidate,
         "A leader does not campaign in its own term.");
  check_leader_change(x, old);
}

void invariant_checker::check_leader_change(const core& x,
                                            const snapshot& old) {
  const auto* state = std::get_if<leader>(&x.role_);
  if (!state || old.role != peer_role::leader)
    return;
  // Section 5.3: "A leader never overwrites or deletes entries in its own log".
  expect(x.log_.holds(old.last) || old.last.index < x.log_.compacted().index,
         "A leader never rewrites its log.");
  for (const auto& [id, match] : old.matches) {
    const auto it = state->others.find(id);
    const auto before = old.stores.find(id);
    const auto now = x.incarnations_.find(id);
    // Another store holds what it holds.
    const auto another = before != old.stores.end()
                      && now != x.incarnations_.end()
                      && before->second != now->second;
    expect(it == state->others.end() ? !x.is_member(id)
                                     : another || it->second.match >= match,
           "A follower's match never goes back.");
  }
}

} // namespace raft::consensus
