#include <raft/consensus/soundness.hpp>
#include <raft/messages/change.hpp>
#include <raft/messages/membership_bytes.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace raft::consensus {

namespace {

/// Whether it names an entry, or none.
bool is_place(const log_position& x) {
  return !x.index == !x.term && x.index <= index_max && x.term <= term_max;
}

bool is_entry(const entry& x) {
  switch (x.kind) {
    case entry_kind::empty:
      // It needs next to no room on a full disk: that is counted on.
      return x.data.empty() || cluster_in(x);
    case entry_kind::command:
    case entry_kind::open_session:
      return true;
    case entry_kind::configuration: {
      const auto members = membership_in(x);
      return members && is_sound(*members);
    }
  }
  return false;
}

/// Whether the entries are whole, or a piece of one as it can be.
bool is_whole_or_piece(const append_request& msg) {
  if (msg.size == 0)
    return msg.offset == 0;
  if (msg.entries.size() != 1 || msg.size > entry_bytes_max)
    return false;
  // It is judged as a whole, see `is_entry`; and no leader cuts it up.
  if (!is_divisible(msg.entries.front().kind))
    return false;
  const auto length = msg.entries.front().data.size();
  return length > 0 && length <= msg.size && msg.offset <= msg.size - length;
}

bool has_doubles(std::vector<peer_id> xs) {
  std::ranges::sort(xs);
  return std::ranges::adjacent_find(xs) != xs.end();
}

} // namespace

bool is_divisible(entry_kind kind) noexcept {
  return kind == entry_kind::command || kind == entry_kind::open_session;
}

bool is_sound(const membership& x) {
  auto once = x.voters;
  once.insert(once.end(), x.learners.begin(), x.learners.end());
  std::vector<peer_id> known;
  for (const auto& y : x.details) {
    known.push_back(y.peer);
    if (y.address.size() > member_address_bytes_max || !is_member(x, y.peer))
      return false;
  }
  const auto all = members_of(x);
  return !x.voters.empty() && all.front() && all.size() <= members_max
      && x.level <= protocol_version && !has_doubles(std::move(once))
      && !has_doubles(x.outgoing) && !has_doubles(std::move(known));
}

bool is_sound(const vote_request& msg) {
  return msg.term && msg.term <= term_max && is_place(msg.last)
      && msg.last.term <= msg.term && msg.transfer == !!msg.released
      && !(msg.transfer && msg.pre_vote);
}

bool is_sound(const vote_reply& msg) {
  return msg.term <= term_max && msg.campaign <= term_max;
}

bool is_sound(const append_request& msg) {
  if (!msg.term || msg.term > term_max || !is_place(msg.previous)
      || msg.commit > index_max
      || msg.entries.size() > index_max - msg.previous.index
      || !is_whole_or_piece(msg))
    return false;
  auto before = msg.previous;
  for (const auto& x : msg.entries) {
    if (x.index != before.index.next() || x.term < before.term || !x.term
        || !is_entry(x))
      return false;
    // Only the first entry of a term names the cluster.
    if (x.kind == entry_kind::empty && !x.data.empty() && x.term == before.term)
      return false;
    before = {x.index, x.term};
  }
  return before.term <= msg.term;
}

bool is_sound(const append_reply& msg) {
  return msg.term <= term_max && msg.match <= index_max
      && msg.refused <= index_max && msg.conflict.index <= index_max.next()
      && msg.conflict.term <= msg.term && is_place(msg.unfinished)
      && msg.unfinished.term <= msg.term && msg.received <= entry_bytes_max
      && (msg.priority <= priority_max || msg.priority == priority_unknown);
}

bool is_sound(const read_index_request& msg) {
  return msg.term && msg.term <= term_max && msg.number;
}

bool is_sound(const read_index_reply& msg) {
  return msg.term && msg.term <= term_max && msg.number && msg.index
      && msg.index <= index_max;
}

bool is_sound(const timeout_now& msg) {
  return msg.term && msg.term < term_max && msg.round;
}

bool is_sound(const install_request& msg) {
  const auto& head = msg.snapshot;
  return msg.term && msg.term <= term_max && head.last.index
      && is_place(head.last) && head.last.term <= msg.term && head.size > 0
      && is_sound(head.members) && head.members.index <= head.last.index
      && msg.data.size() <= entry_bytes_max && msg.offset <= head.size
      && msg.data.size() <= head.size - msg.offset;
}

bool is_sound(const install_reply& msg) {
  return msg.term <= term_max && is_place(msg.snapshot)
      && msg.match <= index_max && msg.stored <= msg.received;
}

std::string complaint_about_numbers(const durable_state& recovered) {
  if (recovered.hard.term >= term_max)
    return "its store is in term " + to_text(recovered.hard.term)
         + ", which no number of elections leads to: it was taken from a "
           "forged message, or the store is damaged. Bring back a copy of all "
           "peers' directories from before";
  if (recovered.last.index >= index_max)
    return "its log ends at entry " + to_text(recovered.last.index)
         + ", which no number of commands leads to: the store is damaged";
  return {};
}

std::string complaint_about(const durable_state& recovered, log_index applied,
                            std::uint64_t level_max) {
  if (auto why = complaint_about_numbers(recovered); !why.empty())
    return why;
  if (const auto level = recovered.members.current().level; level > level_max)
    return "all members have gone on to version " + std::to_string(level)
         + " of the messages between them, and the log may hold what only that "
           "version knows, but this process speaks no more than version "
         + std::to_string(level_max)
         + ". Start a release that speaks it, without --protocol-version-max";
  if (applied > recovered.last.index)
    return "the state machine has applied entries up to " + to_text(applied)
         + ", but the log ends at " + to_text(recovered.last.index)
         + ": the log was lost or is an old copy. Bring back the log that "
           "belongs to this state machine, or remove both and let this peer "
           "join anew";
  if (applied < recovered.installing.last.index)
    return "the log was reset to the snapshot of "
         + to_text(recovered.installing.last)
         + ", which the state machine has not got yet: it has applied entries "
           "up to "
         + to_text(applied) + " only. Start a version that knows of snapshots";
  if (applied < recovered.compacted.index)
    return "the log begins after entry " + to_text(recovered.compacted.index)
         + ", but the state machine has applied entries up to "
         + to_text(applied)
         + " only: its data was lost or is an old copy. Bring back the state "
           "machine's data that belongs to this log, or remove both and let "
           "this peer join anew";
  return {};
}

} // namespace raft::consensus
