// How entries reach the followers, whatever the network does, and how they are
// committed and applied.

#include "small_cluster.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(replication)

// -- clients ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_follower_names_the_leader_instead_of_appending) {
  lone_peer x{1};
  x.receive(make_append(2, 1, 4, at(0, 0)));
  const auto answer = x->start(entry_kind::command, {}, bytes{"x"}, 0);
  BOOST_TEST(!answer.leads);
  BOOST_TEST((answer.reason == reject_reason::not_leader));
  BOOST_TEST(!answer.index);
  BOOST_TEST(answer.term.value == 4u);
  BOOST_TEST(answer.leader.value == 2u);
}

BOOST_AUTO_TEST_CASE(a_command_that_is_too_large_is_refused) {
  settings config;
  config.command_bytes_max = 3;
  auto x = make_leader(config);
  const auto answer = x->start(entry_kind::command, {}, bytes{"1234"}, 0);
  BOOST_TEST((answer.reason == reject_reason::too_large));
  BOOST_TEST(answer.leads);
  BOOST_TEST(!answer.index);
  BOOST_TEST(x.start("123").value == 2u);
}

BOOST_AUTO_TEST_CASE(uncommitted_bytes_are_bounded_and_come_back) {
  settings config;
  config.uncommitted_bytes_max = 3 * cost_of_one;
  auto x = make_leader(config);
  for (int round = 0; round < 100; ++round) {
    while (x.start()) {
      // until it is busy
    }
    const auto refused = x->start(entry_kind::command, {}, bytes{"x"}, 0);
    BOOST_TEST((refused.reason == reject_reason::busy));
    const auto last = x->log().last().index.value;
    BOOST_TEST(last == 1 + 3 * static_cast<std::uint64_t>(round + 1));
    while (x->commit() < log_index{last}) {
      x.persist_all();
      x.receive(make_accept(2, 1, 1, known(x, 2).next.value - 1));
    }
  }
}

BOOST_AUTO_TEST_CASE(time_in_entries_never_goes_back) {
  lone_peer x{1, voters(1)};
  x.elect();
  for (const auto wall : {500, 400, 1400, 1300}) {
    x->start(entry_kind::command, {}, bytes{"x"},
             static_cast<std::uint64_t>(wall));
    x.advance(100ms);
  }
  std::vector<std::uint64_t> times;
  for (std::uint64_t i = 2; i <= 5; ++i)
    times.push_back(x->log().find(log_index{i})->time_ms);
  BOOST_TEST(times == (std::vector<std::uint64_t>{500, 587, 700, 812}));
}

BOOST_AUTO_TEST_CASE(time_in_entries_goes_on_from_the_log) {
  auto entries = make_entries({1});
  entries.back().time_ms = 900;
  auto state = make_state(voters(1), entries, {term_number{1}, {}});
  core x{identity{group, peer_id{1}, {}, 1}, settings{}, state, {}, {}, 0ms};
  const auto passed = x.wake_at();
  x.advance(passed);
  x.persisted(x.take_output().batch->number);
  BOOST_REQUIRE(x.leads());
  // Nobody has looked at a wall clock: an eighth of what passed does not count.
  const auto expected = (900ms + passed - passed / 8) / 1ms;
  BOOST_TEST(x.log().find(log_index{2})->time_ms
             == static_cast<std::uint64_t>(expected));
}

/// The shell holds the time back for mail that waits, for however long that is.
BOOST_AUTO_TEST_CASE(time_in_entries_is_not_held_back) {
  lone_peer x{1, voters(1)};
  x.elect();
  const auto now = x.now;
  auto append = [&x](std::uint64_t wall) {
    auto answer = x->start(entry_kind::command, {}, bytes{"x"}, wall);
    return x->log().find(answer.index)->time_ms;
  };
  BOOST_TEST(append(1'000'000) == 1'000'000u);
  x->tell_clock(now + 8s);
  BOOST_TEST(append(0) == 1'007'000u);
  x->tell_clock(now + 16s);
  BOOST_TEST(append(9'000'000) == 1'016'000u);
  // And it counts once.
  x->advance(now + 16s);
  BOOST_TEST(append(9'000'000) == 1'016'000u);
}

