// Reads without an entry, on real actors.

#include "cluster.hpp"
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace data = boost::unit_test::data;

namespace {

const auto reading_places = data::make(
  {environment{"memory", false, false}, environment{"brokers", false, true}});

const bytes all{"all"};

/// Commands that begin with "how many" only read.
class counting_journal : public journal {
public:
  bytes apply(const machine::apply_context& where,
              const bytes& command) override {
    if (!only_reads(command))
      return journal::apply(where, command);
    if (command.view().ends_with("poison"))
      throw std::runtime_error{"this read is poison"};
    return bytes{std::string{query(all).view()}};
  }

  bool only_reads(const bytes& command) const override {
    return command.view().starts_with("how many");
  }

  static std::unique_ptr<machine::state_machine> make(group_id) {
    return std::make_unique<counting_journal>();
  }
};

execute read_of(const char* command) {
  execute result{{1}, {}, bytes{command}};
  result.reads = true;
  return result;
}

/// Asks a leader that hears of no majority, and stops it.
void expect_no_answer(test::cluster& x, std::uint64_t leader) {
  auto waiting = actors::ask(x.self, x.peer(leader), deadline,
                             query{{1}, all, consistency::lease});
  x.stop(leader);
  waiting.receive(
    [](const queried& answer) {
      BOOST_TEST(answer.reason != reject_reason::none);
      BOOST_TEST(answer.reply.empty());
    },
    [](const caf::error& why) { BOOST_FAIL(caf::to_string(why)); });
}

} // namespace

BOOST_AUTO_TEST_SUITE(reads)

BOOST_DATA_TEST_CASE(every_peer_shows_what_was_committed, reading_places,
                     where) {
  test::cluster x{where};
  x.machine = counting_journal::make;
  x.spawn_calm(2);
  std::string expected;
  for (auto command : {"a", "b", "c"}) {
    x.commit(command);
    expected += std::string{command} + " ";
    for (auto id : x.running()) {
      auto question = x.ask<queried>(id.value, query{{1}, all});
      BOOST_TEST(question.reason == reject_reason::none);
      BOOST_TEST(question.reply.view() == expected);
      auto read = x.ask<executed>(id.value, read_of("how many"));
      BOOST_TEST(read.result == outcome::committed);
      BOOST_TEST(read.reply.view() == expected);
      BOOST_TEST((read.leader == peer_id{2}));
    }
  }
  // The leader's first entry, and the commands.
  BOOST_TEST((x.state(2).last == log_index{4}));
}

BOOST_DATA_TEST_CASE(what_does_more_than_read_gets_an_entry, reading_places,
                     where) {
  test::cluster x{where};
  x.machine = counting_journal::make;
  auto leader = x.spawn_calm();
  auto answer = x.ask<executed>(leader, read_of("a"));
  BOOST_TEST(answer.result == outcome::committed);
  BOOST_TEST(answer.reply.view() == "1");
  BOOST_TEST((x.state(leader).last == log_index{2}));
  auto refused = x.ask<executed>(2, read_of("b"));
  BOOST_TEST(refused.result == outcome::rejected);
  BOOST_TEST(refused.reason == reject_reason::not_leader);
  BOOST_TEST(x.all_hold("a "));
}

BOOST_DATA_TEST_CASE(who_has_no_majority_answers_nothing, reading_places,
                     where) {
  test::cluster x{where};
  x.machine = counting_journal::make;
  x.spawn_all();
  x.commit("a");
  auto leader = x.await_leader();
  x.isolate(leader);
  auto answer = x.ask<queried>(leader, query{{1}, all});
  BOOST_TEST(answer.reason == reject_reason::not_leader);
  BOOST_TEST(answer.reply.empty());
  auto read = x.ask<executed>(leader, read_of("how many"));
  BOOST_TEST(read.result == outcome::rejected);
  BOOST_TEST(read.reason == reject_reason::not_leader);
  // What it has, it shows to whoever wants no more.
  auto stale = x.ask<queried>(leader, query{{1}, all, consistency::stale});
  BOOST_TEST(stale.reply.view() == "a ");
}

