// Set-up, time and observers of the core.

#include <raft/consensus/core.hpp>
#include <raft/consensus/quorum.hpp>
#include <raft/consensus/soundness.hpp>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace raft::consensus {

core::core(const identity& self, const settings& config,
           const durable_state& recovered, std::vector<entry> tail,
           log_index applied, instant now)
  : self_{self},
    config_{config},
    members_{recovered.members},
    durable_members_{recovered.members},
    random_{self.seed},
    now_{now},
    clock_{now},
    hard_{recovered.hard},
    log_{recovered, std::move(tail)},
    commit_{std::max(recovered.compacted.index, applied)},
    handed_out_{commit_},
    applied_{commit_},
    applied_durable_{commit_},
    applied_at_{now},
    time_{recovered.last_time_ms, now},
    cluster_{recovered.cluster},
    durable_cluster_{recovered.cluster},
    proposed_{recovered.proposed},
    proposed_at_{recovered.proposed_at},
    durable_hard_{recovered.hard},
    lowest_match_{recovered.compacted.index},
    reads_{self.seed},
    leased_reads_{self.seed, 1} {
  assert(complaint_about(config) == nullptr);
  assert(complaint_about(recovered, applied, config.level_max).empty());
  assert(self.id);
  commit_to(commit_);
  snapshots_.tell_installed
    = static_cast<bool>(recovered.installing.last.index);
  draw_election_timeout();
  if (!config_.machine_keeps_state)
    wait_for_snapshot();
  // The process before may have promised a moment ago. In term 0 nobody has
  // heard a leader.
  if (hard_.term)
    promise(round_number{std::numeric_limits<std::uint64_t>::max()});
}

// -- inputs: time -------------------------------------------------------------

void core::advance(instant now) {
  // A full disk that was left alone for long enough needs no more than that it
  // is known to be so.
  const auto due = role_wake_at();
  now_ = std::max(now_, now);
  tell_clock(now);
  if (now_ < due)
    return;
  const auto late = now_ - due > config_.heartbeat_interval;
  if (auto* state = std::get_if<consensus::leader>(&role_)) {
    if (now_ >= state->quorum_check_at)
      check_quorum(*state, late);
    if (leads())
      check_standstill(*state, late ? now_ - due : instant{0});
    if (leads() && state->handing_over && now_ >= state->handing_over->until)
      end_hand_over(*state);
    if (leads() && now_ >= state->heartbeat_at) {
      check_preference(*state);
      send_heartbeats(*state);
    }
  } else if (!may_lead()) {
    become_follower({}); // of nobody: the one that it had is gone
  } else if (now_ < election_at_) {
    ask_again(std::get<candidate>(role_));
  } else if (late && !put_off_) {
    // The process was stopped: the leader's messages may be in the mailbox.
    put_off_ = true;
    election_at_ = now_ + config_.heartbeat_interval;
    note_that(note_kind::woke_late);
  } else {
    pre_campaign();
  }
}

void core::tell_clock(instant clock) noexcept {
  clock_ = std::max(clock_, clock);
}

instant core::wake_at() const noexcept {
  auto result = role_wake_at();
  if (reads_.has_asked() && !leads())
    result = std::min(result, reads_.asked_at() + config_.heartbeat_interval);
  if (batch_ || !disk_is_left_alone())
    return result;
  // Whatever waits, the earlier moment comes first.
  for (const auto at : {space_wanted_at_, reserve_wanted_at_})
    if (at > now_)
      result = std::min(result, at);
  return result;
}

instant core::role_wake_at() const noexcept {
  if (const auto* state = std::get_if<consensus::leader>(&role_)) {
    const auto result = std::min(state->heartbeat_at, state->quorum_check_at);
    return state->handing_over ? std::min(result, state->handing_over->until)
                               : result;
  }
  if (const auto* state = std::get_if<candidate>(&role_))
    return std::min(state->ask_again_at, election_at_);
  if (const auto* state = std::get_if<follower>(&role_))
    if (state->leader && !may_lead())
      return state->heard_at + 2 * config_.election_timeout_max;
  return election_at_;
}