BOOST_AUTO_TEST_CASE(time_in_entries_goes_on_from_when_the_last_one_came) {
  lone_peer x{1};
  // It waited for long in the mailbox.
  x->tell_clock(1h);
  auto msg = make_append(2, 1, 1, at(0, 0), {1});
  msg.entries.back().time_ms = 1'000'000;
  x.receive(msg);
  x.persist_all();
  x.elect();
  BOOST_TEST(x->log().find(log_index{2})->time_ms == 1'000'000u);
}

BOOST_AUTO_TEST_CASE(a_role_change_is_complete_when_its_input_was_handled) {
  lone_peer x{1};
  x.elect();
  x->receive(make_append(2, 1, 2, at(0, 0)));
  // No output was taken in between.
  const auto answer = x->start(entry_kind::command, {}, bytes{"x"}, 0);
  BOOST_TEST((answer.reason == reject_reason::not_leader));
  BOOST_TEST(answer.leader.value == 2u);
}

// -- batches ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(entries_collect_while_a_batch_is_without_a_quorum) {
  auto x = make_leader();
  x.start(); // idle: it goes at once
  BOOST_TEST(x.take_one<append_request>(2).entries.size() == 1u);
  for (int i = 0; i < 10; ++i)
    x.start();
  BOOST_TEST(x.take<append_request>(2).empty());
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.entries.size() == 1u);
  x.persist();
  BOOST_TEST(!x.batch.has_value()); // the disk gets the same batches
  x.receive(make_accept(3, 1, 1, 2));
  BOOST_TEST(x.take_one<append_request>(2).entries.size() == 10u);
  BOOST_TEST(x.batch->batch.entries.size() == 10u);
}

