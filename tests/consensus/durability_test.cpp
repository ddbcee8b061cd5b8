// Who may speak before the disk is done, and what a finished write proves.

#include "small_cluster.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(durability)

// -- batches ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(term_and_vote_are_written_in_one_step) {
  lone_peer x{1};
  x.receive(make_vote_request(2, 1, 7, at(0, 0)));
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.hard.term.value == 7u);
  BOOST_TEST(x.batch->batch.hard.vote.value == 2u);
}

BOOST_AUTO_TEST_CASE(term_and_entries_of_a_new_leader_are_written_in_one_step) {
  lone_peer x{1, voters(3), {1, 1}};
  x.receive(make_append(2, 1, 2, at(1, 1), {2}));
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.hard.term.value == 2u);
  BOOST_TEST(x.batch->batch.truncate_from.value == 2u);
  BOOST_TEST(x.batch->batch.entries.size() == 1u);
}

BOOST_AUTO_TEST_CASE(one_batch_is_in_flight_and_the_next_collects) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  BOOST_REQUIRE(x.batch);
  // A second batch would make the driver fail.
  x.receive(make_append(2, 1, 1, at(1, 1), {1}));
  x.receive(make_append(2, 1, 1, at(2, 1), {1}));
  x.persist();
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->number.value == 2u);
  BOOST_TEST(x.batch->batch.entries.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_batch_is_bounded_in_bytes) {
  settings config;
  config.batch_bytes_max = 2 * cost(make_entry(1, 1));
  lone_peer x{1, voters(3), {}, {}, config};
  x.receive(make_append(2, 1, 1, at(0, 0), {1, 1, 1, 1, 1}));
  for (const auto size : {2u, 2u, 1u}) {
    BOOST_REQUIRE(x.batch);
    BOOST_TEST(x.batch->batch.entries.size() == size);
    BOOST_TEST(x.take<append_reply>().empty());
    x.persist();
  }
  BOOST_TEST(x.take_one<append_reply>().match.value == 5u);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_twice) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  x.persist();
  x.receive(make_append(2, 1, 1, at(1, 1)));
  x.advance(100ms);
  BOOST_TEST(!x.batch.has_value());
}

// -- what a finished write proves ---------------------------------------------

BOOST_AUTO_TEST_CASE(truncation_takes_the_durable_index_back) {
  lone_peer x{1, voters(3), {1, 1, 1, 1}};
  BOOST_TEST(x->log().durable().value == 4u);
  x.receive(make_append(2, 1, 2, at(1, 1), {2}));
  BOOST_TEST(x->log().durable().value == 1u);
  x.persist();
  BOOST_TEST(x->log().durable().value == 2u);
}

BOOST_AUTO_TEST_CASE(a_late_completion_does_not_confirm_what_came_instead) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1, 1, 1}));
  // The next leader replaces 2 and 3 while their write is under way.
  x.receive(make_append(3, 1, 2, at(1, 1), {2, 2}));
  x.persist();
  BOOST_TEST(x->log().durable().value == 1u);
  BOOST_TEST(x.take<append_reply>().empty());
  x.persist();
  BOOST_TEST(x->log().durable().value == 3u);
  const auto reply = x.take_one<append_reply>();
  BOOST_TEST(reply.header.to.value == 3u);
  BOOST_TEST(reply.match.value == 3u);
  BOOST_CHECK(x.disk == make_entries({1, 2, 2}));
}

BOOST_AUTO_TEST_CASE(
  the_same_entries_written_again_are_confirmed_by_that_write) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1, 1}));
  x.receive(make_append(3, 1, 2, at(1, 1), {2}));
  x.receive(make_append(2, 1, 3, at(1, 1), {1})); // 2@1 is back
  x.persist();
  BOOST_TEST(x->log().durable().value == 1u);
  x.persist();
  BOOST_TEST(x->log().durable().value == 2u);
  BOOST_CHECK(x.disk == make_entries({1, 1}));
}

BOOST_AUTO_TEST_CASE(term_and_vote_of_a_completion_always_count) {
  lone_peer x{1};
  x.receive(make_vote_request(2, 1, 1, at(0, 0)));
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  x.receive(make_append(2, 1, 1, at(1, 1)));
  BOOST_TEST(x.messages.empty());
  x.persist();
  BOOST_TEST(x.take_one<vote_reply>().granted);
  BOOST_TEST(x.take_one<append_reply>().match.value == 0u);
}

BOOST_AUTO_TEST_CASE(a_completion_confirms_no_vote_that_came_after_its_batch) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  x.advance(300ms);
  x.receive(make_vote_request(3, 1, 2, at(1, 1)));
  BOOST_TEST(x->vote().value == 3u);
  x.persist(); // the batch before the vote
  BOOST_TEST(x.take<vote_reply>().empty());
  BOOST_TEST(!x.hard.vote);
  x.persist();
  BOOST_TEST(x.take_one<vote_reply>().granted);
  BOOST_TEST(x.hard.vote.value == 3u);
}

