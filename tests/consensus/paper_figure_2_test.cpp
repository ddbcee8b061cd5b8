// One case per sentence of the paper's figure 2 that the core obeys. The
// sentence stands above its case.

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(paper_figure_2)

// "Persistent state on all servers (Updated on stable storage before responding
// to RPCs)"
BOOST_AUTO_TEST_CASE(state_is_durable_before_an_answer_leaves) {
  lone_peer x{1};
  x.receive(make_vote_request(2, 1, 1, at(0, 0)));
  BOOST_TEST(x.take<vote_reply>().empty());
  x.persist();
  BOOST_TEST(x.take_one<vote_reply>().granted);
  BOOST_TEST(x.hard.term.value == 1u);
  BOOST_TEST(x.hard.vote.value == 2u);
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  BOOST_TEST(x.take<append_reply>().empty());
  x.persist();
  BOOST_TEST(x.take_one<append_reply>().match.value == 1u);
  BOOST_TEST(x.disk.size() == 1u);
}

// "AppendEntries 1. Reply false if term < currentTerm (§5.1)"
BOOST_AUTO_TEST_CASE(an_append_of_an_old_term_is_refused) {
  lone_peer x{1, voters(3), {1}, {term_number{3}, {}}};
  x.receive(make_append(2, 1, 2, at(1, 1), {2}));
  const auto reply = x.take_one<append_reply>();
  BOOST_TEST(!reply.accepted);
  BOOST_TEST(reply.term.value == 3u);
  BOOST_TEST(x->log().last() == at(1, 1));
  BOOST_TEST(!x->leader());
}

// "2. Reply false if log doesn't contain an entry at prevLogIndex whose term
// matches prevLogTerm (§5.3)"
BOOST_AUTO_TEST_CASE(an_append_after_a_missing_entry_is_refused) {
  lone_peer x{1, voters(3), {1, 1}};
  x.receive(make_append(2, 1, 1, at(4, 1), {1}));
  auto reply = x.take_one<append_reply>();
  BOOST_TEST(!reply.accepted);
  BOOST_TEST(reply.refused.value == 4u);
  BOOST_TEST(reply.conflict == at(3, 0));
}

BOOST_AUTO_TEST_CASE(an_append_after_an_entry_of_another_term_is_refused) {
  lone_peer x{1, voters(3), {1, 2, 2, 2}};
  x.receive(make_append(2, 1, 3, at(4, 3), {3}));
  x.persist();
  const auto reply = x.take_one<append_reply>();
  BOOST_TEST(!reply.accepted);
  BOOST_TEST(reply.refused.value == 4u);
  BOOST_TEST(reply.conflict == at(2, 2));
  BOOST_TEST(x->log().last() == at(4, 2)); // nothing is truncated yet
}

// "3. If an existing entry conflicts with a new one (same index but different
// terms), delete the existing entry and all that follow it (§5.3)"
BOOST_AUTO_TEST_CASE(conflicting_entries_are_deleted) {
  lone_peer x{1, voters(3), {1, 2, 2, 2}};
  x.receive(make_append(2, 1, 3, at(1, 1), {3}));
  BOOST_TEST(x->log().last() == at(2, 3));
  x.persist();
  BOOST_TEST(x.disk.size() == 2u);
  BOOST_TEST(x.disk.back().term.value == 3u);
}

// "4. Append any new entries not already in the log"
BOOST_AUTO_TEST_CASE(only_new_entries_are_appended) {
  lone_peer x{1, voters(3), {1, 1, 1}};
  x.receive(make_append(2, 1, 1, at(1, 1), {1, 1, 1, 1}));
  BOOST_TEST(x->log().last() == at(5, 1));
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.entries.size() == 2u);
  BOOST_TEST(!x.batch->batch.truncate_from);
}

// "5. If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index
// of last new entry)"
BOOST_AUTO_TEST_CASE(commit_follows_the_leader_up_to_the_last_new_entry) {
  lone_peer x{1, voters(3), {1, 1, 1, 1}};
  x.receive(make_append(2, 1, 1, at(1, 1), {1}, 4));
  BOOST_TEST(x->commit().value == 2u);
  x.receive(make_append(2, 1, 1, at(4, 1), {}, 3));
  BOOST_TEST(x->commit().value == 3u);
  x.receive(make_append(2, 1, 1, at(4, 1), {}, 1));
  BOOST_TEST(x->commit().value == 3u);
}

// "RequestVote 1. Reply false if term < currentTerm (§5.1)"
BOOST_AUTO_TEST_CASE(a_vote_request_of_an_old_term_is_refused) {
  lone_peer x{1, voters(3), {}, {term_number{3}, {}}};
  x.receive(make_vote_request(2, 1, 2, at(9, 2)));
  const auto reply = x.take_one<vote_reply>();
  BOOST_TEST(!reply.granted);
  BOOST_TEST(reply.term.value == 3u);
  BOOST_TEST(!x->vote());
}

