// How a leader's entries reach its followers and become committed.

#include <raft/consensus/core.hpp>
#include <raft/consensus/quorum.hpp>
#include <raft/consensus/soundness.hpp>

#include <algorithm>
#include <cassert>
#include <iterator>

namespace raft::consensus {

namespace {

std::size_t sum_of_costs(const std::vector<entry>& all) {
  std::size_t result = 0;
  for (const auto& x : all)
    result += cost(x);
  return result;
}

} // namespace

// -- new entries --------------------------------------------------------------

started core::start(entry_kind kind, const command_tag& tag, bytes data,
                    std::uint64_t wall_ms, const space_needed& space) {
  started result;
  result.term = hard_.term;
  result.leads = leads();
  result.leader = leader();
  result.reason = objection_to_command(data.size(), space);
  if (result.reason == reject_reason::none) {
    result.index = append_entry(kind, tag, std::move(data), wall_ms);
    owe_space(result.index, space.bytes);
  } else if (leads() && !finds_space(space)
             && !std::exchange(space_missed_, true)) {
    note_that(note_kind::machine_lacks_space, {}, {applied_, {}});
  }
  return result;
}

reject_reason
core::objection_to_command(std::size_t size,
                           const space_needed& space) const noexcept {
  if (!leads())
    return reject_reason::not_leader;
  if (size > config_.command_bytes_max)
    return reject_reason::too_large;
  if (std::get<consensus::leader>(role_).handing_over)
    return reject_reason::handing_over;
  // Once in a while a command is let through to find out whether there is room
  // again; what waits for room already finds out as well.
  if (disk_full_
      && (now_ < space_wanted_at_ || now_ < reserve_wanted_at_
          || log_.durable() < log_.last().index))
    return reject_reason::disk_full;
  if (!finds_space(space))
    return reject_reason::disk_full;
  if (log_.bytes_after(commit_) >= config_.uncommitted_bytes_max
      || log_.bytes_after(log_.durable()) >= config_.undurable_bytes_max
      || log_.bytes_between(applied_, commit_) >= config_.unapplied_bytes_max)
    return reject_reason::busy;
  return reject_reason::none;
}

log_index core::append_entry(entry_kind kind, const command_tag& tag,
                             bytes data, std::uint64_t wall_ms) {
  entry x;
  x.term = hard_.term;
  x.index = log_.last().index.next();
  x.kind = kind;
  x.time_ms = time_.tick(wall_ms, clock_);
  x.tag = tag;
  x.data = std::move(data);
  const auto result = x.index;
  append_to_log(std::move(x));
  return result;
}

void core::release(consensus::leader& state) {
  // What collected while a batch was under way is the next batch.
  if (state.released < log_.last().index
      && state.under_way.size() < config_.batches_under_way_max) {
    state.released = log_.last().index;
    state.under_way.push_back(state.released);
  }
}

// -- links --------------------------------------------------------------------

void core::link_up(peer_id peer, incarnation_id incarnation,
                   std::uint32_t version) {
  connected_.insert_or_assign(peer, version);
  strangers_.erase(peer);
  auto& known = incarnations_[peer];
  const auto another = known && incarnation && known != incarnation;
  if (incarnation)
    known = incarnation;
  if (!known)
    incarnations_.erase(peer);
  if (auto* state = std::get_if<consensus::leader>(&role_)) {
    const auto it = state->others.find(peer);
    if (it != state->others.end()) {
      if (another) {
        const auto last_frame = it->second.last_frame;
        it->second = {};
        it->second.last_frame = last_frame; // answers to those may still come
        it->second.next = state->released.next();
        it->second.heard_at = now_;
      }
      it->second.connected = true;
      it->second.lost_link();
      if (another && handing_over_to() == peer)
        end_hand_over(*state);
    }
    return;
  }
  if (another) {
    // Votes go with the store that gave them.
    if (auto* x = std::get_if<pre_candidate>(&role_))
      x->granted.erase(peer);
    if (auto* x = std::get_if<candidate>(&role_))
      x->granted.erase(peer);
  }
  const auto* state = std::get_if<candidate>(&role_);
  const auto asks
    = std::holds_alternative<pre_candidate>(role_) || (state && state->asked);
  if (asks && is_voter(peer) && peer != self_.id)
    ask_for_vote(peer);
}

void core::link_down(peer_id peer) {
  connected_.erase(peer);
  if (auto* state = std::get_if<consensus::leader>(&role_)) {
    const auto it = state->others.find(peer);
    if (it != state->others.end()) {
      it->second.connected = false;
      it->second.lost_link();
      if (handing_over_to() == peer)
        end_hand_over(*state);
    }
  }
}

// -- append requests ----------------------------------------------------------

void core::replicate(consensus::leader& state, peer_id id, progress& x) {
  if (!config_.log_waits_for_absent && x.sending == progress::mode::stream
      && x.next <= log_.compacted().index)
    need_snapshot(id, x);
  if (x.sending == progress::mode::snapshot) {
    send_snapshot(state, id, x);
    return;
  }
  if (x.sending == progress::mode::probe) {
    if (!x.may_send(config_))
      return;
    x.probe_out = true;
    auto entries = log_.slice(x.next, state.released, config_.frame_bytes_max);
    // Pieces wait until it is known that the logs agree.
    if (!entries.empty() && goes_in_pieces(entries.front()))
      entries.clear();
    send_append(state, id, x, std::move(entries));
    return;
  }
  while (x.next <= state.released && x.may_send(config_)) {
    auto entries = next_entries(state, x);
    if (entries.empty()) {
      fetch(state, id, x);
      return;
    }
    if (goes_in_pieces(entries.front()))
      send_piece(state, id, x, std::move(entries.front()));
    else
      send_entries(state, id, x, std::move(entries));
    // Entries are answered when they are durable, which may be much later than
    // they arrive. So that the wire does not fall idle, it is asked for that.
    if (x.bytes_unasked >= config_.frame_bytes_max)
      send_append(state, id, x, {});
  }
}

bool core::goes_in_pieces(const entry& x) const noexcept {
  return is_divisible(x.kind) && x.data.size() > config_.frame_bytes_max;
}

std::vector<entry> core::next_entries(const consensus::leader& state,
                                      const progress& x) const {
  auto result = log_.slice(x.next, state.released, config_.frame_bytes_max);
  if (!result.empty() || x.fetched.empty() || x.fetched.front().index != x.next)
    return result;
  std::size_t size = 0;
  for (const auto& e : x.fetched) {
    size += cost(e);
    if (size > config_.frame_bytes_max && !result.empty())
      break;
    result.push_back(e);
  }
  return result;
}

void core::fetch(const consensus::leader& state, peer_id id, progress& x) {
  // They are on the disk only; one read at a time fetches them.
  if (x.reading || x.next <= log_.compacted().index)
    return;
  x.reading = x.next;
  out_.reads.push_back(
    {self_.group, id, x.next,
     std::min(state.released, log_.first_in_memory().previous()),
     config_.batch_bytes_max});
}

void core::send_entries(const consensus::leader& state, peer_id id, progress& x,
                        std::vector<entry> entries) {
  const auto size = sum_of_costs(entries);
  const auto last = entries.back().index;
  send_append(state, id, x, std::move(entries));
  x.sent(last, size);
}

void core::send_piece(const consensus::leader& state, peer_id id, progress& x,
                      entry whole) {
  const auto size = whole.data.size();
  if (x.offset < size) {
    auto msg = append_to(state, id, x);
    auto piece = whole;
    piece.data
      = bytes{whole.data.view().substr(x.offset, config_.frame_bytes_max)};
    msg.offset = x.offset;
    msg.size = size;
    x.offset += piece.data.size();
    msg.entries.push_back(std::move(piece));
    msg.frame = x.framed(sum_of_costs(msg.entries));
    if (x.offset < size)
      x.bytes_unasked = 0; // all pieces but the last are answered at once
    out_.messages.push_back(std::move(msg));
  }
  if (x.offset >= size)
    x.sent(whole.index, cost(whole));
}

void core::send_append(const consensus::leader& state, peer_id id, progress& x,
                       std::vector<entry> entries) {
  auto msg = append_to(state, id, x);
  if (entries.empty())
    x.bytes_unasked = 0;
  else
    msg.frame = x.framed(sum_of_costs(entries));
  msg.entries = std::move(entries);
  out_.messages.push_back(std::move(msg));
}

append_request core::append_to(const consensus::leader& state, peer_id id,
                               const progress& x) const {
  // Each request names its own predecessor, be it sent already or not.
  const auto previous = std::max(x.next.previous(), log_.compacted().index);
  append_request msg;
  msg.header = header_to(id);
  msg.term = hard_.term;
  msg.previous = {previous, *log_.term_at(previous)};
  msg.commit = commit_;
  msg.lowest_match = lowest_match_;
  msg.round = state.round;
  msg.frame = x.last_frame;
  msg.hands_over = state.handing_over.has_value();
  return msg;
}

void core::send_heartbeats(consensus::leader& state) {
  ++state.round;
  note_round(state);
  state.heartbeat_at = now_ + config_.heartbeat_interval;
  // A heartbeat asks whether the follower has all that was sent. If a request
  // was lost, the follower refuses; if only the answer was, it repeats it.
  let_leave(state);
  for (auto& [id, x] : state.others) {
    if (!x.connected)
      continue;
    send_append(state, id, x, {});
    if (x.sending == progress::mode::snapshot && x.snapshot.head)
      send_chunk(id, x, 0); // what was lost is sent again
  }
}

void core::entries_read(raft::entries_read&& result) {
  if (result.group != self_.group)
    return;
  // An index and a term name an entry forever: what our log still holds is
  // right, however old the answer is.
  auto& entries = result.entries;
  auto index = result.first;
  const auto wrong = std::ranges::find_if(entries, [&](const entry& x) {
    const auto right = x.index == index && log_.holds({x.index, x.term});
    ++index;
    return !right;
  });
  entries.erase(wrong, entries.end());
  if (result.reader == self_.id) {
    if (reading_ && result.first == reading_) {
      reading_ = {};
      hand_out(std::move(entries));
    }
    return;
  }
  auto* state = std::get_if<consensus::leader>(&role_);
  if (!state || !state->others.contains(result.reader))
    return;
  auto& x = state->others.at(result.reader);
  if (!x.reading || result.first != x.reading)
    return;
  x.reading = {};
  if (!entries.empty() && entries.front().index == x.next
      && entries.back().index <= state->released
      && x.sending == progress::mode::stream)
    x.fetched = {std::make_move_iterator(entries.begin()),
                 std::make_move_iterator(entries.end())};
}

// -- commit -------------------------------------------------------------------

void core::commit_what_is_agreed(consensus::leader& state) {
  auto everyone = log_.durable();
  for (const auto& [id, x] : state.others)
    everyone = std::min(everyone, x.match);
  learn_lowest_match(everyone);
  // Section 5.4.2: "Only log entries from the leader's current term are
  // committed by counting replicas".
  const auto index = agreed(members(), [this, &state](peer_id id) {
    return id == self_.id ? log_.durable() : state.others.at(id).match;
  });
  if (index < state.first.index)
    return;
  commit_to(index);
  while (!state.under_way.empty() && state.under_way.front() <= commit_)
    state.under_way.pop_front();
}

void core::learn_lowest_match(log_index index) {
  lowest_match_ = std::max(lowest_match_, index);
}

void core::commit_to(log_index index) {
  assert(index <= log_.last().index);
  if (applied_ == commit_)
    applied_at_ = now_;
  commit_ = std::max(commit_, index);
  reconsider_campaign();
  if (!cluster_ && proposed_at_ && proposed_at_ <= commit_)
    cluster_ = proposed_;
}

} // namespace raft::consensus
