// Entries that are on the disk only, and entries on their way to the state
// machine.

#include "small_cluster.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(reads)

// -- entries that are on the disk only ----------------------------------------

BOOST_AUTO_TEST_CASE(entries_for_a_slow_follower_are_read_from_the_disk) {
  lone_peer x{1, voters(3), {1, 1, 1, 1}, {}, {}, 1};
  x.elect();
  x.persist_all();
  x.take<append_request>();
  x.receive(make_refusal(2, 1, 2, 4, at(1, 0)));
  // The place of agreement is found without a read.
  BOOST_TEST(x.take_one<append_request>(2).previous == at(0, 0));
  BOOST_TEST(x.reads.empty());
  x.receive(make_accept(2, 1, 2, 0));
  BOOST_REQUIRE_EQUAL(x.reads.size(), 1u);
  const auto read = x.reads.front();
  BOOST_TEST(read.reader.value == 2u);
  BOOST_TEST(read.first.value == 1u);
  BOOST_TEST(read.last.value == 3u);
  x.receive(make_accept(2, 1, 2, 0)); // one read at a time
  BOOST_TEST(x.reads.size() == 1u);
  x.input([&](core& c) {
    c.entries_read({group, peer_id{2}, read.first, make_entries({1, 1})});
  });
  const auto msg = x.take_one<append_request>(2);
  BOOST_TEST(msg.previous == at(0, 0));
  BOOST_TEST(msg.entries.size() == 2u);
  BOOST_REQUIRE_EQUAL(x.reads.size(), 2u); // streaming goes on
  BOOST_TEST(x.reads.back().first.value == 3u);
  BOOST_TEST(x.reads.back().last.value == 3u);
  x.input([&](core& c) {
    c.entries_read({group, peer_id{2}, log_index{3}, make_entries({1}, 3)});
  });
  // Then come the ones in memory.
  const auto requests = x.take<append_request>(2);
  BOOST_REQUIRE_EQUAL(requests.size(), 2u);
  BOOST_TEST(requests[1].previous == at(3, 1));
  BOOST_TEST(requests[1].entries.size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_was_read_and_is_wrong_by_now_is_not_sent) {
  lone_peer x{1, voters(3), {1, 1, 1, 1}, {}, {}, 0};
  x.elect();
  x.persist_all();
  x.take<append_request>();
  x.receive(make_refusal(2, 1, 2, 4, at(1, 0)));
  x.receive(make_accept(2, 1, 2, 0));
  x.take<append_request>();
  const auto answer = [&](std::uint64_t first, std::vector<entry> entries) {
    x.input([&](core& c) {
      c.entries_read({group, peer_id{2}, log_index{first}, std::move(entries)});
    });
  };
  answer(2, make_entries({1}, 2)); // not what was asked for
  answer(1, make_entries({7})); // not what the log holds
  BOOST_TEST(x.take<append_request>(2).empty());
  BOOST_TEST(x.reads.size() == 2u); // asked again
  answer(1, {});
  BOOST_TEST(x.reads.size() == 3u);
  disconnect(x, 2);
  answer(1, make_entries({1}));
  BOOST_TEST(x.take<append_request>(2).empty());
}

BOOST_AUTO_TEST_CASE(memory_is_bounded_and_a_slow_follower_catches_up) {
  settings config;
  config.log_bytes_in_memory = 5 * cost_of_one;
  config.batch_bytes_max = 4 * cost_of_one;
  small_cluster peers{3, config};
  peers.elect(1);
  peers.run(200ms);
  peers.cut = [](auto from, auto to) { return from == 3 || to == 3; };
  for (int i = 0; i < 100; ++i) {
    peers.start(1, "x");
    peers.settle();
  }
  BOOST_TEST(peers[1]->log().bytes_in_memory() <= config.log_bytes_in_memory);
  BOOST_TEST(peers[2]->log().bytes_in_memory() <= config.log_bytes_in_memory);
  peers.cut = [](auto, auto) { return false; };
  peers.run(1s);
  BOOST_TEST(peers[3].disk.size() == 101u);
  BOOST_TEST(peers[3].committed.size() == 101u);
}

// -- the state machine --------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_is_being_applied_is_bounded) {
  settings config;
  config.applying_bytes_max = 3 * cost_of_one;
  lone_peer x{1, voters(3), {}, {}, config};
  x.receive(make_append(2, 1, 1, at(0, 0), {1, 1, 1, 1, 1, 1, 1, 1}, 8));
  BOOST_TEST(x->commit().value == 8u);
  BOOST_TEST(x.committed.size() == 3u);
  x.input([](core& c) {
    c.applied(log_index{2}, log_index{});
  }); // a part counts not yet
  BOOST_TEST(x.committed.size() == 3u);
  x.input([](core& c) { c.applied(log_index{3}, log_index{}); });
  BOOST_TEST(x.committed.size() == 6u);
  BOOST_TEST(x->applied().value == 3u);
  x.input(
    [](core& c) { c.applied(log_index{7}, log_index{}); }); // never handed out
  x.input([](core& c) { c.applied(log_index{1}, log_index{}); }); // an old one
  BOOST_TEST(x->applied().value == 3u);
  x.input([](core& c) { c.applied(log_index{6}, log_index{}); });
  BOOST_TEST(x.committed.size() == 8u);
}

