#include <raft/simulation/promises.hpp>

#include <algorithm>

namespace raft::simulation {

namespace {

struct checker {
  const consensus::core& sender;
  const recorded_disk& disk;

  void expect(bool held, const char* what) const {
    if (!held)
      throw violation{what};
  }

  /// Pre-vote requests promise nothing. The others speak of the candidate's
  /// term, vote and log.
  void operator()(const vote_request& x) const {
    if (x.pre_vote)
      return;
    expect(disk.hard() == hard_state{x.term, sender.self().id},
           "a vote request left before its sender's term and vote were "
           "durable");
    expect(disk.holds(x.last),
           "a vote request left before its sender's log was durable");
  }

  void operator()(const vote_reply& x) const {
    if (x.pre_vote)
      return;
    expect(disk.hard().term >= x.term,
           "a vote answer shows a term that is not durable");
    expect(!x.granted || disk.hard() == hard_state{x.campaign, x.header.to},
           "a vote was granted before it was durable");
  }

  /// Append requests promise nothing: a leader's disk works in parallel with
  /// its followers' (thesis, section 10.2.1).
  void operator()(const append_request& x) const {
    expect(x.term == sender.term() && sender.leads(),
           "an append request comes from a peer that does not lead");
  }

  void operator()(const append_reply& x) const {
    if (!x.accepted)
      return;
    expect(x.term == sender.term(), "an append was accepted in an old term");
    if (x.match < sender.log().compacted().index)
      return;
    auto term = sender.log().term_at(x.match);
    expect(term && disk.holds({x.match, *term}),
           "an append answer claims entries that are not durable");
  }

  void operator()(const read_index_request& x) const {
    expect(x.header.to == sender.leader(),
           "a read index is asked of a peer that does not lead");
  }

  void operator()(const read_index_reply& x) const {
    expect(sender.leads() && x.term == sender.term(),
           "a read index comes from a peer that does not lead");
    expect(x.index <= sender.commit(), "a read index is not committed");
  }

  void operator()(const timeout_now& x) const {
    expect(sender.leads() && x.term == sender.term()
             && x.header.to == sender.handing_over_to(),
           "a transfer of leadership comes from a peer that does not lead, or "
           "goes to another one than its successor");
    expect(!sender.has_lease(), "whoever hands over its office has a lease");
  }
};

} // namespace

void check_promise(const install_reply& x, const consensus::core& sender,
                   const recorded_disk& disk) {
  if (x.term > disk.hard().term)
    throw violation{"an install answer shows a term that is not durable"};
  auto term = sender.log().term_at(x.match);
  if (x.match && !(term && disk.holds({x.match, *term})))
    throw violation{"an install answer claims entries that are not durable"};
  if (x.match > sender.applied() && sender.log().compacted().index == x.match)
    throw violation{"an install answer left before the state machine had the "
                    "snapshot"};
}

void check_promise(const consensus::message& x, const consensus::core& sender,
                   const recorded_disk& disk) {
  const auto& header = std::visit(
    [](const auto& msg) -> const message_header& { return msg.header; }, x);
  const auto& self = sender.self();
  if (header.group != self.group || header.from != self.id
      || header.incarnation != self.incarnation)
    throw violation{"a message does not say who sent it"};
  if (header.to == self.id)
    throw violation{"a message goes to its sender"};
  if (std::holds_alternative<vote_request>(x)
      && !is_voter(sender.members(), header.to))
    throw violation{"somebody without a vote is asked for it"};
  std::visit(checker{sender, disk}, x);
}

} // namespace raft::simulation