// -- who is who ---------------------------------------------------------------

message_header core::header_to(peer_id to) const noexcept {
  return {self_.group, self_.id, to, self_.incarnation};
}

bool core::is_member(peer_id x) const noexcept {
  return is_in(members_.members(), x);
}

bool core::is_voter(peer_id x) const noexcept {
  return is_in(members_.voters(), x);
}

bool core::is_sole_voter() const noexcept {
  return members_.voters().size() == 1 && is_voter(self_.id);
}

bool core::is_majority(const std::set<peer_id>& granted) const noexcept {
  return agreed(members(), [&granted](peer_id x) { //
    return granted.contains(x);
  });
}

void core::append_to_log(entry x) {
  if (const auto id = cluster_in(x); id && !proposed_at_) {
    proposed_ = id;
    proposed_at_ = x.index;
  }
  auto members = membership_in(x);
  log_.append(std::move(x));
  if (members) {
    members_.append(std::move(*members));
    members_differ();
  }
}

void core::truncate_log(log_index from) {
  if (proposed_at_ >= from) {
    proposed_ = {};
    proposed_at_ = {};
  }
  log_.truncate(from);
  if (members_.truncate(from))
    members_differ();
}

void core::note_that(note_kind kind, peer_id peer, log_position where) {
  out_.notes.push_back({kind, hard_.term, peer, where});
}

// -- observers ----------------------------------------------------------------

const identity& core::self() const noexcept {
  return self_;
}

term_number core::term() const noexcept {
  return hard_.term;
}

peer_id core::vote() const noexcept {
  return hard_.vote;
}

peer_role core::role() const noexcept {
  static_assert(std::is_same_v<std::variant_alternative_t<3, role_state>,
                               consensus::leader>);
  return static_cast<peer_role>(role_.index());
}

bool core::leads() const noexcept {
  return std::holds_alternative<consensus::leader>(role_);
}

peer_id core::leader() const noexcept {
  if (const auto* state = std::get_if<follower>(&role_))
    return state->leader;
  return leads() ? self_.id : peer_id{};
}

log_index core::commit() const noexcept {
  return commit_;
}

log_index core::handed_out() const noexcept {
  return handed_out_;
}

log_index core::applied() const noexcept {
  return applied_;
}

log_index core::applied_durable() const noexcept {
  return applied_durable_;
}

const membership& core::members() const noexcept {
  return members_.current();
}

const membership& core::members_at(log_index index) const noexcept {
  return members_.at(index);
}

cluster_id core::cluster() const noexcept {
  return cluster_;
}

const consensus::log& core::log() const noexcept {
  return log_;
}

const settings& core::config() const noexcept {
  return config_;
}

std::optional<instant> core::fresh_at() const noexcept {
  return reads_.fresh_at();
}

peer_id core::handing_over_to() const noexcept {
  const auto* state = std::get_if<consensus::leader>(&role_);
  return state && state->handing_over ? state->handing_over->successor
                                      : peer_id{};
}

std::uint64_t core::refused_messages() const noexcept {
  return refused_;
}

peer_state core::state() const {
  peer_state result;
  result.group = self_.group;
  result.id = self_.id;
  result.incarnation = self_.incarnation;
  result.term = hard_.term;
  result.role = role();
  result.leader = leader();
  result.commit = commit_;
  result.applied = applied_;
  result.durable = log_.durable();
  result.last = log_.last().index;
  if (const auto* state = std::get_if<consensus::leader>(&role_))
    for (const auto& [id, x] : state->others)
      result.others.push_back({id, x.match, x.next, x.connected});
  result.members = members().voters;
  result.first = log_.compacted().index.next();
  result.log_bytes
    = log_.bytes_between(log_.compacted().index, log_.last().index);
  result.cluster = cluster_;
  result.configuration = members();
  result.level = members().level;
  return result;
}

} // namespace raft::consensus
