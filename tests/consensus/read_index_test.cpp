// Reads without an entry (thesis, section 6.4).

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

/// A leader that has applied all it committed.
lone_peer make_reader(std::size_t members = 3) {
  auto x = make_leader({}, members);
  x.read_and_apply();
  return x;
}

/// The append request that went to a peer last.
append_request last_to(lone_peer& x, std::uint64_t to) {
  auto all = x.take<append_request>(to);
  BOOST_REQUIRE(!all.empty());
  return all.back();
}

/// A peer answers that request.
void answer(lone_peer& x, const append_request& msg, std::uint64_t match = 1) {
  x.receive(make_accept(msg.header.to.value, msg.header.from.value,
                        msg.term.value, match, msg.round.value));
}

read_index_reply make_index(const read_index_request& asked,
                            std::uint64_t index) {
  return {{group, asked.header.to, asked.header.from, {}},
          asked.term,
          asked.number,
          log_index{index}};
}

/// A follower of peer 2, in term 1, that has applied entry 1.
lone_peer make_follower() {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, {}, {1}, 1));
  x.persist_all();
  x.read_and_apply();
  BOOST_REQUIRE(x->applied() == log_index{1});
  x.messages.clear();
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(read_index)

// -- a leader -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_majority_confirms_that_the_leader_leads) {
  auto x = make_reader(5);
  auto read = x.read();
  auto asked = x.take<append_request>();
  BOOST_REQUIRE(asked.size() == 2u); // at once, and no more than are needed
  answer(x, asked[0]);
  BOOST_TEST(!x.granted(read));
  answer(x, asked[0]); // the same peer again
  BOOST_TEST(!x.granted(read));
  answer(x, asked[1]);
  BOOST_TEST(x.granted(read));
  BOOST_TEST(x.verdicts.size() == 1u);
}

BOOST_AUTO_TEST_CASE(those_who_answered_last_are_asked) {
  auto x = make_reader(5);
  x.wake();
  auto heartbeats = x.take<append_request>();
  BOOST_REQUIRE(heartbeats.size() == 4u);
  answer(x, heartbeats[1]);
  answer(x, heartbeats[3]);
  x.read();
  auto asked = x.take<append_request>();
  BOOST_REQUIRE(asked.size() == 2u);
  BOOST_TEST((asked[0].header.to == heartbeats[1].header.to));
  BOOST_TEST((asked[1].header.to == heartbeats[3].header.to));
}

