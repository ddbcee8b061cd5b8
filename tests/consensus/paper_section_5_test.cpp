// One case per sentence of the paper's sections 5.1 to 5.5 that the core obeys
// and that figure 2 does not say. The sentence stands above its case.

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(paper_section_5)

// 5.1: "If a candidate or leader discovers that its term is out of date, it
// immediately reverts to follower state."
BOOST_AUTO_TEST_CASE(a_candidate_with_an_old_term_gives_up) {
  lone_peer x{1};
  x.wake();
  x.answer_votes();
  x.persist();
  x.receive(make_vote(2, 1, 7, 1, false));
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(x->term().value == 7u);
  BOOST_TEST(!x->vote());
}

// 5.1: "If a server receives a request with a stale term number, it rejects the
// request."
BOOST_AUTO_TEST_CASE(a_stale_request_leaves_the_timer_alone) {
  lone_peer x{1, voters(3), {}, {term_number{5}, {}}};
  const auto before = x->wake_at();
  x.advance(50ms);
  x.receive(make_append(2, 1, 4, at(0, 0)));
  BOOST_CHECK(x->wake_at() == before);
}

// 5.2: "Each server will vote for at most one candidate in a given term, on a
// first-come-first-served basis"
BOOST_AUTO_TEST_CASE(a_vote_survives_a_restart) {
  lone_peer x{1, voters(3), {}, {term_number{4}, peer_id{3}}};
  x.receive(make_vote_request(2, 1, 4, at(0, 0)));
  BOOST_TEST(!x.take_one<vote_reply>().granted);
  x.receive(make_vote_request(3, 1, 4, at(0, 0)));
  BOOST_TEST(x.take_one<vote_reply>().granted);
}

// 5.2: "If the term in the RPC is smaller than the candidate's current term,
// then the candidate rejects the RPC and continues in candidate state."
BOOST_AUTO_TEST_CASE(a_candidate_does_not_listen_to_an_old_leader) {
  lone_peer x{1, voters(3), {}, {term_number{4}, {}}};
  x.wake();
  x.answer_votes();
  x.persist();
  x.receive(make_append(2, 1, 4, at(0, 0)));
  BOOST_TEST(x->role() == peer_role::candidate);
  BOOST_TEST(!x.take_one<append_reply>().accepted);
}

// 5.2: "Raft uses randomized election timeouts [...] chosen randomly from a
// fixed interval (e.g., 150-300ms)."
BOOST_AUTO_TEST_CASE(timeouts_are_random_within_their_bounds_and_redrawn) {
  lone_peer x{1};
  std::set<instant> seen;
  for (int i = 0; i < 50; ++i) {
    const auto timeout = x->wake_at() - x.now;
    BOOST_CHECK(timeout >= 300ms);
    BOOST_CHECK(timeout <= 600ms);
    seen.insert(timeout);
    x.wake();
  }
  BOOST_TEST(seen.size() > 40u);
}

// 5.3: "The leader keeps track of the highest index it knows to be committed,
// and it includes that index in future AppendEntries RPCs (including
// heartbeats)"
BOOST_AUTO_TEST_CASE(heartbeats_carry_the_commit_index) {
  lone_peer x{1};
  x.elect();
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 1));
  x.take<append_request>();
  x.wake();
  BOOST_TEST(x.take_one<append_request>(2).commit.value == 1u);
}

// 5.3: "This also commits all preceding entries in the leader's log, including
// entries created by previous leaders."
BOOST_AUTO_TEST_CASE(a_commit_covers_what_earlier_leaders_wrote) {
  lone_peer x{1, voters(3), {1, 2, 2}};
  x.elect();
  x.persist_all();
  x.receive(make_accept(2, 1, 3, 4));
  BOOST_TEST(x.committed.size() == 4u);
}

// 5.3: "Leader Append-Only: a leader never overwrites or deletes entries in its
// log; it only appends new entries."
BOOST_AUTO_TEST_CASE(a_leader_does_not_take_entries_in_its_own_term) {
  lone_peer x{1, voters(3), {1}};
  x.elect();
  x.receive(make_append(2, 1, 2, at(0, 0), {1, 1, 1}, 3));
  BOOST_TEST(x->leads());
  BOOST_TEST(x->log().last() == at(2, 2));
  BOOST_TEST(x->commit().value == 0u);
}

// 5.3, figure 7: "When a leader first comes to power [...] it is possible that
// any of followers (a-f) could occur". The leader makes them all equal.
namespace {

const std::vector<std::uint64_t> leader_of_figure_7{1, 1, 1, 4, 4,
                                                    5, 5, 6, 6, 6};

const std::vector<std::vector<std::uint64_t>> followers_of_figure_7{
  {1, 1, 1, 4, 4, 5, 5, 6, 6},
  {1, 1, 1, 4},
  {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6},
  {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7},
  {1, 1, 1, 4, 4, 4, 4},
  {1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3},
};

} // namespace