// "2. If votedFor is null or candidateId, and candidate's log is at least as
// up-to-date as receiver's log, grant vote (§5.2, §5.4)"
BOOST_AUTO_TEST_CASE(a_vote_goes_to_one_candidate_and_again_to_the_same) {
  lone_peer x{1};
  const auto asks = [&](std::uint64_t from) {
    x.receive(make_vote_request(from, 1, 1, at(0, 0)));
    x.persist_all();
    return x.take_one<vote_reply>().granted;
  };
  BOOST_TEST(asks(2));
  BOOST_TEST(!asks(3));
  BOOST_TEST(asks(2));
  BOOST_TEST(x->vote().value == 2u);
}

// "Rules for servers. If commitIndex > lastApplied: increment lastApplied,
// apply log[lastApplied] to state machine (§5.3)"
BOOST_AUTO_TEST_CASE(committed_entries_go_to_the_state_machine_in_order_once) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1, 1, 1}, 2));
  x.receive(make_append(2, 1, 1, at(3, 1), {1}, 4));
  x.receive(make_append(2, 1, 1, at(4, 1), {}, 4));
  BOOST_REQUIRE_EQUAL(x.committed.size(), 4u);
  for (std::uint64_t i = 0; i < 4; ++i)
    BOOST_TEST(x.committed[i].index.value == i + 1);
}

// "If RPC request or response contains term T > currentTerm: set currentTerm =
// T, convert to follower (§5.1)"
BOOST_AUTO_TEST_CASE(a_higher_term_makes_a_follower) {
  const std::vector<message> messages{
    make_vote_request(2, 1, 9, at(9, 8)), make_vote(2, 1, 9, 1, false),
    make_vote(2, 1, 9, 2, false, true),   make_append(2, 1, 9, at(0, 0)),
    make_refusal(2, 1, 9, 0, at(0, 0)),
  };
  for (const auto& msg : messages) {
    lone_peer x{1};
    x.elect();
    x.advance(400ms); // no quorum is heard any more
    BOOST_REQUIRE(x->leads());
    x.receive(msg);
    BOOST_TEST(x->term().value == 9u);
    BOOST_TEST(x->role() == peer_role::follower);
  }
}

// "Followers. If election timeout elapses without receiving AppendEntries RPC
// from current leader or granting vote to candidate: convert to candidate"
BOOST_AUTO_TEST_CASE(a_follower_that_hears_nothing_campaigns) {
  lone_peer x{1};
  x.advance(299ms);
  BOOST_TEST(x->role() == peer_role::follower);
  x.wake();
  BOOST_TEST(x->role() == peer_role::pre_candidate);
  x.answer_votes();
  BOOST_TEST(x->role() == peer_role::candidate);
}

BOOST_AUTO_TEST_CASE(an_append_postpones_the_campaign) {
  lone_peer x{1};
  for (int i = 0; i < 10; ++i) {
    x.receive(make_append(2, 1, 1, at(0, 0)));
    x.persist_all();
    x.advance(250ms);
    BOOST_TEST(x->role() == peer_role::follower);
  }
}

BOOST_AUTO_TEST_CASE(a_granted_vote_postpones_the_campaign) {
  lone_peer x{1};
  for (std::uint64_t term = 1; term <= 10; ++term) {
    x.receive(make_vote_request(3, 1, term, at(0, 0)));
    x.persist_all();
    x.advance(250ms);
    BOOST_TEST(x->role() == peer_role::follower);
  }
}

BOOST_AUTO_TEST_CASE(a_refused_vote_does_not_postpone_the_campaign) {
  lone_peer x{1, voters(3), {1}};
  const auto before = x->wake_at();
  x.advance(100ms);
  x.receive(make_vote_request(2, 1, 2, at(0, 0)));
  BOOST_TEST(x->term().value == 2u);
  BOOST_TEST((x->wake_at() == before));
}

// "Candidates. On conversion to candidate, start election: increment
// currentTerm, vote for self, reset election timer, send RequestVote RPCs to
// all other servers"
BOOST_AUTO_TEST_CASE(a_candidate_asks_everybody_for_the_next_term) {
  lone_peer x{1, voters(3), {4, 4}};
  x.wake();
  x.answer_votes();
  BOOST_TEST(x->role() == peer_role::candidate);
  BOOST_TEST(x->term().value == 5u);
  BOOST_TEST(x->vote().value == 1u);
  BOOST_CHECK(x->wake_at() - x.now >= 300ms);
  x.persist();
  const auto requests = x.take<vote_request>();
  BOOST_REQUIRE_EQUAL(requests.size(), 2u);
  for (const auto& msg : requests) {
    BOOST_TEST(!msg.pre_vote);
    BOOST_TEST(msg.term.value == 5u);
    BOOST_TEST(msg.last == at(2, 4));
  }
}

