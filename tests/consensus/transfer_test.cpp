// A leader hands its office over (thesis, section 3.10).

#include "transfers.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(transfers)

// -- a leader -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(who_has_all_is_told_at_once) {
  auto x = make_leader();
  const auto begun = transfer(x, 3);
  BOOST_TEST(begun.target == peer_id{3});
  BOOST_TEST((begun.refusal == transfer_result::transferred));
  BOOST_TEST(x->handing_over_to() == peer_id{3});
  const auto told = x.take_one<timeout_now>();
  BOOST_TEST(told.header.to == peer_id{3});
  BOOST_TEST(told.term == term_number{1});
  BOOST_TEST(told.round == round_number{1});
  BOOST_TEST(x.noted(note_kind::hands_over));
}

BOOST_AUTO_TEST_CASE(
  commands_are_refused_meanwhile_with_a_reason_of_their_own) {
  auto x = make_leader();
  BOOST_TEST((try_command(x) == reject_reason::none));
  transfer(x, 2);
  BOOST_TEST((try_command(x) == reject_reason::handing_over));
  BOOST_TEST(x->log().last().index == log_index{2});
}

BOOST_AUTO_TEST_CASE(who_lacks_something_gets_it_first) {
  auto x = make_leader();
  x.start();
  x.start();
  transfer(x, 2);
  BOOST_TEST(x.take<timeout_now>().empty());
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 2));
  BOOST_TEST(x.take<timeout_now>().empty());
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 3));
  BOOST_TEST(x.take_one<timeout_now>().header.to == peer_id{2});
}

/// So that those who wait for them are told that they took effect.
BOOST_AUTO_TEST_CASE(all_entries_are_committed_first) {
  auto x = make_leader({}, 5);
  x.start();
  transfer(x, 2);
  x.receive(make_accept(2, 1, 1, 2));
  BOOST_TEST(x.take<timeout_now>().empty());
  x.receive(make_accept(3, 1, 1, 2));
  BOOST_TEST(x.take<timeout_now>().empty());
  x.receive(make_accept(4, 1, 1, 2));
  BOOST_TEST(x->commit() == log_index{2});
  BOOST_TEST(x.take_one<timeout_now>().header.to == peer_id{2});
}

