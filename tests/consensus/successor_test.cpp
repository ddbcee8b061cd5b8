// Transfers of leadership as seen by voters and by the successor.

#include "small_cluster.hpp"
#include "transfers.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(successors)

// -- a voter ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_leader_that_is_alive_is_passed_over) {
  auto x = make_follower_of_2(4);
  BOOST_TEST(!grants(x, make_vote_request(3, 1, 2, at(1, 1))));
  BOOST_TEST(grants(x, make_transfer_vote(2, 4)));
}

BOOST_AUTO_TEST_CASE(no_transfer_makes_up_for_a_shorter_log) {
  auto x = make_follower_of_2(4);
  auto asked = make_transfer_vote(2, 4);
  asked.last = {};
  BOOST_TEST(!grants(x, asked));
  BOOST_TEST(x.noted(note_kind::refused_vote_log_behind));
}

BOOST_AUTO_TEST_CASE(a_promise_ends_when_its_leader_gives_it_up) {
  auto x = make_follower_of_2(4, leases_on());
  BOOST_TEST(!grants(x, make_transfer_vote(2, 3)));
  BOOST_TEST(x.noted(note_kind::refused_vote_promised));
  BOOST_TEST(x->term() == term_number{1});
  BOOST_TEST(grants(x, make_transfer_vote(2, 4)));
}

/// The leader of term 4 was elected: nobody before it has a lease.
BOOST_AUTO_TEST_CASE(a_promise_to_an_earlier_leader_ends_as_well) {
  auto x = make_follower_of_2(9, leases_on());
  BOOST_TEST(grants(x, make_transfer_vote(5, 1)));
}

BOOST_AUTO_TEST_CASE(a_promise_in_the_term_of_the_campaign_stays) {
  auto x = make_follower_of_2(4, leases_on());
  auto later = make_append(2, 1, 2, at(1, 1));
  x.receive(later);
  x.persist_all();
  BOOST_TEST(!grants(x, make_transfer_vote(2, 9)));
}

BOOST_AUTO_TEST_CASE(who_hands_over_is_promised_nothing) {
  auto x = make_follower_of_2(4, leases_on());
  auto heard = make_append(2, 1, 1, at(1, 1));
  heard.round = {5};
  heard.hands_over = true;
  x.receive(heard);
  BOOST_TEST(x.take_one<append_reply>(2).promised_ms == 0u);
  BOOST_TEST(grants(x, make_transfer_vote(2, 4)));
}

/// Answers that waited for the disk go as one.
BOOST_AUTO_TEST_CASE(a_promise_is_not_taken_to_a_later_round) {
  auto x = make_follower_of_2(4, leases_on());
  for (const std::uint64_t i : {5, 6, 7}) {
    auto heard = make_append(2, 1, 1, at(i - 4, 1), {1});
    heard.round = {i};
    heard.hands_over = i == 7;
    x.receive(heard);
  }
  x.messages.clear();
  x.persist_all();
  const auto reply = x.take<append_reply>(2).back();
  BOOST_TEST(reply.match == log_index{4});
  BOOST_TEST(reply.round == round_number{7});
  BOOST_TEST(reply.promised_ms == 0u);
}

/// It does not know in which round the process before it has promised.
BOOST_AUTO_TEST_CASE(who_was_started_since_keeps_its_promise) {
  lone_peer x{1, voters(3), {1}, {}, leases_on()};
  BOOST_TEST(!grants(x, make_transfer_vote(2, 1000)));
  // To a leader of an earlier term it cannot have been of any use by then.
  BOOST_TEST(grants(x, make_transfer_vote(3, 1)));
}

BOOST_AUTO_TEST_CASE(a_leader_that_is_still_in_office_votes_as_well) {
  auto x = make_leader();
  BOOST_TEST(!grants(x, make_vote_request(3, 1, 2, at(1, 1))));
  BOOST_TEST(grants(x, make_transfer_vote(2, 1)));
  BOOST_TEST(!x->leads());
}

BOOST_AUTO_TEST_CASE(transfers_that_cannot_be_are_not_sound) {
  auto asked = make_transfer_vote(2, 4);
  BOOST_TEST(is_sound(asked));
  asked.pre_vote = true;
  BOOST_TEST(!is_sound(asked));
  asked = make_transfer_vote(2, 0);
  BOOST_TEST(!is_sound(asked));
  asked = make_vote_request(3, 1, 2, at(1, 1));
  asked.released = {1};
  BOOST_TEST(!is_sound(asked));
  BOOST_TEST(is_sound(make_timeout_now(2, 1, 1)));
  BOOST_TEST(!is_sound(make_timeout_now(2, 0, 1)));
  BOOST_TEST(!is_sound(make_timeout_now(2, 1, 0)));
  BOOST_TEST(!is_sound(make_timeout_now(2, term_max.value, 1)));
  auto reply = make_accept(2, 1, 1, 1);
  reply.priority = priority_max + 1;
  BOOST_TEST(!is_sound(reply));
}

// -- the successor ------------------------------------------------------------

BOOST_AUTO_TEST_CASE(who_is_told_campaigns_at_once_without_a_pre_vote) {
  for (const auto& config : {settings{}, leases_on()}) {
    auto x = make_follower_of_2(4, config);
    x.receive(make_timeout_now(2, 1, 4));
    BOOST_TEST(x->role() == peer_role::candidate);
    BOOST_TEST(x->term() == term_number{2});
    // Its own vote is on its disk first.
    BOOST_TEST(x.take<vote_request>().empty());
    x.persist_all();
    BOOST_TEST((x.hard == hard_state{{2}, {1}}));
    const auto asked = x.take<vote_request>();
    BOOST_TEST(asked.size() == 2u);
    for (const auto& msg : asked) {
      BOOST_TEST(!msg.pre_vote);
      BOOST_TEST(msg.transfer);
      BOOST_TEST(msg.released == round_number{4});
      BOOST_TEST(msg.last == at(1, 1));
    }
    x.receive(make_vote(3, 1, 2, 2, true));
    BOOST_TEST(x->leads());
  }
}

