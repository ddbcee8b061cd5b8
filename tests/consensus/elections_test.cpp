// Pre-vote, stickiness, check-quorum and time: what the paper leaves open.

#include "small_cluster.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(elections)

// -- pre-vote -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_pre_vote_promises_nothing) {
  lone_peer x{1, voters(3), {1}};
  x.advance(100ms);
  x.receive(make_vote_request(2, 1, 9, at(1, 1), true));
  const auto reply = x.take_one<vote_reply>();
  BOOST_TEST(reply.granted);
  BOOST_TEST(reply.pre_vote);
  BOOST_TEST(reply.campaign.value == 9u);
  BOOST_TEST(reply.term.value == 1u);
  BOOST_TEST(x->term().value == 1u);
  BOOST_TEST(!x->vote());
  BOOST_TEST(!x.batch.has_value());
}

BOOST_AUTO_TEST_CASE(who_grants_a_pre_vote_gives_way_once) {
  lone_peer x{1, voters(3), {1}};
  x.advance(100ms);
  x.receive(make_vote_request(2, 1, 9, at(1, 1), true));
  const auto later = x->wake_at();
  BOOST_CHECK(later >= x.now + 300ms);
  // It may be one that hears nobody, and asks forever.
  x.advance(100ms);
  x.receive(make_vote_request(2, 1, 9, at(1, 1), true));
  x.receive(make_vote_request(3, 1, 9, at(1, 1), true));
  BOOST_CHECK(x->wake_at() == later);
  x.advance(later - x.now);
  BOOST_CHECK(x->role() == peer_role::pre_candidate);
}

BOOST_AUTO_TEST_CASE(a_refused_pre_vote_puts_nothing_off) {
  lone_peer x{1, voters(3), {1}};
  const auto wake_at = x->wake_at();
  x.advance(100ms);
  x.receive(make_vote_request(2, 1, 9, at(0, 0), true));
  BOOST_TEST(!x.take_one<vote_reply>().granted);
  BOOST_CHECK(x->wake_at() == wake_at);
}

BOOST_AUTO_TEST_CASE(who_has_not_answered_is_asked_again) {
  lone_peer x{1, voters(5), {1}};
  x.wake();
  x.answer_votes();
  x.persist_all();
  BOOST_TEST(x.take<vote_request>().size() == 4u);
  x.receive(make_vote(2, 1, 2, 2, true, false));
  x.receive(make_vote(3, 1, 2, 2, false, false));
  x.advance(100ms);
  for (std::uint64_t to : {2, 3})
    BOOST_TEST(x.take<vote_request>(to).empty());
  for (std::uint64_t to : {4, 5}) {
    const auto again = x.take_one<vote_request>(to);
    BOOST_TEST(!again.pre_vote);
    BOOST_TEST(again.term.value == 2u);
  }
  x.receive(make_vote(5, 1, 2, 2, true, false));
  BOOST_CHECK(x->role() == peer_role::leader);
}

BOOST_AUTO_TEST_CASE(a_pre_vote_is_granted_as_a_vote_would_be) {
  const auto granted = [](std::uint64_t term, log_position last) {
    lone_peer x{1, voters(3), {1, 2}, {term_number{3}, peer_id{3}}};
    x.receive(make_vote_request(2, 1, term, last, true));
    return x.take_one<vote_reply>().granted;
  };
  BOOST_TEST(granted(4, at(2, 2)));
  BOOST_TEST(!granted(4, at(1, 1)));
  BOOST_TEST(!granted(3, at(2, 2))); // that term's vote is given
  BOOST_TEST(!granted(2, at(2, 2)));
}

BOOST_AUTO_TEST_CASE(a_pre_vote_is_refused_while_the_leader_is_alive) {
  lone_peer x{1};
  x.receive(make_append(3, 1, 1, at(0, 0)));
  x.advance(299ms);
  x.receive(make_vote_request(2, 1, 2, at(9, 1), true));
  BOOST_TEST(!x.take_one<vote_reply>().granted);
  x.advance(1ms);
  if (x->role() == peer_role::follower) {
    x.receive(make_vote_request(2, 1, 2, at(9, 1), true));
    BOOST_TEST(x.take_one<vote_reply>().granted);
  }
}