BOOST_AUTO_TEST_CASE(several_batches_may_be_under_way) {
  settings config;
  config.batches_under_way_max = 3;
  auto x = make_leader(config);
  for (int i = 0; i < 5; ++i)
    x.start();
  const auto requests = x.take<append_request>(2);
  BOOST_REQUIRE_EQUAL(requests.size(), 3u);
  // Each names its own predecessor.
  for (std::uint64_t i = 0; i < 3; ++i) {
    BOOST_TEST(requests[i].previous == at(i + 1, 1));
    BOOST_TEST(requests[i].entries.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_large_batch_is_cut_into_requests) {
  settings config;
  config.frame_bytes_max = 2 * cost_of_one;
  config.wire_bytes_max = 100 * cost_of_one;
  config.requests_in_flight_max = 2;
  auto x = make_leader(config);
  x.input([](core& c) {
    for (int i = 0; i < 7; ++i)
      c.start(entry_kind::command, {}, bytes{"x"}, 0);
  });
  // Without the questions whether they arrived.
  const auto take_requests = [&x] {
    auto result = x.take<append_request>(2);
    std::erase_if(result, [](const auto& y) { return y.entries.empty(); });
    return result;
  };
  const auto requests = take_requests();
  BOOST_REQUIRE_EQUAL(requests.size(), 2u);
  BOOST_TEST(requests[0].previous == at(1, 1));
  BOOST_TEST(requests[1].previous == at(3, 1));
  x.receive(make_accept(2, 1, 1, 3));
  const auto third = take_requests();
  BOOST_REQUIRE_EQUAL(third.size(), 1u);
  BOOST_TEST(third[0].previous == at(5, 1));
  BOOST_TEST(third[0].entries.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_entry_larger_than_a_batch_goes_alone) {
  settings config;
  config.batch_bytes_max = 100;
  config.bytes_in_flight_max = 50;
  auto x = make_leader(config);
  x.start(std::string(1000, 'x').c_str());
  BOOST_TEST(x.take_one<append_request>(2).entries.size() == 1u);
}

BOOST_AUTO_TEST_CASE(bytes_in_flight_are_bounded) {
  settings config;
  config.batches_under_way_max = 100;
  config.bytes_in_flight_max = 3 * cost_of_one;
  auto x = make_leader(config);
  for (int i = 0; i < 10; ++i)
    x.start();
  BOOST_TEST(x.take<append_request>(2).size() == 3u);
  x.receive(make_accept(2, 1, 1, 2));
  BOOST_TEST(x.take<append_request>(2).size() == 1u);
}

// -- losses -------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_idle_leader_sends_one_request_an_interval) {
  small_cluster peers{3};
  peers.elect(1);
  peers.run(1s);
  std::map<std::uint64_t, int> requests;
  std::map<std::uint64_t, int> replies;
  peers.watch = [&](const message& msg) {
    if (const auto* x = std::get_if<append_request>(&msg))
      ++requests[x->header.to.value];
    if (const auto* x = std::get_if<append_reply>(&msg))
      ++replies[x->header.from.value];
  };
  peers.run(2s);
  BOOST_TEST(requests[2] == 20);
  BOOST_TEST(requests[3] == 20);
  BOOST_TEST(replies[2] == 20);
  BOOST_TEST(replies[3] == 20);
}

BOOST_AUTO_TEST_CASE(a_lost_request_is_found_by_the_next_heartbeat) {
  auto x = make_leader();
  lone_peer follower{2};
  follower.receive(make_append(1, 2, 1, at(0, 0), {1}));
  follower.persist_all();
  follower.take<append_reply>();
  x.start();
  x.take<append_request>(); // lost
  x.wake();
  follower.receive(x.take_one<append_request>(2));
  const auto refusal = follower.take_one<append_reply>();
  BOOST_TEST(!refusal.accepted);
  x.receive(refusal);
  const auto again = x.take_one<append_request>(2);
  BOOST_TEST(again.previous == at(1, 1));
  BOOST_TEST(again.entries.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_lost_answer_is_repeated_by_the_next_heartbeat) {
  auto x = make_leader();
  x.start();
  x.persist_all();
  x.take<append_request>();
  x.wake();
  const auto beat = x.take_one<append_request>(2);
  BOOST_TEST(beat.previous == at(2, 1));
  // The follower has the entry on its disk, and says so again.
  x.receive(make_accept(2, 1, 1, 2, beat.round.value));
  BOOST_TEST(x->commit().value == 2u);
}

BOOST_AUTO_TEST_CASE(a_lost_probe_is_found_by_the_next_heartbeat) {
  lone_peer x{1, voters(3), {1, 1}};
  x.elect();
  x.take<append_request>(); // lost
  x.wake();
  const auto beat = x.take_one<append_request>(2);
  BOOST_TEST(beat.previous == at(2, 1));
  BOOST_TEST(beat.entries.empty()); // entries are not repeated to the silent
  x.receive(make_accept(2, 1, 2, 2, beat.round.value));
  BOOST_TEST(x.take_one<append_request>(2).entries.size() == 1u);
}

BOOST_AUTO_TEST_CASE(everything_heals_whatever_single_message_is_lost) {
  for (int lost = 0; lost < 60; ++lost) {
    small_cluster peers{3};
    peers.elect(1);
    int count = 0;
    peers.cut = [&](auto, auto) { return count++ == lost; };
    for (int i = 0; i < 5; ++i) {
      peers.start(1, "x");
      peers.run(10ms);
    }
    peers.run(1s);
    for (auto& [id, p] : peers.peers)
      BOOST_REQUIRE_EQUAL(p->disk.size(), 6u);
    BOOST_TEST(peers[1]->leads());
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_without_a_link) {
  auto x = make_leader();
  disconnect(x, 2);
  x.start();
  x.wake();
  BOOST_TEST(x.take<append_request>(2).empty());
  BOOST_TEST(x.take<append_request>(3).size() == 2u);
  BOOST_TEST(!known(x, 2).connected);
}

BOOST_AUTO_TEST_CASE(a_new_link_gets_again_what_was_in_flight) {
  settings config;
  config.batches_under_way_max = 10;
  auto x = make_leader(config);
  for (int i = 0; i < 3; ++i)
    x.start();
  x.take<append_request>();
  disconnect(x, 2);
  connect(x, 2);
  const auto again = x.take_one<append_request>(2);
  BOOST_TEST(again.previous == at(1, 1));
  BOOST_TEST(again.entries.size() == 3u);
  x.start(); // one probe at a time
  BOOST_TEST(x.take<append_request>(2).empty());
}

BOOST_AUTO_TEST_CASE(a_new_link_without_the_end_of_the_old_one_counts_as_well) {
  auto x = make_leader();
  x.start();
  x.take<append_request>();
  connect(x, 2);
  BOOST_TEST(x.take_one<append_request>(2).entries.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
