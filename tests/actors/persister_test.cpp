// The persister actor, on a store that waits and fails on demand.

#include "support.hpp"
#include <raft/actors/persister.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

struct persister_fixture : system_fixture {
  std::shared_ptr<difficult_store> store = std::make_shared<difficult_store>(
    persistence::make_memory_store({"test", {1}, {77}}));
  event_log told;
  persister_actor persister;

  void spawn(bool detached) {
    persister = spawn_persister(system, {store, told.sink(), detached});
  }

  ~persister_fixture() {
    store->hold(false);
    ask<stopped>(persister, stop{});
  }

  /// A batch with one entry.
  static persist batch_of(std::uint64_t group, std::uint64_t number,
                          std::uint64_t index = 1) {
    persist result{{group}, {number}, {}};
    result.batch.hard = {{1}, {1}};
    result.batch.entries = {command_at(index, "x")};
    return result;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(persister, persister_fixture)

BOOST_AUTO_TEST_CASE(an_answer_means_that_the_store_has_it) {
  spawn(false);
  auto answer = ask<persisted>(persister, batch_of(1, 9));
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST((*answer == persisted{{1}, {9}}));
  BOOST_TEST(store->load({1}).last.index.value == 1u);
  BOOST_TEST(told.failures().empty());
}

BOOST_AUTO_TEST_CASE(what_arrives_during_a_commit_goes_into_the_next_one) {
  spawn(true);
  store->hold(true);
  std::vector<std::uint64_t> answered;
  auto later = [&](std::uint64_t group) {
    return actors::ask(self, persister, deadline, batch_of(group, 1));
  };
  auto first = later(1);
  BOOST_REQUIRE(store->await_commits(1));
  auto second = later(2);
  auto third = later(3);
  auto fourth = later(4);
  store->hold(false);
  auto note = [&](const persisted& x) { answered.push_back(x.group.value); };
  auto wrong = [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); };
  std::move(first).receive(note, wrong);
  std::move(second).receive(note, wrong);
  std::move(third).receive(note, wrong);
  std::move(fourth).receive(note, wrong);
  BOOST_TEST(answered == (std::vector<std::uint64_t>{1, 2, 3, 4}));
  BOOST_TEST(store->sizes() == (std::vector<std::size_t>{1, 3}));
}

BOOST_AUTO_TEST_CASE(a_failed_commit_is_final) {
  spawn(false);
  store->fail();
  BOOST_TEST(!ask<persisted>(persister, batch_of(1, 1)));
  BOOST_TEST(error.find("the disk is on fire") != std::string::npos);
  BOOST_REQUIRE(told.failures().size() == 1u);
  BOOST_TEST(told.failures()[0].find("the disk is on fire")
             != std::string::npos);
  // It is not tried again, not even for another group.
  BOOST_TEST(!ask<persisted>(persister, batch_of(2, 1)));
  BOOST_TEST(store->sizes().size() == 1u);
  BOOST_TEST(told.failures().size() == 1u);
  BOOST_TEST(ask<stopped>(persister, stop{}).has_value());
}

BOOST_AUTO_TEST_CASE(what_was_collected_before_a_failure_is_not_written) {
  spawn(true);
  store->hold(true);
  store->fail(2);
  auto first = actors::ask(self, persister, deadline, batch_of(1, 1));
  BOOST_REQUIRE(store->await_commits(1));
  // Of one group, so each takes a commit of its own.
  auto second = actors::ask(self, persister, deadline, batch_of(2, 1));
  auto third = actors::ask(self, persister, deadline, batch_of(2, 2));
  store->hold(false);
  std::vector<bool> written;
  for (auto* x : {&first, &second, &third})
    std::move(*x).receive([&](const persisted&) { written.push_back(true); },
                          [&](const caf::error&) { written.push_back(false); });
  BOOST_TEST(written == (std::vector<bool>{true, false, false}));
  BOOST_TEST(store->sizes().size() == 2u);
  BOOST_TEST(told.failures().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_no_failure) {
  spawn(false);
  store->fill(true);
  auto answer = ask<persisted>(persister, batch_of(1, 1));
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST((*answer == persisted{{1}, {1}, true}));
  BOOST_TEST(store->load({1}).last.index.value == 0u);
  BOOST_TEST(told.failures().empty());
  store->fill(false);
  answer = ask<persisted>(persister, batch_of(1, 2));
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST((*answer == persisted{{1}, {2}, false}));
  BOOST_TEST(store->load({1}).last.index.value == 1u);
}

BOOST_AUTO_TEST_CASE(what_needs_no_room_is_written_from_the_reserve) {
  spawn(true);
  store->hold(true);
  auto first = actors::ask(self, persister, deadline, batch_of(1, 1));
  BOOST_REQUIRE(store->await_commits(1));
  auto command = actors::ask(self, persister, deadline, batch_of(2, 1));
  auto vote = batch_of(3, 1);
  vote.batch.entries.front().kind = entry_kind::empty;
  auto modest = actors::ask(self, persister, deadline, std::move(vote));
  store->fill(true);
  store->hold(false);
  auto wrong = [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); };
  auto expect = [](bool refused) {
    return [refused](const persisted& x) { BOOST_TEST(x.refused == refused); };
  };
  std::move(first).receive(expect(true), wrong);
  std::move(command).receive(expect(true), wrong);
  std::move(modest).receive(expect(false), wrong);
  BOOST_TEST(store->load({2}).last.index.value == 0u);
  BOOST_TEST(store->load({3}).last.index.value == 1u);
  // The one, the two together, and the modest one alone.
  BOOST_TEST(store->sizes() == (std::vector<std::size_t>{1, 2, 1}));
}

BOOST_AUTO_TEST_CASE(all_who_wait_learn_of_a_failure) {
  spawn(true);
  store->hold(true);
  auto first = actors::ask(self, persister, deadline, batch_of(1, 1));
  BOOST_REQUIRE(store->await_commits(1));
  auto second = actors::ask(self, persister, deadline, batch_of(2, 1));
  store->fail();
  store->hold(false);
  auto errors = 0;
  auto wrong = [](const persisted&) { BOOST_ERROR("it was not written"); };
  std::move(first).receive(wrong, [&](const caf::error&) { ++errors; });
  std::move(second).receive(wrong, [&](const caf::error&) { ++errors; });
  BOOST_TEST(errors == 2);
  BOOST_TEST(store->sizes().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_batch_that_contradicts_the_log_is_a_failure) {
  spawn(false);
  BOOST_TEST(!ask<persisted>(persister, batch_of(1, 1, 5)));
  BOOST_TEST(told.failures().size() == 1u);
}

BOOST_AUTO_TEST_CASE(stop_is_answered_after_the_last_commit) {
  spawn(true);
  store->hold(true);
  auto first = actors::ask(self, persister, deadline, batch_of(1, 1));
  BOOST_REQUIRE(store->await_commits(1));
  auto second = actors::ask(self, persister, deadline, batch_of(2, 1));
  auto end = actors::ask(self, persister, deadline, stop{});
  store->hold(false);
  auto wrong = [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); };
  std::move(end).receive([](const stopped&) {}, wrong);
  BOOST_TEST(store->load({2}).last.index.value == 1u);
  auto nop = [](const persisted&) {};
  std::move(first).receive(nop, wrong);
  std::move(second).receive(nop, wrong);
  // It holds the store no longer.
  BOOST_TEST(store.use_count() == 1);
  BOOST_TEST(!ask<persisted>(persister, batch_of(3, 1)));
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_killed_persister_gets_an_error) {
  spawn(true);
  store->hold(true);
  auto first = actors::ask(self, persister, deadline, batch_of(1, 1));
  BOOST_REQUIRE(store->await_commits(1));
  auto second = actors::ask(self, persister, deadline, batch_of(2, 1));
  self->send_exit(persister, caf::exit_reason::kill);
  store->hold(false);
  std::move(first).receive(
    [](const persisted&) {},
    [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
  auto errors = 0;
  std::move(second).receive(
    [](const persisted&) { BOOST_ERROR("not written"); },
    [&](const caf::error&) { ++errors; });
  BOOST_TEST(errors == 1);
}

BOOST_AUTO_TEST_SUITE_END()