// "If votes received from majority of servers: become leader"
BOOST_AUTO_TEST_CASE(a_majority_of_votes_makes_a_leader) {
  lone_peer x{1, voters(5)};
  x.wake();
  x.answer_votes();
  x.persist();
  x.receive(make_vote(2, 1, 1, 1, true));
  x.receive(make_vote(2, 1, 1, 1, true)); // twice the same voter
  x.receive(make_vote(3, 1, 1, 1, false));
  BOOST_TEST(x->role() == peer_role::candidate);
  x.receive(make_vote(4, 1, 1, 1, true));
  BOOST_TEST(x->leads());
  BOOST_TEST(x->leader().value == 1u);
}

// "If AppendEntries RPC received from new leader: convert to follower"
BOOST_AUTO_TEST_CASE(a_candidate_recognizes_the_leader_of_its_term) {
  lone_peer x{1};
  x.wake();
  x.answer_votes();
  BOOST_REQUIRE(x->role() == peer_role::candidate);
  x.receive(make_append(2, 1, 1, at(0, 0)));
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(x->leader().value == 2u);
  BOOST_TEST(x->vote().value == 1u);
}

// "If election timeout elapses: start new election"
BOOST_AUTO_TEST_CASE(a_candidate_without_a_majority_campaigns_again) {
  lone_peer x{1};
  x.wake();
  x.answer_votes();
  x.persist();
  x.wake_for_campaign();
  x.take<vote_request>();
  BOOST_TEST(x->role() == peer_role::pre_candidate);
  x.receive(make_vote(2, 1, 1, 2, true, true));
  BOOST_TEST(x->role() == peer_role::candidate);
  BOOST_TEST(x->term().value == 2u);
}

// "Leaders: Upon election: send initial empty AppendEntries RPCs (heartbeat) to
// each server; repeat during idle periods to prevent election timeouts (§5.2)"
BOOST_AUTO_TEST_CASE(a_leader_speaks_at_once_and_then_at_each_interval) {
  lone_peer x{1};
  x.elect();
  BOOST_TEST(x.take<append_request>(2).size() == 1u);
  BOOST_TEST(x.take<append_request>(3).size() == 1u);
  for (int i = 0; i < 3; ++i) {
    BOOST_CHECK(x->wake_at() == x.now + 100ms);
    x.wake();
    BOOST_TEST(x.take_one<append_request>(2).entries.empty());
    BOOST_TEST(x.take_one<append_request>(3).entries.empty());
  }
}

// "If command received from client: append entry to local log, respond after
// entry applied to state machine (§5.3)"
BOOST_AUTO_TEST_CASE(a_command_is_appended_in_the_current_term) {
  lone_peer x{1, voters(1)};
  x.elect();
  x.persist_all();
  BOOST_TEST(x.start("set").value == 2u);
  BOOST_TEST(x->log().last() == at(2, 1));
  BOOST_TEST(x.committed.size() == 1u);
  x.persist();
  BOOST_REQUIRE_EQUAL(x.committed.size(), 2u);
  BOOST_TEST(x.committed.back().data.view() == "set");
}

// "If last log index ≥ nextIndex for a follower: send AppendEntries RPC with
// log entries starting at nextIndex. If successful: update nextIndex and
// matchIndex for follower (§5.3)"
BOOST_AUTO_TEST_CASE(success_moves_next_and_match) {
  lone_peer x{1};
  x.elect();
  x.persist_all();
  x.take<append_request>();
  x.receive(make_accept(2, 1, 1, 1));
  x.start();
  const auto msg = x.take_one<append_request>(2);
  BOOST_TEST(msg.previous == at(1, 1));
  BOOST_TEST(msg.entries.size() == 1u);
  x.receive(make_accept(2, 1, 1, 2));
  const auto state = x->state();
  BOOST_TEST(state.others.front().match.value == 2u);
  BOOST_TEST(state.others.front().next.value == 3u);
}

// "If AppendEntries fails because of log inconsistency: decrement nextIndex and
// retry (§5.3)"
BOOST_AUTO_TEST_CASE(a_refusal_is_retried_further_back) {
  lone_peer x{1, voters(3), {1, 1, 1}};
  x.elect();
  BOOST_TEST(x.take_one<append_request>(2).previous == at(3, 1));
  x.receive(make_refusal(2, 1, 2, 3, at(2, 0)));
  const auto retry = x.take_one<append_request>(2);
  BOOST_TEST(retry.previous == at(1, 1));
  BOOST_TEST(retry.entries.size() == 3u);
}

// "If there exists an N such that N > commitIndex, a majority of matchIndex[i]
// ≥ N, and log[N].term == currentTerm: set commitIndex = N (§5.3, §5.4)"
BOOST_AUTO_TEST_CASE(a_majority_commits) {
  lone_peer x{1, voters(5)};
  x.elect();
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 1));
  BOOST_TEST(x->commit().value == 0u);
  x.receive(make_accept(3, 1, 1, 1));
  BOOST_TEST(x->commit().value == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