BOOST_AUTO_TEST_CASE(pre_votes_and_votes_are_never_taken_for_each_other) {
  lone_peer x{1};
  x.wake();
  BOOST_REQUIRE(x->role() == peer_role::pre_candidate);
  x.receive(make_vote(2, 1, 0, 1, true, false)); // a vote, while pre-voting
  BOOST_TEST(x->role() == peer_role::pre_candidate);
  x.receive(make_vote(2, 1, 0, 5, true, true)); // of another campaign
  BOOST_TEST(x->role() == peer_role::pre_candidate);
  x.receive(make_vote(2, 1, 0, 1, true, true));
  BOOST_REQUIRE(x->role() == peer_role::candidate);
  x.persist();
  x.receive(make_vote(3, 1, 0, 1, true, true)); // a late pre-vote
  x.receive(make_vote(3, 1, 1, 1, true, true));
  x.receive(make_vote(3, 1, 0, 2, true, true));
  x.receive(make_vote(3, 1, 0, 0, true)); // a vote of another campaign
  BOOST_TEST(x->role() == peer_role::candidate);
  x.receive(make_vote(3, 1, 1, 1, true));
  BOOST_TEST(x->leads());
}

BOOST_AUTO_TEST_CASE(a_granted_pre_vote_spreads_no_term) {
  lone_peer x{1, voters(5)};
  x.wake();
  x.receive(make_vote(2, 1, 1, 1, true, true));
  BOOST_TEST(x->term().value == 0u);
  BOOST_TEST(x->role() == peer_role::pre_candidate);
}

BOOST_AUTO_TEST_CASE(a_refused_pre_vote_spreads_the_higher_term) {
  lone_peer voter{1, voters(3), {}, {term_number{8}, {}}};
  lone_peer asking{2, voters(3), {1}};
  asking.wake();
  voter.receive(asking.take_one<vote_request>(1));
  const auto reply = voter.take_one<vote_reply>();
  BOOST_TEST(!reply.granted);
  asking.receive(reply);
  BOOST_TEST(asking->term().value == 8u);
  BOOST_TEST(asking->role() == peer_role::follower);
  asking.persist_all();
  asking.wake();
  voter.receive(asking.take_one<vote_request>(1));
  BOOST_TEST(voter.take_one<vote_reply>().granted);
}

BOOST_AUTO_TEST_CASE(the_longer_log_wins_from_behind_a_higher_term) {
  // One is needed by both others, and is the only one that can win.
  small_cluster peers{3};
  const auto set = [&](std::uint64_t id, std::vector<std::uint64_t> terms,
                       std::uint64_t term) {
    peers.peers[id] = std::make_unique<lone_peer>(
      id, voters(3), terms, hard_state{term_number{term}, {}});
  };
  set(1, {1, 1, 1}, 1);
  set(2, {1}, 9);
  set(3, {1}, 9);
  peers.cut = [](auto from, auto to) { return from == 3 || to == 3; };
  peers.run(4s);
  BOOST_TEST(peers.leader() == 1u);
  BOOST_TEST(peers[2].disk.size() == 4u);
}

BOOST_AUTO_TEST_CASE(who_was_cut_off_does_not_disturb_when_it_is_back) {
  small_cluster peers{3};
  peers.elect(1);
  peers.cut = [](auto from, auto to) { return from == 3 || to == 3; };
  peers.run(5s);
  peers.cut = [](auto, auto) { return false; };
  peers.run(2s);
  BOOST_TEST(peers.leader() == 1u);
  BOOST_TEST(peers[1]->term().value == 1u);
  BOOST_TEST(peers[3]->leader().value == 1u);
}

BOOST_AUTO_TEST_CASE(a_campaign_goes_on_when_a_link_comes_up) {
  lone_peer x{1};
  x.input([](core& c) { c.link_down(peer_id{2}); });
  x.input([](core& c) { c.link_down(peer_id{3}); });
  x.wake();
  BOOST_TEST(x.take<vote_request>().empty());
  x.input([](core& c) { c.link_up(peer_id{3}); });
  BOOST_TEST(x.take_one<vote_request>().pre_vote);
  x.receive(make_vote(3, 1, 0, 1, true, true));
  x.persist();
  BOOST_TEST(!x.take_one<vote_request>(3).pre_vote);
  x.input([](core& c) { c.link_up(peer_id{2}); });
  BOOST_TEST(!x.take_one<vote_request>(2).pre_vote);
}

