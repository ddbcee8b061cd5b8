// The applier actor.

#include "support.hpp"
#include <raft/actors/applier.hpp>
#include <raft/actors/spawn.hpp>
#include <raft/kv/command.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/machine/executor.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

std::shared_ptr<machine::executor>
executor_of(std::unique_ptr<machine::state_machine> x) {
  return std::make_shared<machine::executor>(std::move(x));
}

struct applier_fixture : system_fixture {
  event_log told;
  applier_actor applier = spawn_applier(
    system, {{1}, executor_of(journal::make({1})), told.sink()});

  ~applier_fixture() {
    ask<stopped>(applier, stop{{1}});
  }

  std::string text() {
    auto answer = ask<queried>(applier, query{{1}, bytes{"all"}});
    return answer ? std::string{answer->reply.view()} : "error";
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(applier, applier_fixture)

BOOST_AUTO_TEST_CASE(results_come_in_order_of_the_log) {
  entry empty;
  empty.term = {1};
  empty.index = {1};
  auto done = ask<applied>(
    applier, apply{{1}, {empty, command_at(2, "a"), command_at(3, "b")}, true});
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST(done->index.value == 3u);
  // Nobody can wait for an empty entry.
  BOOST_REQUIRE(done->results.size() == 2u);
  BOOST_TEST(
    (done->results[0] == apply_result{{2}, apply_status::done, bytes{"1"}}));
  BOOST_TEST(
    (done->results[1] == apply_result{{3}, apply_status::done, bytes{"2"}}));
  BOOST_TEST(text() == "a b ");
}

BOOST_AUTO_TEST_CASE(results_that_nobody_wants_are_not_sent) {
  auto done = ask<applied>(applier, apply{{1}, {command_at(1, "a")}, false});
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST(done->index.value == 1u);
  BOOST_TEST(done->results.empty());
  BOOST_TEST(text() == "a ");
}

BOOST_AUTO_TEST_CASE(replies_to_reads_have_a_bound_for_all_of_them) {
  apply what{{1}, {}, true, {}, 250};
  kv::put value{"k", std::string(100, 'x')};
  kv::get read{{"k"}};
  auto reader = spawn_applier(
    system, {{1}, executor_of(kv::kv_machine_factory()({})), told.sink()});
  auto add = [&](const kv::command& x) {
    auto next = command_at(what.entries.size() + 1, "");
    next.data = kv::encode(x);
    what.entries.push_back(next);
  };
  add(value);
  for (auto i = 0; i < 4; ++i)
    add(read);
  add(value);
  auto done = ask<applied>(reader, what);
  BOOST_REQUIRE(done.has_value());
  BOOST_REQUIRE(done->results.size() == 6u);
  std::string became;
  for (auto& x : done->results)
    became += x.status == apply_status::done ? '+' : '-';
  BOOST_TEST(became == "+++--+");
  ask<stopped>(reader, stop{{1}});
}

BOOST_AUTO_TEST_CASE(a_query_says_how_far_it_saw) {
  ask<applied>(applier, apply{{1}, {command_at(1, "a")}, false});
  auto answer = ask<queried>(applier, query{{1}, {}});
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST(answer->applied.value == 1u);
}

BOOST_AUTO_TEST_CASE(a_throwing_query_hurts_only_who_asked) {
  BOOST_TEST(!ask<queried>(applier, query{{1}, bytes{"nonsense"}}));
  BOOST_TEST(error.find("this makes no sense") != std::string::npos);
  BOOST_TEST(told.failures().empty());
  BOOST_TEST(text() == "");
}

BOOST_AUTO_TEST_CASE(a_command_that_throws_is_final) {
  BOOST_TEST(!ask<applied>(
    applier,
    apply{{1},
          {command_at(1, "a"), command_at(2, "poison"), command_at(3, "b")},
          true}));
  BOOST_TEST(error.find("entry 2") != std::string::npos);
  BOOST_REQUIRE(told.failures().size() == 1u);
  BOOST_TEST(told.failures()[0].find("entry 2") != std::string::npos);
  BOOST_TEST(told.failures()[0].find("this command is poison")
             != std::string::npos);
  // Neither skipped nor tried again.
  BOOST_TEST(!ask<applied>(applier, apply{{1}, {command_at(3, "b")}, true}));
  BOOST_TEST(
    !ask<applied>(applier, apply{{1}, {command_at(2, "poison")}, true}));
  BOOST_TEST(text() == "error");
  BOOST_TEST(told.failures().size() == 1u);
  BOOST_TEST(ask<stopped>(applier, stop{{1}}).has_value());
}

BOOST_AUTO_TEST_CASE(a_gap_is_a_failure) {
  BOOST_TEST(!ask<applied>(applier, apply{{1}, {command_at(2, "b")}, true}));
  BOOST_TEST(told.failures().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_factory_that_throws_lets_no_peer_begin) {
  peer_options options;
  options.store = persistence::make_memory_store({"test", {1}, {1}});
  options.machine = [](group_id) -> std::unique_ptr<machine::state_machine> {
    throw std::runtime_error{"no machine today"};
  };
  BOOST_CHECK_THROW(spawn_peer(system, options), std::runtime_error);
  options.machine = [](group_id) { return nullptr; };
  BOOST_CHECK_THROW(spawn_peer(system, options), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