BOOST_AUTO_TEST_CASE(it_is_told_again_with_each_heartbeat) {
  auto x = make_leader();
  transfer(x, 2);
  for (auto i = 0; i < 3; ++i) {
    BOOST_TEST(x.take<timeout_now>().size() == 1u);
    answer_appends(x, {});
    x.wake();
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_taken_up_ends_after_an_election_timeout) {
  for (const auto limit : {0us, instant{1ms}, instant{200ms}, instant{10s}}) {
    const settings config;
    const instant longest = config.election_timeout_max;
    const auto end = limit == 0us ? longest : std::min(limit, longest);
    auto x = make_leader();
    transfer(x, 2, limit);
    stay_in_office(x, end - 1us);
    BOOST_TEST((try_command(x) == reject_reason::handing_over));
    stay_in_office(x, 1us);
    BOOST_TEST(x->leads());
    BOOST_TEST(!x->handing_over_to());
    BOOST_TEST(x.noted(note_kind::leads_on));
    BOOST_TEST((try_command(x) == reject_reason::none));
    // And can be tried again.
    BOOST_TEST(transfer(x, 2).target == peer_id{2});
  }
}

BOOST_AUTO_TEST_CASE(it_ends_with_the_link_to_the_successor) {
  auto x = make_leader();
  transfer(x, 2);
  disconnect(x, 3);
  BOOST_TEST(x->handing_over_to() == peer_id{2});
  disconnect(x, 2);
  BOOST_TEST(!x->handing_over_to());
  BOOST_TEST((try_command(x) == reject_reason::none));
}

BOOST_AUTO_TEST_CASE(it_ends_with_the_store_of_the_successor) {
  auto x = make_leader();
  x.input([](core& c) { c.link_up(peer_id{2}, incarnation_id{7}); });
  // Another release may have answered over the link before.
  BOOST_TEST((transfer(x, 2).refusal == transfer_result::too_old));
  x.wake();
  auto answer = make_accept(2, 1, 1, 1, 2);
  answer.header.incarnation = {7};
  x.receive(answer);
  transfer(x, 2);
  x.input([](core& c) { c.link_up(peer_id{2}, incarnation_id{7}); });
  BOOST_TEST(x->handing_over_to() == peer_id{2});
  x.input([](core& c) { c.link_up(peer_id{2}, incarnation_id{8}); });
  BOOST_TEST(!x->handing_over_to());
  BOOST_TEST((try_command(x) == reject_reason::none));
}

/// The flag is the office's: with the next one it is gone.
BOOST_AUTO_TEST_CASE(it_ends_with_the_office_whatever_ends_that) {
  const auto by_term = [](lone_peer& x) {
    x.receive(make_vote_request(3, 1, 2, at(1, 1)));
    x.receive(make_vote(3, 1, 2, 2, false));
  };
  const auto by_silence = [](lone_peer& x) {
    for (auto i = 0; x->leads() && i < 100; ++i)
      x.wake();
  };
  const auto by_successor
    = [](lone_peer& x) { x.receive(make_append(2, 1, 2, at(1, 1))); };
  for (const auto& end : std::vector<std::function<void(lone_peer&)>>{
         by_term, by_silence, by_successor}) {
    auto x = make_leader();
    transfer(x, 2);
    end(x);
    BOOST_TEST(!x->leads());
    BOOST_TEST(!x->handing_over_to());
    x.persist_all();
    x.messages.clear();
    x.elect();
    BOOST_TEST(!x->handing_over_to());
    BOOST_TEST((try_command(x) == reject_reason::none));
  }
}

BOOST_AUTO_TEST_CASE(one_transfer_at_a_time) {
  auto x = make_leader();
  transfer(x, 2);
  for (const auto same : {0, 2})
    BOOST_TEST(transfer(x, same).target == peer_id{2});
  const auto other = transfer(x, 3);
  BOOST_TEST(!other.target);
  BOOST_TEST((other.refusal == transfer_result::under_way));
  BOOST_TEST(x->handing_over_to() == peer_id{2});
}

// -- refusals -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(only_a_leader_hands_over) {
  lone_peer x{1};
  BOOST_TEST((refusal_of(x, 2) == transfer_result::not_leader));
}

BOOST_AUTO_TEST_CASE(who_cannot_lead_is_refused) {
  membership members = voters(3);
  members.learners.push_back(peer_id{4});
  lone_peer x{1, members};
  x.elect();
  x.persist_all();
  for (std::uint64_t id = 2; id <= 4; ++id)
    x.receive(make_accept(id, 1, 1, 1));
  BOOST_TEST((refusal_of(x, 1) == transfer_result::leads_already));
  BOOST_TEST((refusal_of(x, 9) == transfer_result::unknown_peer));
  BOOST_TEST((refusal_of(x, 4) == transfer_result::not_a_voter));
  BOOST_TEST((try_command(x) == reject_reason::none));
}

BOOST_AUTO_TEST_CASE(who_does_not_answer_is_refused) {
  auto x = make_leader();
  disconnect(x, 2);
  BOOST_TEST((refusal_of(x, 2) == transfer_result::unreachable));
  // Peer 3 is connected, but silent.
  connect(x, 2);
  while (x.now < 2s) {
    x.wake();
    for (const auto& msg : x.take<append_request>(2))
      x.receive(make_accept(2, 1, 1, 1, msg.round.value));
  }
  BOOST_REQUIRE(x->leads());
  BOOST_TEST((refusal_of(x, 3) == transfer_result::unreachable));
  BOOST_TEST(transfer(x, 0).target == peer_id{2});
}