// -- stickiness ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_vote_request_is_ignored_while_the_leader_is_alive) {
  lone_peer x{1};
  x.receive(make_append(3, 1, 1, at(0, 0)));
  x.persist();
  x.advance(299ms);
  x.receive(make_vote_request(2, 1, 7, at(9, 6)));
  const auto reply = x.take_one<vote_reply>();
  BOOST_TEST(!reply.granted);
  BOOST_TEST(reply.term.value == 1u);
  BOOST_TEST(x->term().value == 1u);
  BOOST_TEST(x.noted(note_kind::refused_vote_leader_alive));
}

BOOST_AUTO_TEST_CASE(a_transfer_of_leadership_is_not_held_up_by_stickiness) {
  lone_peer x{1};
  x.receive(make_append(3, 1, 1, at(0, 0)));
  auto msg = make_vote_request(2, 1, 2, at(0, 0));
  msg.transfer = true;
  msg.released = {1};
  x.receive(msg);
  x.persist_all();
  BOOST_TEST(x.take_one<vote_reply>().granted);
}

BOOST_AUTO_TEST_CASE(a_leader_with_a_recent_quorum_ignores_vote_requests) {
  lone_peer x{1};
  x.elect();
  x.advance(299ms);
  x.receive(make_vote_request(2, 1, 7, at(9, 6)));
  BOOST_TEST(x->leads());
  x.receive(make_accept(3, 1, 1, 0));
  x.advance(200ms);
  x.receive(make_vote_request(2, 1, 7, at(9, 6)));
  BOOST_TEST(x->leads());
  x.advance(100ms);
  x.receive(make_vote_request(2, 1, 7, at(9, 6)));
  BOOST_TEST(!x->leads());
  BOOST_TEST(x->term().value == 7u);
}

BOOST_AUTO_TEST_CASE(a_stuck_higher_term_deposes_the_leader_in_the_end) {
  // A candidate of a higher term is ignored as long as the leader lives. It
  // refuses that leader's requests, so the terms meet, and a leader is found.
  small_cluster peers{3};
  peers.elect(1);
  peers.peers[3] = std::make_unique<lone_peer>(
    3, voters(3), std::vector<std::uint64_t>{}, hard_state{term_number{9}, {}});
  peers[3].now = peers[1].now;
  peers[3]->advance(peers[1].now);
  peers.run(4s);
  BOOST_REQUIRE_NE(peers.leader(), 0u);
  BOOST_TEST(peers[3]->leader().value == peers.leader());
  BOOST_TEST(peers[1]->term().value > 9u);
}

// -- the timer ----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_append_that_is_refused_shows_that_the_leader_lives) {
  lone_peer x{1};
  for (int i = 0; i < 20; ++i) {
    x.receive(make_append(2, 1, 1, at(50, 1)));
    x.persist_all();
    x.advance(299ms);
  }
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(x->leader().value == 2u);
}

BOOST_AUTO_TEST_CASE(a_higher_term_alone_does_not_postpone_the_campaign) {
  lone_peer x{1, voters(3), {1}};
  const auto wake_at = x->wake_at();
  for (std::uint64_t term = 5; term < 9; ++term) {
    x.advance(50ms);
    x.receive(make_vote_request(2, 1, term, at(0, 0)));
  }
  BOOST_CHECK(x->wake_at() == wake_at);
}

BOOST_AUTO_TEST_CASE(who_woke_late_reads_its_mail_before_it_campaigns) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0)));
  x.advance(10s);
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(x.noted(note_kind::woke_late));
  BOOST_CHECK(x->wake_at() == x.now + 100ms);
  x.receive(make_append(2, 1, 1, at(0, 0)));
  BOOST_CHECK(x->wake_at() >= x.now + 300ms);
}

BOOST_AUTO_TEST_CASE(being_late_is_an_excuse_once) {
  lone_peer x{1};
  x.advance(10s);
  BOOST_TEST(x->role() == peer_role::follower);
  x.advance(10s);
  BOOST_TEST(x->role() == peer_role::pre_candidate);
}

BOOST_AUTO_TEST_CASE(an_ordinary_delay_is_not_late) {
  lone_peer x{1};
  x.advance(x->wake_at() + 100ms);
  BOOST_TEST(x->role() == peer_role::pre_candidate);
}