BOOST_AUTO_TEST_CASE(it_asks_again_with_the_same_words) {
  auto x = make_follower_of_2(4);
  x.receive(make_timeout_now(2, 1, 4));
  x.persist_all();
  x.messages.clear();
  x.wake();
  BOOST_TEST(x.take<vote_request>(3).back().transfer);
  x.messages.clear();
  connect(x, 3);
  BOOST_TEST(x.take_one<vote_request>(3).transfer);
}

/// A later one is its own.
BOOST_AUTO_TEST_CASE(only_the_campaign_at_once_is_by_transfer) {
  auto x = make_follower_of_2(4);
  x.receive(make_timeout_now(2, 1, 4));
  x.persist_all();
  x.wake_for_campaign();
  BOOST_TEST(x->role() == peer_role::pre_candidate);
  for (const auto& msg : x.take<vote_request>())
    BOOST_TEST((!msg.pre_vote || !msg.transfer));
  x.receive(make_vote(3, 1, 2, 3, true, true));
  x.persist_all();
  const auto asked = x.take<vote_request>(3).back();
  BOOST_TEST(asked.term == term_number{3});
  BOOST_TEST(!asked.transfer);
  BOOST_TEST(!asked.released);
}

BOOST_AUTO_TEST_CASE(told_twice_it_campaigns_once) {
  auto x = make_follower_of_2(4);
  x.receive(make_timeout_now(2, 1, 4));
  x.receive(make_timeout_now(2, 1, 5));
  x.persist_all();
  x.receive(make_timeout_now(2, 1, 5));
  BOOST_TEST(x->term() == term_number{2});
  BOOST_TEST(x->role() == peer_role::candidate);
}

BOOST_AUTO_TEST_CASE(what_was_said_long_ago_is_ignored) {
  for (const auto& config : {settings{}, leases_on()}) {
    auto x = make_follower_of_2(4, config);
    x.receive(make_timeout_now(2, 1, 3));
    BOOST_TEST(x->role() == peer_role::follower);
    BOOST_TEST(x.noted(note_kind::refused_transfer));
  }
  // Also by who has forgotten its leader, or was started since.
  lone_peer again{1, voters(3), {1}, {}, leases_on()};
  again.receive(make_timeout_now(2, 1, 1000));
  BOOST_TEST(again->role() == peer_role::follower);
}

BOOST_AUTO_TEST_CASE(an_earlier_term_has_nothing_to_hand_over) {
  auto x = make_follower_of_2(4);
  x.receive(make_vote(3, 1, 5, 5, false));
  x.persist_all();
  x.receive(make_timeout_now(2, 1, 9));
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(x->term() == term_number{5});
}

BOOST_AUTO_TEST_CASE(who_does_not_lead_has_nothing_to_hand_over) {
  auto x = make_follower_of_2(4);
  x.receive(make_timeout_now(3, 1, 9));
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(x.distrusted.size() == 1u);
  auto y = make_leader();
  y.receive(make_timeout_now(3, 1, 9));
  BOOST_TEST(y->leads());
  BOOST_TEST(y.distrusted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(who_should_not_lead_does_not_take_over) {
  auto x = make_follower_of_2(4, with_priority(0));
  x.receive(make_timeout_now(2, 1, 4));
  BOOST_TEST(x->role() == peer_role::follower);
  // Its disk hangs.
  auto y = make_follower_of_2(4);
  y.receive(make_append(2, 1, 1, at(1, 1), {1}));
  y.advance(601ms);
  y.receive(make_timeout_now(2, 1, 4));
  BOOST_TEST(y->role() == peer_role::follower);
  // It has no vote.
  membership members = voters(3);
  members.voters.erase(members.voters.begin());
  members.learners.push_back(peer_id{1});
  lone_peer z{1, members};
  z.receive(make_timeout_now(2, 1, 4));
  BOOST_TEST(z->role() == peer_role::follower);
}

// -- all together -------------------------------------------------------------

BOOST_AUTO_TEST_CASE(office_goes_to_whom_it_should) {
  for (const auto& config : {settings{}, leases_on()}) {
    small_cluster all{3, config};
    all.elect(1);
    all.run(200ms);
    for (const std::uint64_t target : {3, 2, 1, 2}) {
      auto& leader = all[all.leader()];
      leader.start();
      const auto term = leader->term();
      const auto last = leader->log().last().index;
      BOOST_TEST(transfer(leader, target).target == peer_id{target});
      // No time passes at all.
      all.settle();
      BOOST_TEST(all.leader() == target);
      BOOST_TEST(all[target]->term() == term.next());
      BOOST_TEST(all[target]->commit() == last.next());
    }
  }
}

BOOST_AUTO_TEST_CASE(the_successor_can_read_by_lease_soon) {
  small_cluster all{3, leases_on()};
  all.elect(1);
  all.run(200ms);
  BOOST_REQUIRE(all[1]->has_lease());
  transfer(all[1], 2);
  all.settle();
  BOOST_TEST(!all[1]->has_lease());
  all.run(200ms);
  BOOST_TEST(all[2]->has_lease());
}

BOOST_AUTO_TEST_SUITE_END()
