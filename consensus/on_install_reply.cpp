// A follower says how much of a snapshot it has.

#include <raft/consensus/core.hpp>

#include <algorithm>

namespace raft::consensus {

void core::receive(const install_reply& msg) {
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
  auto& x = state->others.at(from);
  // What was committed before us may be more than we know to be.
  if (msg.match > log_.last().index || msg.number > x.snapshot.last_number) {
    distrust(note_kind::refused_answer, from, {msg.match, {}});
    return;
  }
  const auto sends = x.sending == progress::mode::snapshot;
  if (msg.match > x.match) {
    x.matched(msg.match);
    commit_what_is_agreed(*state);
  }
  if (!sends)
    return;
  auto& to = x.snapshot;
  if (x.match >= log_.compacted().index) {
    end_snapshot(from, x);
    return;
  }
  if (!to.head || to.head->last != msg.snapshot
      || to.head->checksum != msg.checksum)
    return;
  if (msg.received > to.head->size || msg.stored > msg.received) {
    distrust(note_kind::refused_answer, from, to.head->last);
    return;
  }
  to.stored = std::max(to.stored, msg.stored);
  // An answer that other chunks follow says nothing about those.
  if (msg.number == to.last_number) {
    to.offset = msg.received;
    to.stored = msg.stored;
    to.agreed = true;
  }
}

} // namespace raft::consensus