BOOST_AUTO_TEST_CASE(time_never_goes_back) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0)));
  x.advance(200ms);
  const auto wake_at = x->wake_at();
  x.input([](core& c) { c.advance(0ms); });
  BOOST_CHECK(x->wake_at() == wake_at);
}

// -- check-quorum -------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_leader_without_a_quorum_steps_down_in_its_own_term) {
  lone_peer x{1};
  x.elect();
  while (x.now < 10s && x->leads())
    x.wake();
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(x->term().value == 1u);
  BOOST_TEST(!x->leader());
  BOOST_TEST(x.noted(note_kind::stepped_down_no_quorum));
}

BOOST_AUTO_TEST_CASE(
  a_leader_steps_down_when_the_quorum_was_silent_for_the_time) {
  lone_peer x{1, voters(5)};
  x.elect();
  const auto elected = x.now;
  x.advance(250ms);
  x.receive(make_accept(2, 1, 1, 0));
  x.advance(50ms);
  x.receive(make_accept(3, 1, 1, 0)); // the quorum was heard at 250 ms
  while (x->leads())
    x.wake();
  BOOST_CHECK(x.now == elected + 250ms + 600ms);
}

BOOST_AUTO_TEST_CASE(a_minority_does_not_keep_a_leader_in_office) {
  lone_peer x{1, voters(5)};
  x.elect();
  for (int i = 0; i < 7; ++i) {
    x.receive(make_accept(2, 1, 1, 0));
    x.advance(100ms);
  }
  BOOST_TEST(!x->leads());
}

BOOST_AUTO_TEST_CASE(four_voters_need_three) {
  lone_peer x{1, voters(4)};
  x.wake();
  x.receive(make_vote(2, 1, 0, 1, true, true));
  BOOST_TEST(x->role() == peer_role::pre_candidate);
  x.receive(make_vote(3, 1, 0, 1, true, true));
  BOOST_TEST(x->role() == peer_role::candidate);
}

BOOST_AUTO_TEST_CASE(a_leader_that_was_stopped_does_not_claim_a_quorum) {
  lone_peer x{1};
  x.elect();
  x.advance(10s);
  BOOST_TEST(x->leads()); // its mail comes first
  BOOST_TEST(x.noted(note_kind::woke_late));
  // An answer from before the stop proves nothing.
  x.receive(make_accept(2, 1, 1, 0, 1));
  x.receive(make_vote_request(3, 1, 2, at(1, 1)));
  BOOST_TEST(!x->leads());
}

BOOST_AUTO_TEST_CASE(
  a_leader_that_was_stopped_goes_on_if_it_still_has_a_quorum) {
  lone_peer x{1};
  x.elect();
  x.advance(10s);
  x.take<append_request>();
  x.wake();
  const auto round = x.take_one<append_request>(2).round;
  x.receive(make_accept(2, 1, 1, 0, round.value));
  x.advance(590ms);
  BOOST_TEST(x->leads());
}

BOOST_AUTO_TEST_CASE(a_leader_that_was_stopped_steps_down_without_a_quorum) {
  lone_peer x{1};
  x.elect();
  x.advance(10s);
  const auto woke = x.now;
  while (x->leads()) {
    x.wake();
    x.receive(make_accept(2, 1, 1, 0, 1));
  }
  BOOST_CHECK(x.now == woke + 600ms);
}

BOOST_AUTO_TEST_CASE(a_leader_that_hears_too_few_makes_room) {
  // Only 2 hears the old leader; all but the old leader hear each other.
  small_cluster peers{5};
  peers.elect(1);
  peers.cut = [](auto from, auto to) {
    return (from == 1 && to != 2) || (to == 1 && from != 2);
  };
  peers.run(3s);
  BOOST_REQUIRE_NE(peers.leader(), 0u);
  BOOST_TEST(peers.leader() != 1u);
  BOOST_TEST(peers[2]->leader().value == peers.leader());
}

BOOST_AUTO_TEST_CASE(a_leader_that_is_heard_but_hears_nobody_makes_room) {
  small_cluster peers{3};
  peers.elect(1);
  peers.cut = [](auto, auto to) { return to == 1; };
  peers.run(3s);
  BOOST_TEST(peers.leader() != 0u);
  BOOST_TEST(peers.leader() != 1u);
}

