// A leader gives us a snapshot, because our log ends before its own begins.

#include <raft/consensus/core.hpp>

#include <algorithm>
#include <utility>

namespace raft::consensus {

void core::receive(const install_request& msg) {
  const auto from = msg.header.from;
  if (msg.snapshot.members.level != msg.level) {
    // Not among the fields of members that travel.
    auto whole = msg;
    whole.snapshot.members.level = msg.level;
    receive(whole);
    return;
  }
  if (!may_be_heard(msg))
    return;
  // Figure 13: "Reply immediately if term < currentTerm".
  if (msg.term < hard_.term) {
    if (hard_state_is_durable()) {
      install_reply reply;
      reply.header = header_to(from);
      reply.term = hard_.term;
      out_.install_replies.push_back(reply);
    }
    return;
  }
  if (!reach(msg.term, from))
    return;
  if (leads() || (leader() && leader() != from)) {
    distrust(note_kind::refused_second_leader, from);
    return;
  }
  if (contradicts(msg.snapshot)) {
    distrust(note_kind::refused_contradiction, from, msg.snapshot.last);
    return;
  }
  // As an append request does, it shows that the leader is alive. So does each
  // chunk: while they come, we do not campaign.
  if (leader() != from)
    become_follower(from);
  std::get<follower>(role_).heard_at = now_;
  draw_election_timeout();
  const auto& head = msg.snapshot;
  if (head.last.index <= commit_) {
    // What we have is newer. It never takes the place of that.
    note_that(note_kind::refused_old_snapshot, from, head.last);
    owe_install_reply(head, msg.number);
  } else if (log_.holds(head.last)) {
    // Our log goes on behind it and needs no more than to hear that it is
    // committed.
    commit_to(head.last.index);
    owe_install_reply(head, msg.number);
  } else if (snapshots_.install) {
    // One after the other. The leader asks again.
    if (snapshots_.install->head == head)
      snapshots_.install->number = msg.number;
  } else {
    take_chunk(msg);
  }
}

/// Whether we have another entry in its place that is committed, or belong to
/// another cluster.
bool core::contradicts(const snapshot_head& head) const noexcept {
  return (head.last.index >= log_.compacted().index
          && head.last.index <= commit_ && !log_.holds(head.last))
      || (cluster_ && head.cluster && head.cluster != cluster_);
}

void core::take_chunk(const install_request& msg) {
  auto& x = snapshots_.receipt;
  const auto& head = msg.snapshot;
  if (!x || x->head != head) {
    // The same leader goes on to newer ones only: this comes late.
    if (x && x->term == msg.term && head.last.index <= x->head.last.index)
      return;
    x = snapshot_receipt{head, msg.term, {}, 0, 0};
    note_that(note_kind::receives_snapshot, msg.header.from, head.last);
  }
  x->term = msg.term;
  x->number = std::max(x->number, msg.number);
  if (!msg.data.empty() && msg.offset == x->received) {
    x->received += msg.data.size();
    // Answered when it is on the disk.
    out_.chunks_to_store.push_back({head, msg.offset, msg.data});
    return;
  }
  owe_install_reply(head, msg.number);
  install_if_whole();
}

void core::chunk_stored(const snapshot_head& head, std::uint64_t stored) {
  auto& x = snapshots_.receipt;
  if (!x || x->head != head)
    return;
  x->stored = std::max(x->stored, std::min(stored, x->received));
  owe_install_reply(head, x->number);
  install_if_whole();
}

void core::chunk_refused(const snapshot_head& head) {
  auto& x = snapshots_.receipt;
  if (x && x->head == head)
    x->received = x->stored;
}

void core::snapshot_found(const snapshot_head& head, std::uint64_t stored) {
  if (!snapshots_.receipt && !snapshots_.install && head.last.index > commit_)
    snapshots_.receipt = snapshot_receipt{
      head, {}, {}, std::min(stored, head.size), std::min(stored, head.size)};
}

// -- answers ------------------------------------------------------------------

void core::owe_install_reply(const snapshot_head& head, frame_number number) {
  snapshots_.owed = install_answer{head.last, head.checksum, number};
}

/// Says what is true by now, as soon as our term is on the disk.
void core::answer_install() {
  if (!snapshots_.owed || !hard_state_is_durable())
    return;
  const auto owed = *std::exchange(snapshots_.owed, std::nullopt);
  if (leads() || !leader())
    return;
  install_reply reply;
  reply.header = header_to(leader());
  reply.term = hard_.term;
  reply.snapshot = owed.snapshot;
  reply.checksum = owed.checksum;
  reply.number = owed.number;
  const auto& x = snapshots_.receipt;
  if (x && x->head.last == owed.snapshot && x->head.checksum == owed.checksum) {
    reply.received = x->received;
    reply.stored = x->stored;
  }
  // Until the state machine has it, we have not.
  if (!snapshots_.install)
    reply.match = std::min(commit_, log_.durable());
  out_.install_replies.push_back(reply);
}

} // namespace raft::consensus