BOOST_AUTO_TEST_CASE(unknown_and_old_batch_numbers_are_ignored) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  const auto number = x.batch->number;
  x.input([&](core& c) { c.persisted(number.next()); });
  BOOST_TEST(x->log().durable().value == 0u);
  x.persist();
  x.receive(make_append(2, 1, 1, at(1, 1), {1}));
  x.input([&](core& c) { c.persisted(number); });
  BOOST_TEST(x->log().durable().value == 1u);
}

// -- answers ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(
  an_empty_append_is_answered_at_once_with_the_durable_match) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  x.persist();
  x.take<append_reply>();
  x.receive(make_append(2, 1, 1, at(1, 1), {1, 1}));
  x.receive(make_append(2, 1, 1, at(3, 1)));
  const auto reply = x.take_one<append_reply>();
  BOOST_TEST(reply.accepted);
  BOOST_TEST(reply.match.value == 1u);
}

BOOST_AUTO_TEST_CASE(entries_that_are_durable_already_are_confirmed_at_once) {
  lone_peer x{1, voters(3), {1, 1, 1}};
  x.receive(make_append(2, 1, 1, at(0, 0), {1, 1}));
  BOOST_TEST(x.take_one<append_reply>().match.value == 2u);
}

BOOST_AUTO_TEST_CASE(an_answer_waits_for_a_term_that_is_not_durable) {
  lone_peer x{1, voters(3), {1, 1}};
  x.receive(make_append(2, 1, 2, at(2, 1)));
  BOOST_TEST(x.take<append_reply>().empty());
  x.receive(make_append(2, 1, 2, at(9, 2)));
  BOOST_TEST(x.take<append_reply>().empty());
  x.persist();
  const auto replies = x.take<append_reply>();
  BOOST_REQUIRE_EQUAL(replies.size(), 2u);
  BOOST_TEST(replies[0].accepted != replies[1].accepted);
}

BOOST_AUTO_TEST_CASE(a_refused_vote_shows_no_term_that_is_not_durable) {
  lone_peer x{1, voters(3), {1, 1}};
  x.receive(make_vote_request(2, 1, 5, at(0, 0)));
  BOOST_TEST(x.take<vote_reply>().empty());
  x.persist();
  BOOST_TEST(!x.take_one<vote_reply>().granted);
}

BOOST_AUTO_TEST_CASE(a_held_answer_is_dropped_when_the_term_has_moved_on) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  x.receive(make_vote_request(3, 1, 2, at(1, 1))); // refused: a leader lives
  x.receive(make_append(3, 1, 3, at(1, 1)));
  BOOST_TEST(x.noted(note_kind::dropped_held_answer));
  x.persist_all();
  for (const auto& reply : x.take<append_reply>()) {
    BOOST_TEST(reply.term.value == 3u);
    BOOST_TEST(reply.header.to.value == 3u);
  }
}

BOOST_AUTO_TEST_CASE(a_held_answer_is_dropped_when_its_entries_are_truncated) {
  lone_peer x{1, voters(3), {1}};
  x.receive(make_append(2, 1, 2, at(1, 1), {2, 2}));
  // No leader contradicts itself, but nobody must believe it does not.
  x.receive(make_append(2, 1, 2, at(1, 1), {1}));
  BOOST_TEST(x.noted(note_kind::dropped_held_answer));
  x.persist_all();
  BOOST_TEST(x.take_one<append_reply>().match.value == 2u);
}

BOOST_AUTO_TEST_CASE(a_held_vote_is_dropped_when_the_term_has_moved_on) {
  lone_peer x{1};
  x.receive(make_vote_request(2, 1, 1, at(0, 0)));
  x.receive(make_vote_request(3, 1, 2, at(0, 0)));
  x.persist_all();
  const auto reply = x.take_one<vote_reply>();
  BOOST_TEST(reply.header.to.value == 3u);
  BOOST_TEST(reply.campaign.value == 2u);
}

BOOST_AUTO_TEST_CASE(
  one_write_is_answered_once_however_many_requests_it_holds) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  x.persist();
  x.take<append_reply>();
  for (std::uint64_t i = 1; i <= 5; ++i)
    x.receive(make_append(2, 1, 1, at(i, 1), {1}));
  x.persist();
  x.persist();
  BOOST_TEST(x.take<append_reply>().size() == 2u);
  BOOST_TEST(x->log().durable().value == 6u);
}

BOOST_AUTO_TEST_CASE(answers_do_not_pile_up_behind_a_hung_disk) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  for (int i = 0; i < 1000; ++i) {
    x.receive(make_append(2, 1, 1, at(0, 0), {1}));
    x.receive(make_append(2, 1, 1, at(1, 1)));
    x.receive(make_append(2, 1, 1, at(7, 1)));
    x.receive(make_vote_request(3, 1, 1, at(0, 0)));
  }
  x.persist();
  BOOST_TEST(x.messages.size() <= 4u);
}