BOOST_AUTO_TEST_CASE(a_lost_leader_is_replaced_within_a_second_or_two) {
  for (int i = 0; i < 20; ++i) {
    small_cluster peers{3};
    peers.run(1s + i * 10ms);
    const auto old = peers.leader();
    BOOST_REQUIRE_NE(old, 0u);
    peers.cut = [old](auto from, auto to) { return from == old || to == old; };
    peers.run(2s);
    BOOST_TEST(peers.leader() != 0u);
    BOOST_TEST(peers.leader() != old);
  }
}

// -- who belongs --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(who_is_no_voter_does_not_campaign) {
  auto learner = voters(3);
  learner.voters.erase(learner.voters.begin());
  learner.learners.push_back(peer_id{1});
  for (const auto& members : {membership{}, learner}) {
    lone_peer x{1, members};
    BOOST_CHECK(x->wake_at() == instant::max());
    x.advance(10s);
    BOOST_TEST(x->role() == peer_role::follower);
  }
}

// The candidate may know of an entry that makes it a voter, and need its vote.
BOOST_AUTO_TEST_CASE(who_is_asked_votes_unless_it_knows_no_members) {
  auto learner = voters(3);
  learner.voters.erase(learner.voters.begin());
  learner.learners.push_back(peer_id{1});
  lone_peer x{1, learner};
  x.receive(make_vote_request(4, 1, 1, at(0, 0)));
  x.persist();
  BOOST_TEST(x.take_one<vote_reply>().granted);
  lone_peer wiped{1, membership{}};
  wiped.receive(make_vote_request(2, 1, 1, at(0, 0)));
  wiped.receive(make_vote_request(2, 1, 1, at(0, 0), true));
  BOOST_TEST(wiped.messages.empty());
  BOOST_TEST(!wiped.batch.has_value());
}

BOOST_AUTO_TEST_CASE(a_learner_is_replicated_to_but_not_counted) {
  auto members = voters(3);
  members.learners.push_back(peer_id{4});
  lone_peer x{1, members};
  x.input([](core& c) { c.link_up(peer_id{4}); });
  x.elect();
  x.persist_all();
  BOOST_TEST(x.take<append_request>(4).size() == 1u);
  x.receive(make_accept(4, 1, 1, 1));
  BOOST_TEST(x->commit().value == 0u);
  lone_peer learner{4, members};
  learner.receive(make_append(1, 4, 1, at(0, 0), {1}));
  learner.persist();
  BOOST_TEST(learner.take_one<append_reply>().match.value == 1u);
  // It does not campaign, but finds out that its leader is gone.
  BOOST_TEST(learner->leader().value == 1u);
  learner.wake();
  BOOST_TEST(!learner->leader());
  BOOST_CHECK(learner->wake_at() == instant::max());
}

BOOST_AUTO_TEST_CASE(mail_for_others_or_from_strangers_changes_nothing) {
  const auto ignored = [](auto msg, auto change) {
    change(msg.header);
    lone_peer x{1};
    x.receive(msg);
    return x->term().value == 0 && x.messages.empty() && !x.batch;
  };
  const auto all_ignored = [&](auto change) {
    return ignored(make_vote_request(2, 1, 5, at(0, 0)), change)
        && ignored(make_vote_request(2, 1, 5, at(0, 0), true), change)
        && ignored(make_vote(2, 1, 5, 5, false), change)
        && ignored(make_append(2, 1, 5, at(0, 0), {1}), change)
        && ignored(make_refusal(2, 1, 5, 0, at(0, 0)), change);
  };
  BOOST_TEST(!all_ignored([](auto&) {}));
  BOOST_TEST(all_ignored([](auto& x) { x.group = group_id{2}; }));
  BOOST_TEST(all_ignored([](auto& x) { x.to = peer_id{3}; }));
  BOOST_TEST(all_ignored([](auto& x) { x.from = peer_id{1}; }));
  // Who asks may be a member that our log does not know of yet.
  const auto by_stranger = [](auto& x) { x.from = peer_id{4}; };
  BOOST_TEST(!ignored(make_append(2, 1, 5, at(0, 0), {1}), by_stranger));
  BOOST_TEST(ignored(make_vote(2, 1, 5, 5, false), by_stranger));
  BOOST_TEST(ignored(make_refusal(2, 1, 5, 0, at(0, 0)), by_stranger));
  BOOST_TEST(all_ignored([](auto& x) { x.from = peer_id{}; }));
}

BOOST_AUTO_TEST_SUITE_END()