BOOST_AUTO_TEST_CASE(if_they_do_not_answer_all_are_asked_soon) {
  auto x = make_reader();
  auto began = x.now;
  auto read = x.read();
  x.take<append_request>();
  x.wake();
  BOOST_TEST((x.now - began <= settings{}.heartbeat_interval / 10));
  auto asked = x.take<append_request>();
  BOOST_REQUIRE(asked.size() == 2u);
  answer(x, asked[1]);
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(who_is_not_connected_is_not_asked) {
  auto x = make_reader();
  x->link_down(peer_id{2});
  auto read = x.read();
  auto asked = x.take<append_request>();
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST((asked[0].header.to == peer_id{3}));
  answer(x, asked[0]);
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(answers_to_earlier_rounds_confirm_nothing) {
  auto x = make_reader();
  x.wake();
  auto heartbeat = last_to(x, 2);
  auto read = x.read();
  answer(x, heartbeat);
  BOOST_TEST(!x.granted(read));
}

BOOST_AUTO_TEST_CASE(a_later_round_confirms_where_one_was_lost) {
  auto x = make_reader();
  auto read = x.read();
  x.take<append_request>();
  x.wake();
  answer(x, last_to(x, 3));
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(who_comes_while_a_round_is_under_way_waits_for_the_next) {
  auto x = make_reader();
  auto first = x.read();
  auto round = last_to(x, 2);
  x.take<append_request>();
  auto second = x.read();
  auto third = x.read();
  BOOST_TEST(x.take<append_request>().empty());
  answer(x, round);
  BOOST_TEST(x.granted(first));
  BOOST_TEST(!x.granted(second));
  answer(x, last_to(x, 2));
  BOOST_TEST(x.granted(second));
  BOOST_TEST(x.granted(third));
}

BOOST_AUTO_TEST_CASE(a_new_leader_waits_for_an_entry_of_its_own) {
  lone_peer x{1, voters(3), {1}};
  x.elect();
  x.persist_all();
  auto read = x.read();
  answer(x, last_to(x, 2), 1); // does not have the leader's first entry
  x.wake();
  auto heartbeat = last_to(x, 2);
  answer(x, heartbeat, 1);
  x.read_and_apply();
  BOOST_TEST(!x.granted(read));
  answer(x, heartbeat, 2);
  BOOST_REQUIRE(x->commit() == log_index{2});
  answer(x, last_to(x, 2), 2);
  BOOST_TEST(!x.granted(read)); // not applied yet
  x.read_and_apply();
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(a_leader_waits_for_its_state_machine) {
  auto x = make_reader();
  x.start();
  x.persist_all();
  answer(x, last_to(x, 2), 2);
  BOOST_REQUIRE(x->commit() == log_index{2});
  x.take<append_request>();
  auto read = x.read();
  answer(x, last_to(x, 2), 2);
  BOOST_TEST(!x.granted(read));
  x.read_and_apply();
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(what_is_committed_later_need_not_be_applied) {
  auto x = make_reader();
  auto read = x.read();
  auto round = last_to(x, 2);
  x.start();
  x.persist_all();
  // Entries that are on their way in a round answer an earlier one.
  auto entries = last_to(x, 3);
  entries.round = {};
  answer(x, entries, 2);
  BOOST_REQUIRE(x->commit() == log_index{2});
  answer(x, round);
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(whoever_is_alone_asks_nobody) {
  auto x = make_reader(1);
  BOOST_TEST(x.granted(x.read()));
  BOOST_TEST(x.messages.empty());
}

BOOST_AUTO_TEST_CASE(who_leads_no_more_refuses) {
  auto x = make_reader();
  auto confirmed = x.read();
  answer(x, last_to(x, 2));
  BOOST_REQUIRE(x.granted(confirmed));
  auto read = x.read();
  auto round = last_to(x, 2);
  x.receive(make_vote(3, 1, 5, 5, false));
  BOOST_TEST(!x->leads());
  BOOST_TEST((x.verdict_on(read) == reject_reason::not_leader));
  answer(x, round);
  BOOST_TEST(x.verdicts.size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_confirmed_is_granted_also_by_who_leads_no_more) {
  auto x = make_reader();
  x.start();
  x.persist_all();
  answer(x, last_to(x, 2), 2);
  x.take<append_request>();
  auto read = x.read();
  answer(x, last_to(x, 2), 2);
  auto later = x.read();
  x.receive(make_vote(3, 1, 5, 5, false));
  BOOST_TEST(!x.verdict_on(read));
  BOOST_TEST((x.verdict_on(later) == reject_reason::not_leader));
  x.read_and_apply();
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(reads_have_a_bound) {
  settings config;
  config.reads_waiting_max = 2;
  auto x = make_leader(config);
  x.read_and_apply();
  x.read();
  auto round = last_to(x, 2);
  x.read();
  x.input([](core& c) {
    BOOST_TEST((c.begin_read().reason == reject_reason::busy));
  });
  answer(x, round);
  x.read();
}

BOOST_AUTO_TEST_CASE(a_disk_that_hangs_stops_no_read) {
  auto x = make_reader();
  x.start(); // a batch that is not completed
  x.take<append_request>();
  auto read = x.read();
  answer(x, last_to(x, 2));
  BOOST_TEST(x.granted(read));
}

// -- a follower ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_follower_asks_the_leader) {
  auto x = make_follower();
  auto read = x.read();
  auto asked = x.take_one<read_index_request>(2);
  x.receive(make_index(asked, 1));
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(a_follower_waits_for_its_state_machine) {
  auto x = make_follower();
  auto read = x.read();
  x.receive(make_index(x.take_one<read_index_request>(2), 2));
  BOOST_TEST(!x.granted(read));
  x.receive(make_append(2, 1, 1, at(1, 1), {1}, 2));
  x.persist_all();
  BOOST_TEST(!x.granted(read));
  x.read_and_apply();
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(a_follower_has_one_question_out) {
  auto x = make_follower();
  auto first = x.read();
  auto asked = x.take_one<read_index_request>();
  auto second = x.read();
  BOOST_TEST(x.take<read_index_request>().empty());
  x.receive(make_index(asked, 1));
  BOOST_TEST(x.granted(first));
  BOOST_TEST(!x.granted(second));
  x.receive(make_index(x.take_one<read_index_request>(), 1));
  BOOST_TEST(x.granted(second));
}

BOOST_AUTO_TEST_CASE(a_lost_question_is_asked_again) {
  auto x = make_follower();
  auto read = x.read();
  x.take_one<read_index_request>();
  BOOST_TEST((x->wake_at() == x.now + x->config().heartbeat_interval));
  x.wake();
  x.receive(make_index(x.take_one<read_index_request>(), 1));
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(a_question_waits_for_a_connection) {
  auto x = make_follower();
  disconnect(x, 2);
  auto read = x.read();
  BOOST_TEST(x.messages.empty());
  BOOST_TEST((x->wake_at() > x.now + x->config().heartbeat_interval));
  connect(x, 2);
  x.receive(make_index(x.take_one<read_index_request>(), 1));
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(a_new_leader_is_asked_anew) {
  auto x = make_follower();
  auto read = x.read();
  auto asked = x.take_one<read_index_request>(2);
  x.receive(make_append(3, 1, 2, at(1, 1)));
  auto again = x.take_one<read_index_request>(3);
  BOOST_TEST(again.term == term_number{2});
  x.receive(make_index(asked, 1)); // of the old one
  BOOST_TEST(!x.granted(read));
  x.receive(make_index(again, 1));
  BOOST_TEST(x.granted(read));
}

BOOST_AUTO_TEST_CASE(without_a_leader_reads_are_refused) {
  auto x = make_follower();
  auto read = x.read();
  while (x->role() == peer_role::follower)
    x.wake();
  BOOST_TEST((x.verdict_on(read) == reject_reason::not_leader));
  x.input([](core& c) {
    BOOST_TEST((c.begin_read().reason == reject_reason::not_leader));
  });
}

BOOST_AUTO_TEST_CASE(answers_that_nobody_asked_for_are_ignored) {
  auto x = make_follower();
  auto read = x.read();
  auto asked = x.take_one<read_index_request>(2);
  auto beyond = asked;
  beyond.number = asked.number.next();
  x.receive(make_index(beyond, 1));
  auto before = asked;
  before.number = asked.number.previous();
  x.receive(make_index(before, 1));
  auto other = asked;
  other.header.to = peer_id{3};
  x.receive(make_index(other, 1));
  BOOST_TEST(!x.granted(read));
}

BOOST_AUTO_TEST_CASE(no_two_processes_number_reads_alike) {
  auto x = make_follower();
  x.read();
  auto number = x.take_one<read_index_request>().number;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    read_queue other{seed};
    auto first = other.begin();
    auto distance
      = std::max(first, number).value - std::min(first, number).value;
    BOOST_TEST((seed == 1 || distance > 1'000'000'000u));
  }
}

// -- a leader that is asked ---------------------------------------------------

BOOST_AUTO_TEST_CASE(a_leader_answers_when_it_is_confirmed) {
  auto x = make_reader();
  x.receive(read_index_request{header(3, 1), term_number{1}, read_number{7}});
  auto round = x.take<append_request>();
  BOOST_REQUIRE(round.size() == 1u);
  BOOST_TEST(x.take<read_index_reply>().empty());
  answer(x, round[0]);
  auto reply = x.take_one<read_index_reply>(3);
  BOOST_TEST(reply.number == read_number{7});
  BOOST_TEST(reply.index == log_index{1});
}

BOOST_AUTO_TEST_CASE(a_leader_does_not_wait_for_its_own_state_machine) {
  auto x = make_leader(); // has applied nothing
  x.receive(read_index_request{header(3, 1), term_number{1}, read_number{7}});
  answer(x, last_to(x, 2));
  BOOST_TEST(x.take_one<read_index_reply>(3).index == log_index{1});
}

BOOST_AUTO_TEST_CASE(who_does_not_lead_does_not_answer) {
  auto x = make_follower();
  x.receive(read_index_request{header(3, 1), term_number{1}, read_number{7}});
  BOOST_TEST(x.messages.empty());
}

BOOST_AUTO_TEST_CASE(questions_of_another_term_are_not_answered) {
  auto x = make_reader();
  x.receive(read_index_request{header(3, 1), term_number{0}, read_number{7}});
  BOOST_TEST(x.noted(note_kind::refused_malformed));
  x.receive(read_index_request{header(3, 1), term_number{2}, read_number{7}});
  BOOST_TEST(!x->leads());
  BOOST_TEST(x.take<read_index_reply>().empty());
}

BOOST_AUTO_TEST_SUITE_END()