BOOST_DATA_TEST_CASE(stale_answers_are_no_older_than_allowed, reading_places,
                     where) {
  test::cluster x{where};
  x.spawn_calm(1);
  x.commit("a");
  auto ask = [&](std::uint64_t age_ms) {
    return x.ask<queried>(2, query{{1}, all, consistency::stale, age_ms});
  };
  // Nothing is known of how old it is: it finds out.
  BOOST_TEST(ask(60'000'000).reply.view() == "a ");
  x.commit("b");
  BOOST_TEST(ask(0).reply.view() == "a b ");
  x.isolate(2);
  // It still knows that it is no older than this test.
  BOOST_TEST(ask(60'000'000).reply.view() == "a b ");
}

BOOST_DATA_TEST_CASE(reads_that_wait_have_a_bound, reading_places, where) {
  test::cluster x{where};
  x.bounds.waiting_reads_max = 1000;
  x.spawn_calm(1);
  x.isolate(2); // and still believes in its leader
  auto waiting = actors::ask(x.self, x.peer(2), deadline,
                             query{{1}, bytes{std::string(2000, 'x')}});
  auto refused = x.ask<queried>(2, query{{1}, all});
  BOOST_TEST(refused.reason == reject_reason::busy);
  x.stop(2);
  waiting.receive(
    [](const queried& answer) {
      BOOST_TEST(answer.reason == reject_reason::stopping);
    },
    [](const caf::error& why) { BOOST_FAIL(caf::to_string(why)); });
}

BOOST_DATA_TEST_CASE(a_leader_with_a_lease_asks_nobody, reading_places, where) {
  test::cluster x{where};
  x.machine = counting_journal::make;
  x.settings.lease_drift_ppm = 1000;
  x.settings.commands_read_by_lease = true;
  auto leader = x.spawn_calm(2);
  // A majority has heard the leader. Calm peers promise it to wait for longer
  // than the test takes.
  x.commit("a");
  // Whoever asks the leader gets an index by lease.
  auto far = x.ask<queried>(1, query{{1}, all, consistency::lease});
  BOOST_TEST(far.reply.view() == "a ");
  x.isolate(leader);
  auto near = x.ask<queried>(leader, query{{1}, all, consistency::lease});
  BOOST_TEST(near.reply.view() == "a ");
  auto read = x.ask<executed>(leader, read_of("how many"));
  BOOST_TEST(read.result == outcome::committed);
  BOOST_TEST(read.reply.view() == "a ");
}

BOOST_DATA_TEST_CASE(a_lease_ends_by_the_clock, reading_places, where) {
  test::cluster x{where};
  x.settings.lease_drift_ppm = 1000;
  auto leader = x.spawn_calm();
  x.commit("a");
  x.isolate(leader);
  auto by_lease = query{{1}, all, consistency::lease};
  BOOST_TEST(x.ask<queried>(leader, by_lease).reply.view() == "a ");
  x.set_ahead(leader);
  expect_no_answer(x, leader);
}

BOOST_DATA_TEST_CASE(without_promises_a_majority_is_asked, reading_places,
                     where) {
  test::cluster x{where};
  x.keep_calm();
  x.spawn(2);
  x.spawn(3); // without leases
  x.settings.lease_drift_ppm = 1000;
  x.spawn(1);
  x.connect();
  auto leader = x.elect(1);
  x.commit("a");
  auto asked = x.ask<queried>(leader, query{{1}, all, consistency::lease});
  BOOST_TEST(asked.reply.view() == "a ");
  x.isolate(leader);
  expect_no_answer(x, leader);
}

BOOST_DATA_TEST_CASE(a_read_that_throws_ends_its_peer, reading_places, where) {
  test::cluster x{where};
  x.machine = counting_journal::make;
  auto leader = x.spawn_calm();
  auto answer = x.ask<executed>(leader, read_of("how many poison"));
  BOOST_TEST(answer.result != outcome::committed);
  BOOST_TEST(x.eventually([&] { return !x.told.failures().empty(); }));
  BOOST_TEST(x.told.failures().front().find("this read is poison")
             != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
