// Changes of the members (thesis, chapter 4), by joint consensus: one entry
// with both sets of voters, and when that is committed, one with the new set.

#include <raft/consensus/core.hpp>
#include <raft/consensus/quorum.hpp>
#include <raft/consensus/soundness.hpp>

#include <algorithm>
#include <utility>

namespace raft::consensus {

namespace {

/// A machine that has lost its directory comes back as another peer; until that
/// has taken the place of the one before, both are members.
bool share_a_machine(const member_details& x, const member_details& y) {
  return (x.joins && x.replaces == y.peer) || (y.joins && y.replaces == x.peer);
}

/// What can be said of a wish without knowing who is there.
members_changed objection_to_members(const membership& wanted) {
  members_changed result;
  if (wanted.voters.empty())
    result.result = change_result::no_voters;
  else if (!is_sound(wanted))
    result.result = change_result::malformed;
  for (const auto& x : wanted.details)
    for (const auto& y : wanted.details)
      if (x.peer < y.peer && !x.address.empty() && x.address == y.address
          && !share_a_machine(x, y))
        result = {{}, change_result::duplicate_address, y.peer, {}, {}};
  return result;
}

/// In the form in which all are compared and written.
membership in_order(membership x) {
  std::ranges::sort(x.voters);
  std::ranges::sort(x.learners);
  std::erase_if(x.details, [&x](const member_details& y) {
    return y == details_of({}, y.peer) || !is_member(x, y.peer);
  });
  std::ranges::sort(x.details, {}, &member_details::peer);
  return x;
}

bool is_same(membership x, const membership& y) {
  x.index = y.index;
  return x == y;
}

} // namespace

// -- what is wanted -----------------------------------------------------------

members_changed core::change(const change_members& x) {
  using enum change_result;
  const auto* state = std::get_if<consensus::leader>(&role_);
  const auto no = [this](change_result why, peer_id whom = {}) {
    return members_changed{self_.group, why, whom, members().index, leader()};
  };
  if (!state)
    return no(not_leader);
  const auto& now = members();
  if (is_joint(now) || now.index > commit_)
    return no(under_way);
  if (commit_ < state->first.index)
    return no(not_ready);
  if (state->handing_over || disk_full_
      || log_.bytes_after(commit_) >= config_.uncommitted_bytes_max)
    return no(busy);
  if (x.based_on != now.index)
    return no(outdated);
  auto next = x.wanted;
  next.outgoing.clear();
  next.level = now.level;
  if (const auto why = objection_to_members(next); why.result != begun)
    return no(why.result, why.peer);
  next = in_order(std::move(next));
  if (is_same(next, in_order(now)))
    return no(no_change);
  for (const auto id : members_of(next)) {
    if (is_member(id))
      continue;
    const auto known = incarnations_.find(id);
    const auto store = details_of(next, id).incarnation;
    const auto returns = known != incarnations_.end() && known->second == store;
    if (!returns
        && (known != incarnations_.end()
            || raft::is_member(members_.founding(), id)))
      return no(id_was_used, id);
    if (config_.log_waits_for_absent)
      return no(needs_snapshots, id);
  }
  if (!x.force) {
    for (const auto id : next.voters) {
      const auto other = state->others.find(id);
      if (!is_in(now.voters, id)
          && (other == state->others.end() || !other->second.caught_up))
        return no(not_caught_up, id);
    }
    if (!may_vote_on(*state, next.voters))
      return no(loses_quorum);
  }
  append_members(std::move(next));
  return no(begun);
}

/// Whether enough of those are there to commit anything.
bool core::may_vote_on(const consensus::leader& state,
                       const std::vector<peer_id>& voters) const {
  const auto there = std::ranges::count_if(voters, [&](peer_id id) {
    if (id == self_.id)
      return true;
    const auto other = state.others.find(id);
    return other != state.others.end() && is_heard(other->second);
  });
  return static_cast<std::size_t>(there) >= majority(voters.size());
}

/// @param next Without those before it, which it gets here if it needs them.
void core::append_members(membership next) {
  // Who had a vote keeps it until the new set alone decides.
  const auto now = in_order(members());
  if (!is_joint(now) && next.voters != now.voters) {
    next.outgoing = now.voters;
    for (const auto& x : now.details)
      if (is_in(next.outgoing, x.peer)
          && details_of(next, x.peer) == details_of({}, x.peer))
        next.details.push_back(x);
    std::ranges::sort(next.details, {}, &member_details::peer);
  }
  append_entry(entry_kind::configuration, {}, to_bytes(next), 0);
}

// -- those in force -----------------------------------------------------------

/// Others are in force than before.
void core::members_differ() {
  const auto& now = members();
  const log_position where{now.index,
                           log_.term_at(now.index).value_or(term_number{})};
  note_that(note_kind::members_are_now, {}, where);
  if (now.index && now.level > members_.at(now.index.previous()).level)
    note_that(note_kind::level_has_risen, {}, where);
  auto* state = std::get_if<consensus::leader>(&role_);
  if (!state) {
    reconsider_campaign();
    return;
  }
  for (const auto id : members_.members()) {
    if (id == self_.id)
      continue;
    const auto [other, is_new] = state->others.try_emplace(id);
    auto& x = other->second;
    x.leaves_after = {};
    if (is_new) {
      x.next = state->released.next();
      x.connected = connected_.contains(id);
      x.heard_at = now_;
    }
  }
  state->heartbeat_at
    = std::min(state->heartbeat_at, now_ + config_.heartbeat_interval);
  state->quorum_check_at
    = std::min(state->quorum_check_at, now_ + config_.election_timeout_max);
  if (state->handing_over
      && !is_in(members().voters, state->handing_over->successor))
    cancel_hand_over(*state);
  commit_what_is_agreed(*state);
}

/// Whether we may campaign may be another matter now.
void core::reconsider_campaign() {
  if (leads() || (election_at_ != instant::max()) == may_lead())
    return;
  if (!may_lead() && !std::holds_alternative<follower>(role_))
    become_follower({});
  draw_election_timeout();
}

// -- what a leader goes on with -----------------------------------------------

void core::pursue_change(consensus::leader& state) {
  const auto& now = members();
  if (now.index > commit_ || commit_ < state.first.index || state.handing_over)
    return;
  if (is_joint(now))
    conclude_change(state);
  else if (!is_voter(self_.id)) {
    // Thesis, section 4.2.2: it "steps down [...] once the Cnew entry is
    // committed".
    note_that(note_kind::stepped_down_removed, {}, {now.index, {}});
    become_follower({});
  } else {
    promote_learners(state);
    raise_level(state);
  }
}

/// The version of messages that all members speak; 0 if one is not connected.
std::uint32_t core::common_version() const {
  auto result = static_cast<std::uint32_t>(config_.level_max);
  for (const auto id : members_.members()) {
    if (id == self_.id)
      continue;
    const auto other = connected_.find(id);
    result = std::min(result, other == connected_.end() ? 0 : other->second);
  }
  return result;
}

void core::raise_level(consensus::leader& state) {
  if (members().level >= config_.level_max
      || config_.level_after == std::chrono::milliseconds::max())
    return;
  const auto common = common_version();
  if (std::exchange(state.common_version, common) != common)
    state.common_since = now_;
  if (common < levels_since_version || common <= members().level
      || members().index > commit_ || disk_full_
      || now_ - state.common_since < config_.level_after)
    return;
  auto next = members();
  next.level = common;
  append_members(in_order(std::move(next)));
}

/// Those of before are not needed any more.
void core::conclude_change(consensus::leader& state) {
  auto next = members();
  if (!is_in(next.voters, self_.id)
      && !std::exchange(state.gave_up_succession, true)) {
    if (const auto successor = best_successor(state, {}, {})) {
      begin_hand_over(state, {hand_over_cause::removal, successor,
                              now_ + config_.election_timeout_max});
      return;
    }
  }
  next.outgoing.clear();
  append_members(in_order(std::move(next)));
}

/// Makes voters of the learners that are to be some and have caught up. The one
/// in whose favor we give up our own vote comes last, so that others need not
/// elect a leader in between.
void core::promote_learners(consensus::leader& state) {
  const auto& now = members();
  if (std::ranges::none_of(now.details, &member_details::joins))
    return;
  auto next = now;
  auto waits = false;
  std::optional<member_details> ours;
  const auto promote = [&next](const member_details& x) {
    std::erase(next.learners, x.peer);
    std::erase(next.voters, x.replaces);
    next.voters.push_back(x.peer);
    auto& to = *std::ranges::find(next.details, x.peer, &member_details::peer);
    to.joins = false;
    to.replaces = {};
  };
  for (const auto& x : now.details) {
    if (!x.joins || !is_in(now.learners, x.peer))
      continue;
    const auto& other = state.others.at(x.peer);
    if (!is_heard(other))
      continue; // nobody waits for whoever may not come
    if (!other.caught_up)
      waits = true;
    else if (x.replaces == self_.id)
      ours = x;
    else
      promote(x);
  }
  if (next == now && ours && !waits)
    promote(*ours);
  if (next == now || disk_full_ || !may_vote_on(state, next.voters))
    return;
  append_members(in_order(std::move(next)));
}

/// Forgets those who are no members any more, and know, or are not there.
void core::let_leave(consensus::leader& state) {
  for (auto& [id, x] : state.others)
    if (!is_member(id) && members().index <= commit_ && !x.leaves_after)
      x.leaves_after = state.round;
  std::erase_if(state.others, [this](const auto& other) {
    const auto& x = other.second;
    const auto knows
      = x.match >= members().index && x.round_answered > x.leaves_after;
    return x.leaves_after && (knows || !is_heard(x));
  });
}

void core::note_catching_up(progress& x) const {
  if (x.match < x.catch_up_to)
    return;
  x.caught_up
    = x.catch_up_to && now_ - x.catch_up_since < config_.election_timeout_min;
  x.catch_up_to = log_.last().index;
  x.catch_up_since = now_;
}

} // namespace raft::consensus