BOOST_AUTO_TEST_CASE(a_leader_makes_every_log_of_figure_7_like_its_own) {
  for (const auto& terms : followers_of_figure_7) {
    lone_peer one{1, voters(3), leader_of_figure_7, {term_number{7}, {}}};
    lone_peer two{2, voters(3), terms, {term_number{7}, {}}};
    one.elect();
    one.persist_all();
    for (int round_trips = 0; round_trips < 6; ++round_trips) {
      for (const auto& msg : one.take<append_request>(2))
        two.receive(msg);
      two.persist_all();
      for (const auto& msg : two.take<append_reply>())
        one.receive(msg);
    }
    BOOST_TEST(two.disk.size() == 11u);
    BOOST_CHECK(two.disk == one.disk);
    BOOST_TEST(one->commit().value == 11u);
  }
}

// 5.3: "With this approach, one AppendEntries RPC will be required for each
// term with conflicting entries, rather than one RPC per entry."
BOOST_AUTO_TEST_CASE(back_off_skips_whole_terms_of_either_log) {
  // Many entries, of few terms, without any agreement beyond the first.
  std::vector<std::uint64_t> ours{1};
  std::vector<std::uint64_t> theirs{1};
  ours.insert(ours.end(), 1000, 5);
  theirs.insert(theirs.end(), 1000, 2);
  theirs.insert(theirs.end(), 1000, 3);
  lone_peer one{1, voters(3), ours, {term_number{5}, {}}};
  lone_peer two{2, voters(3), theirs, {term_number{5}, {}}};
  one.elect();
  one.persist_all();
  int refusals = 0;
  while (two->log().last() != one->log().last()) {
    BOOST_REQUIRE(refusals <= 3);
    for (const auto& msg : one.take<append_request>(2))
      two.receive(msg);
    two.persist_all();
    for (const auto& msg : two.take<append_reply>()) {
      refusals += msg.accepted ? 0 : 1;
      one.receive(msg);
    }
  }
}

// 5.4.1: "Raft determines which of two logs is more up-to-date by comparing the
// index and term of the last entries in the logs."
BOOST_AUTO_TEST_CASE(votes_go_only_to_logs_that_are_up_to_date) {
  const auto granted = [](log_position last) {
    lone_peer x{1, voters(3), {1, 2, 2}};
    x.receive(make_vote_request(2, 1, 5, last));
    x.persist_all();
    return x.take_one<vote_reply>().granted;
  };
  BOOST_TEST(granted(at(3, 2)));
  BOOST_TEST(granted(at(4, 2)));
  BOOST_TEST(granted(at(1, 3))); // a later term beats a longer log
  BOOST_TEST(!granted(at(2, 2)));
  BOOST_TEST(!granted(at(9, 1))); // a longer log of an earlier term loses
  BOOST_TEST(!granted(at(0, 0)));
}

// 5.4.2: "To eliminate problems like the one in Figure 8, Raft never commits
// log entries from previous terms by counting replicas."
BOOST_AUTO_TEST_CASE(a_leader_never_commits_an_old_term_by_counting) {
  // Figure 8, (c): entry 2@2 is on a majority, but of an earlier term.
  lone_peer x{1, voters(5), {1, 2}, {term_number{3}, {}}};
  x.elect();
  x.persist_all();
  BOOST_TEST(x->term().value == 4u);
  x.receive(make_accept(2, 1, 4, 2));
  x.receive(make_accept(3, 1, 4, 2));
  BOOST_TEST(x->commit().value == 0u);
  // (e): an entry of its own term commits all.
  x.receive(make_accept(2, 1, 4, 3));
  x.receive(make_accept(3, 1, 4, 3));
  BOOST_TEST(x->commit().value == 3u);
}

// 5.5: "if a follower receives an AppendEntries request that includes log
// entries already present in its log, it ignores those entries in the new
// request."
BOOST_AUTO_TEST_CASE(appends_are_idempotent) {
  lone_peer x{1};
  const auto msg = make_append(2, 1, 1, at(0, 0), {1, 1}, 1);
  x.receive(msg);
  x.persist_all();
  const auto first = x.take_one<append_reply>();
  x.receive(msg);
  BOOST_TEST(!x.batch.has_value());
  BOOST_CHECK(x.take_one<append_reply>() == first);
  BOOST_TEST(x.disk.size() == 2u);
  BOOST_TEST(x.committed.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