BOOST_AUTO_TEST_CASE(a_leader_whose_state_machine_does_not_keep_up_is_busy) {
  settings config;
  config.unapplied_bytes_max = 3 * cost_of_one;
  lone_peer x{1, voters(1), {}, {}, config};
  x.elect();
  x.persist_all();
  x.read_and_apply();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3; ++i) {
      BOOST_TEST(!!x.start());
      x.persist_all();
    }
    const auto refused = x->start(entry_kind::command, {}, bytes{"x"}, 0);
    BOOST_TEST((refused.reason == reject_reason::busy));
    BOOST_TEST(refused.leads);
    x.read_and_apply();
  }
  BOOST_TEST(x->applied().value == 10u);
}

BOOST_AUTO_TEST_CASE(
  after_a_restart_old_entries_are_read_for_the_state_machine) {
  settings config;
  config.batch_bytes_max = 2 * cost_of_one;
  lone_peer x{1, voters(3), {1, 1, 1, 1}, {}, config, 1};
  x.receive(make_append(2, 1, 1, at(4, 1), {}, 4));
  BOOST_TEST(x.committed.empty());
  for (const std::uint64_t first : {1, 3}) {
    BOOST_REQUIRE(!x.reads.empty());
    const auto read = x.reads.back();
    BOOST_TEST(read.reader.value == 1u);
    BOOST_TEST(read.first.value == first);
    BOOST_TEST(read.last.value == 3u);
    BOOST_TEST(read.bytes_max == 2 * cost_of_one);
    auto entries = make_entries({1, 1}, first);
    entries.resize(first == 1 ? 2 : 1);
    x.input([&](core& c) {
      c.entries_read({group, peer_id{1}, read.first, std::move(entries)});
    });
  }
  BOOST_TEST(x.reads.size() == 2u);
  BOOST_TEST(x.committed.size() == 4u);
  BOOST_CHECK(x.committed == x.disk);
}

BOOST_AUTO_TEST_CASE(a_whole_group_comes_back_from_its_disks) {
  small_cluster peers{3};
  for (std::uint64_t id = 1; id <= 3; ++id)
    peers.peers[id] = std::make_unique<lone_peer>(
      id, voters(3), std::vector<std::uint64_t>{1, 1, 2, 2},
      hard_state{term_number{2}, {}}, settings{}, 0);
  peers.run(2s);
  for (auto& [id, p] : peers.peers)
    BOOST_TEST(p->committed.size() == 5u);
}

BOOST_AUTO_TEST_SUITE_END()