// -- campaigns ----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_vote_request_waits_for_its_own_term_and_vote) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 1, at(0, 0), {1}));
  x.wake();
  x.answer_votes(); // pre-votes went out at once
  BOOST_REQUIRE(x->role() == peer_role::candidate);
  x.persist(); // the log, in the old term
  BOOST_TEST(x->log().durable() == log_index{1});
  BOOST_TEST(x.take<vote_request>().empty());
  x.persist();
  BOOST_TEST(x.hard.term.value == 2u);
  BOOST_TEST(x.hard.vote.value == 1u);
  BOOST_TEST(x.take<vote_request>().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_vote_request_waits_for_its_own_log) {
  settings config;
  config.batch_bytes_max = 1; // one entry a batch
  lone_peer x{1, voters(3), {}, {}, config};
  x.receive(make_append(2, 1, 1, at(0, 0), {1, 1, 1}));
  x.wake();
  x.answer_votes();
  BOOST_REQUIRE(x->role() == peer_role::candidate);
  x.persist(); // 1@1, in the old term
  x.persist(); // 2@1, term and vote
  BOOST_TEST(x.hard.vote.value == 1u);
  BOOST_TEST(x.take<vote_request>().empty());
  x.persist(); // 3@1
  const auto requests = x.take<vote_request>();
  BOOST_REQUIRE_EQUAL(requests.size(), 2u);
  BOOST_TEST(requests[0].last == at(3, 1));
}

BOOST_AUTO_TEST_CASE(votes_of_a_campaign_before_the_crash_do_not_count) {
  // It asked in term 1, crashed before that was durable, and is back.
  lone_peer x{1};
  x.wake();
  x.answer_votes();
  BOOST_REQUIRE(x->role() == peer_role::candidate);
  x.receive(make_vote(2, 1, 1, 1, true));
  x.receive(make_vote(3, 1, 1, 1, true));
  BOOST_TEST(x->role() == peer_role::candidate);
}

BOOST_AUTO_TEST_CASE(a_lone_voter_leads_only_when_its_vote_is_durable) {
  lone_peer x{1, voters(1)};
  x.wake();
  BOOST_TEST(x->role() == peer_role::candidate);
  x.persist();
  BOOST_TEST(x->leads());
  BOOST_TEST(x->commit().value == 0u);
  x.persist();
  BOOST_TEST(x->commit().value == 1u);
}

// -- leaders ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_leader_sends_while_its_disk_writes) {
  lone_peer x{1};
  x.elect();
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.take<append_request>().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_leader_counts_itself_only_up_to_its_disk) {
  lone_peer x{1};
  x.elect();
  x.receive(make_accept(2, 1, 1, 1));
  BOOST_TEST(x->commit().value == 0u);
  x.persist();
  BOOST_TEST(x->commit().value == 1u);
}

BOOST_AUTO_TEST_CASE(followers_can_commit_without_the_leader_s_disk) {
  lone_peer x{1};
  x.elect();
  x.receive(make_accept(2, 1, 1, 1));
  x.receive(make_accept(3, 1, 1, 1));
  BOOST_TEST(x->commit().value == 1u);
  BOOST_TEST(x->log().durable().value == 0u);
}

BOOST_AUTO_TEST_CASE(a_leader_with_a_hung_disk_is_busy_and_then_steps_down) {
  settings config;
  config.undurable_bytes_max = 1000;
  lone_peer x{1, voters(3), {}, {}, config};
  x.elect();
  std::uint64_t match = 1;
  const auto confirm = [&] {
    for (const auto id : {2, 3})
      x.receive(make_accept(id, 1, 1, match));
  };
  confirm();
  while (x.start()) {
    ++match;
    confirm();
  }
  BOOST_TEST(x->commit().value == match);
  const auto refused = x->start(entry_kind::command, {}, bytes{"x"}, 0);
  BOOST_TEST((refused.reason == reject_reason::busy));
  for (int i = 0; i < 20 && x->leads(); ++i) {
    x.wake();
    for (const auto& msg : x.take<append_request>())
      x.receive(make_accept(msg.header.to.value, 1, 1, match, msg.round.value));
  }
  BOOST_TEST(!x->leads());
  BOOST_TEST(x.noted(note_kind::stepped_down_slow_disk));
  // And it lets others lead until its disk is back.
  x.wake();
  x.wake();
  BOOST_TEST(x->role() == peer_role::follower);
  x.persist_all();
  x.wake();
  BOOST_TEST(x->role() == peer_role::pre_candidate);
}

BOOST_AUTO_TEST_CASE(a_follower_with_a_slow_disk_keeps_its_leader) {
  small_cluster peers{3};
  peers.elect(1);
  peers.run(200ms);
  peers.slow_disks = {2, 3};
  peers.start(1, "x");
  peers.run(3s);
  BOOST_TEST(peers.leader() == 1u);
  BOOST_TEST(peers[1]->term().value == 1u);
  BOOST_TEST(peers[1]->commit().value == 1u);
  peers.slow_disks = {};
  peers.run(200ms);
  BOOST_TEST(peers[1]->commit().value == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