BOOST_AUTO_TEST_CASE(who_lags_far_behind_is_refused) {
  settings config;
  config.bytes_in_flight_max = 10 * cost_of_one;
  auto x = make_leader(config);
  for (auto i = 0; i < 11; ++i) {
    x.start();
    x.persist_all();
    x.receive(make_accept(3, 1, 1, x->log().last().index.value));
  }
  BOOST_TEST((refusal_of(x, 2) == transfer_result::lags));
  BOOST_TEST(transfer(x, 0).target == peer_id{3});
}

BOOST_AUTO_TEST_CASE(who_should_not_lead_is_refused) {
  auto x = make_leader();
  x.wake();
  answer_appends(x, {1, 0, {{2, 0}, {3, 0}}});
  BOOST_TEST((refusal_of(x, 2) == transfer_result::should_not_lead));
  BOOST_TEST((refusal_of(x, 0) == transfer_result::nobody_fit));
}

/// Messages of a release without transfers say nothing of priorities.
BOOST_AUTO_TEST_CASE(who_knows_no_transfers_is_refused) {
  auto x = make_leader();
  x.wake();
  for (const auto& msg : x.take<append_request>()) {
    auto reply = make_accept(msg.header.to.value, 1, 1, 1, msg.round.value);
    if (msg.header.to.value == 2)
      reply.priority = append_reply{}.priority;
    x.receive(reply);
  }
  BOOST_TEST((refusal_of(x, 2) == transfer_result::too_old));
  BOOST_TEST(transfer(x, 0).target == peer_id{3});
}

BOOST_AUTO_TEST_CASE(who_is_alone_has_nobody_to_hand_over_to) {
  auto x = make_leader({}, 1);
  BOOST_TEST((refusal_of(x, 0) == transfer_result::nobody_fit));
  BOOST_TEST((refusal_of(x, 1) == transfer_result::leads_already));
}

BOOST_AUTO_TEST_CASE(the_best_is_chosen) {
  // First of all by priority, then by the log.
  auto x = make_leader({}, 5);
  x.start();
  x.persist_all();
  x.receive(make_accept(4, 1, 1, 2));
  BOOST_TEST(transfer(x, 0).target == peer_id{4});
  auto y = make_leader({}, 5);
  y.wake();
  answer_appends(y, {1, 0, {{3, 6}}});
  BOOST_TEST(transfer(y, 0).target == peer_id{3});
}

// -- leases -------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_lease_ends_before_anybody_is_told) {
  auto x = make_leader_with_lease();
  x.start(); // so that nobody is told yet
  transfer(x, 2);
  BOOST_TEST(x.take<timeout_now>().empty());
  BOOST_TEST(!x->has_lease());
  x.messages.clear();
  x.receive(read_index_request{header(3, 1), {1}, {7}, true});
  BOOST_TEST(x.take<read_index_reply>().empty());
}

BOOST_AUTO_TEST_CASE(who_hands_over_asks_for_no_promise_and_takes_none) {
  auto x = make_leader_with_lease();
  transfer(x, 2);
  x.wake();
  for (const auto& msg : x.take<append_request>()) {
    BOOST_TEST(msg.hands_over);
    auto reply = make_accept(msg.header.to.value, 1, 1, 1, msg.round.value);
    reply.promised_ms = 300;
    x.receive(reply);
  }
  BOOST_TEST(!x->has_lease());
}

BOOST_AUTO_TEST_CASE(who_leads_on_relies_on_later_rounds_only) {
  auto x = make_leader_with_lease();
  transfer(x, 2, 50ms);
  const auto told = x.take_one<timeout_now>().round;
  x.advance(50ms);
  BOOST_REQUIRE(!x->handing_over_to());
  // A promise in a round that may have been released comes late.
  auto reply = make_accept(2, 1, 1, 1, told.value);
  reply.promised_ms = 300;
  x.receive(reply);
  BOOST_TEST(!x->has_lease());
  x.messages.clear();
  x.wake();
  const auto next = x.take<append_request>(2).back();
  BOOST_TEST(next.round > told);
  BOOST_TEST(!next.hands_over);
  reply.round = next.round;
  x.receive(reply);
  BOOST_TEST(x->has_lease());
}

BOOST_AUTO_TEST_SUITE_END()
