// The transfer of leadership (thesis, section 3.10): a leader brings another
// voter up to date and tells it to campaign.

#include <raft/consensus/core.hpp>

#include <algorithm>
#include <limits>
#include <tuple>

namespace raft::consensus {

// -- a leader -----------------------------------------------------------------

transfer_begun core::transfer(peer_id target, instant limit) {
  auto* state = std::get_if<consensus::leader>(&role_);
  if (!state)
    return {{}, transfer_result::not_leader};
  if (state->handing_over) {
    const auto present = state->handing_over->successor;
    if (target && target != present)
      return {{}, transfer_result::under_way};
    return {present, transfer_result::transferred};
  }
  if (!target) {
    target = best_successor(*state, {}, {});
    if (!target)
      return {{}, transfer_result::nobody_fit};
  }
  const auto objection = objection_to_successor(*state, target);
  if (objection != transfer_result::transferred)
    return {{}, objection};
  const instant longest = config_.election_timeout_max;
  begin_hand_over(
    *state, {hand_over_cause::asked, target,
             now_ + (limit > instant{0} ? std::min(limit, longest) : longest)});
  return {target, transfer_result::transferred};
}

bool core::is_heard(const progress& x) const noexcept {
  return x.connected && now_ - x.heard_at < config_.election_timeout_max;
}

transfer_result core::objection_to_successor(const consensus::leader& state,
                                             peer_id id) const {
  if (id == self_.id)
    return transfer_result::leads_already;
  if (!is_member(id))
    return transfer_result::unknown_peer;
  if (!is_in(members().voters, id))
    return transfer_result::not_a_voter;
  const auto& x = state.others.at(id);
  if (!is_heard(x))
    return transfer_result::unreachable;
  if (x.priority == priority_unknown)
    return transfer_result::too_old;
  if (x.priority == 0)
    return transfer_result::should_not_lead;
  // What is on its way gets there within an election timeout, or nothing does.
  if (x.lacks_dropped
      || log_.bytes_between(x.match, log_.last().index)
           > config_.bytes_in_flight_max)
    return transfer_result::lags;
  return transfer_result::transferred;
}

/// The best fit voter that has the log on its disk up to `match`, and has
/// applied it up to `applied`; 0 if there is none.
peer_id core::best_successor(const consensus::leader& state, log_index match,
                             log_index applied) const {
  const auto rank = [&state](peer_id id) {
    const auto& x = state.others.at(id);
    return std::tuple{x.priority, x.match, x.applied};
  };
  peer_id result;
  for (const auto& [id, x] : state.others)
    if (x.match >= match && x.applied >= applied
        && objection_to_successor(state, id) == transfer_result::transferred
        && (!result || rank(id) > rank(result)))
      result = id;
  return result;
}

void core::begin_hand_over(consensus::leader& state, const hand_over& what) {
  state.handing_over = what;
  // Before anybody is told, see consensus/lease.hpp.
  for (auto& [id, x] : state.others)
    x.promised_until = instant::min();
  state.lease_from = {std::numeric_limits<std::uint64_t>::max()};
  note_that(note_kind::hands_over, what.successor, log_.last());
}

/// Tells the successor to campaign as soon as it has all of the log. Those who
/// wait for an entry get their answers first.
void core::pursue_hand_over(consensus::leader& state) {
  if (!state.handing_over || now_ < state.handing_over->tell_at)
    return;
  const auto to = state.handing_over->successor;
  const auto last = log_.last().index;
  const auto& successor = state.others.at(to);
  if (commit_ < last || successor.match < last
      || successor.priority == priority_unknown)
    return;
  // It is told again with each heartbeat, in case that was lost.
  state.handing_over->tell_at = now_ + config_.heartbeat_interval;
  out_.messages.push_back(timeout_now{header_to(to), hard_.term, state.round});
}

/// It did not work, or is not wanted any more.
void core::cancel_hand_over(consensus::leader& state) {
  note_that(note_kind::leads_on, state.handing_over->successor);
  state.handing_over.reset();
  state.lease_from = state.round.next();
}

/// Its time is over, or the link to the successor.
void core::end_hand_over(consensus::leader& state) {
  const auto what = *state.handing_over;
  if (what.cause == hand_over_cause::asked
      || what.cause == hand_over_cause::priority
      || what.cause == hand_over_cause::removal)
    return cancel_hand_over(state);
  note_that(note_kind::stepped_down_untaken, what.successor);
  become_follower({});
}

// -- its successor ------------------------------------------------------------

void core::receive(const timeout_now& msg) {
  const auto from = msg.header.from;
  if (!may_be_heard(msg) || !reach(msg.term, from) || msg.term < hard_.term)
    return;
  // Section 5.2: "at most one candidate can win the election for a particular
  // term".
  if (leads() || (leader() && leader() != from)) {
    distrust(note_kind::refused_second_leader, from);
    return;
  }
  if (!may_follow_up(msg)) {
    note_that(note_kind::refused_transfer, from);
    return;
  }
  note_that(note_kind::told_to_campaign, from);
  // Thesis, section 3.10: it "starts a new election (incrementing its term and
  // becoming a candidate)". To ask before would be of no use: the others hear a
  // leader.
  promised_.until = instant::min();
  gave_way_ = false;
  campaign();
  if (auto* state = std::get_if<candidate>(&role_)) {
    state->by_transfer = true;
    state->released = msg.round;
  }
}

bool core::may_follow_up(const timeout_now& msg) const {
  // It is an old one if its sender was heard since. Then it may lead on, and
  // even have a lease.
  if (const auto* state = std::get_if<follower>(&role_))
    if (state->leader && msg.round < state->round)
      return false;
  if (has_promised() && !promised_.is_void(hard_.term.next(), msg.round))
    return false;
  return may_lead() && !should_not_lead() && !disk_hangs();
}

} // namespace raft::consensus
