// How peers end, and that nobody waits forever when they do.

#include "cluster.hpp"
#include <raft/actors/persister.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

struct end_fixture : cluster {
  end_fixture() : cluster{environment{"memory"}} {
    // nop
  }

  /// Cuts the leader off and gives it a command that it cannot commit.
  auto wait_at_isolated_leader() {
    for (;;) {
      leader = await_leader();
      // What it began its term with is committed before.
      BOOST_REQUIRE(eventually([&] {
        auto now = state(leader);
        return now.commit == now.last;
      }));
      isolate(leader);
      auto pending = actors::ask(self, peer(leader), deadline,
                                 raft::execute{{1}, {}, bytes{"a"}});
      // The command is in its log when the next message is answered, unless
      // another one was elected before.
      auto now = state(leader);
      if (now.role == peer_role::leader && now.last > now.commit)
        return pending;
      answer_of(std::move(pending));
      connect();
    }
  }

  template <class Pending>
  executed answer_of(Pending&& pending) {
    executed result;
    result.result = outcome::committed;
    std::forward<Pending>(pending).receive(
      [&](const executed& x) { result = x; },
      [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
    return result;
  }

  /// Asks something and expects no answer but an error.
  bool is_gone(const peer_actor& who) {
    auto result = false;
    actors::ask(self, who, deadline, get_state{{1}})
      .receive([](const peer_state&) {},
               [&](const caf::error&) { result = true; });
    return result;
  }

  std::uint64_t leader = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(ends, end_fixture)

BOOST_AUTO_TEST_CASE(who_waits_learns_of_lost_leadership) {
  spawn_all();
  auto answer = answer_of(wait_at_isolated_leader());
  BOOST_TEST((answer.result == outcome::unknown));
  BOOST_TEST(answer.index.value > 0u);
  BOOST_TEST((state(leader).role != peer_role::leader));
  // Then it answers at once again.
  BOOST_TEST((execute(leader, "b").reason == reject_reason::not_leader));
}

BOOST_AUTO_TEST_CASE(
  who_waits_learns_that_another_leaders_entry_took_its_place) {
  // Time enough for what follows before the leader steps down by itself.
  settings.election_timeout_min = std::chrono::milliseconds{1500};
  settings.election_timeout_max = std::chrono::milliseconds{2000};
  spawn_all();
  auto pending = wait_at_isolated_leader();
  // One message truncates it, and appends and commits another entry.
  auto before = state(leader);
  BOOST_TEST_REQUIRE(before.last.value == before.commit.value + 1);
  append_request news;
  news.header = {{1}, {leader % 3 + 1}, {leader}, {}};
  news.term = {before.term.value + 1};
  news.previous = {before.commit, before.term};
  news.commit = before.last;
  news.entries.resize(1);
  news.entries.front().index = before.last;
  news.entries.front().term = news.term;
  actors::send_anonymously(peer(leader), std::move(news));
  auto answer = answer_of(std::move(pending));
  BOOST_TEST((answer.result == outcome::unknown));
}

BOOST_AUTO_TEST_CASE(who_waits_learns_of_a_stop) {
  spawn_all();
  auto pending = wait_at_isolated_leader();
  auto gone = peer(leader);
  stop(leader);
  auto answer = answer_of(std::move(pending));
  BOOST_TEST((answer.result == outcome::unknown));
  BOOST_TEST(eventually([&] { return is_gone(gone); }));
}

BOOST_AUTO_TEST_CASE(who_waits_learns_of_a_kill) {
  spawn_all();
  auto pending = wait_at_isolated_leader();
  self->send_exit(peer(leader), caf::exit_reason::kill);
  auto answer = answer_of(std::move(pending));
  BOOST_TEST((answer.result == outcome::unknown));
}

BOOST_AUTO_TEST_CASE(stop_is_answered_however_often_it_is_sent) {
  // The store holds up the batch of the first election.
  auto slow = std::make_shared<difficult_store>(
    persistence::make_memory_store({"test", {1}, {101}}));
  members = {{1}};
  stores[{1}] = slow;
  found_group(*slow, {1}, members);
  slow->hold(true);
  spawn(1);
  BOOST_REQUIRE(slow->await_commits(2));
  auto first = actors::ask(self, peer(1), deadline, raft::stop{{1}});
  auto second = actors::ask(self, peer(1), deadline, raft::stop{{1}});
  // It refuses while it waits for the disk.
  auto refused = ask<started>(1, start{{1}, bytes{"a"}});
  BOOST_TEST((refused.reason == reject_reason::stopping));
  BOOST_TEST((execute(1, "a").reason == reject_reason::stopping));
  auto answers = 0;
  slow->hold(false);
  auto wrong = [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); };
  std::move(first).receive([&](const stopped&) { ++answers; }, wrong);
  std::move(second).receive([&](const stopped&) { ++answers; }, wrong);
  BOOST_TEST(answers == 2);
  // The batch was written, and the store is free.
  BOOST_TEST(slow->load({1}).hard.term.value == 1u);
  stores.clear();
  BOOST_TEST(slow.use_count() == 1);
  BOOST_TEST(eventually([&] { return is_gone(peer(1)); }));
}

BOOST_AUTO_TEST_CASE(a_store_that_fails_ends_the_peer) {
  auto broken = std::make_shared<difficult_store>(
    persistence::make_memory_store({"test", {1}, {101}}));
  stores[{1}] = broken;
  leader = spawn_calm(2);
  commit("a");
  broken->fail();
  auto pending = actors::ask(self, peer(leader), deadline,
                             raft::execute{{1}, {}, bytes{"b"}});
  auto result = answer_of(std::move(pending)).result;
  BOOST_TEST((result == outcome::committed || result == outcome::unknown));
  BOOST_TEST(eventually([&] { return is_gone(peer(1)); }));
  BOOST_REQUIRE(eventually([&] { return told.failures().size() >= 2; }));
  BOOST_TEST(told.failures().size() == 2u);
  for (const auto& reason : told.failures())
    BOOST_TEST(reason.find("the disk is on fire") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_log_that_can_not_be_read_ends_the_peer) {
  settings.log_bytes_in_memory = 0;
  auto broken = std::make_shared<difficult_store>(
    persistence::make_memory_store({"test", {1}, {101}}));
  stores[{1}] = broken;
  spawn_calm(2);
  commit("a");
  BOOST_TEST(all_hold("a "));
  broken->fail_reads();
  collector late{system, peer(1)};
  ask<subscribed>(1, subscribe{{1}, 1, {1}, 1000}, late.handle());
  BOOST_TEST(eventually([&] { return is_gone(peer(1)); }));
  BOOST_REQUIRE(eventually([&] { return !told.failures().empty(); }));
  BOOST_TEST(told.failures().size() == 1u);
  auto said = told.failures()[0];
  BOOST_TEST(
    (said.find("ends: ") != std::string::npos
     && said.find("of group 1 failed: the page is torn") != std::string::npos),
    said);
}

BOOST_AUTO_TEST_CASE(a_command_that_throws_ends_the_peer_and_is_named) {
  spawn_all();
  commit("a");
  executed answer;
  BOOST_TEST(undisturbed([&] {
    answer = execute(await_leader(), "poison");
    return answer.reason != reject_reason::not_leader;
  }));
  BOOST_TEST((answer.result == outcome::unknown));
  // The next leader commits it, too, and ends; it is not passed over. Then the
  // third one is alone.
  BOOST_TEST(eventually([&] {
    auto gone = is_gone(peer(1)) + is_gone(peer(2)) + is_gone(peer(3));
    return gone >= 2;
  }));
  BOOST_TEST(eventually([&] { return told.failures().size() >= 4; }));
  for (const auto& reason : told.failures())
    BOOST_TEST(reason.find("entry " + to_text(answer.index))
               != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_persister_that_ends_takes_its_peers_along) {
  auto store = persistence::make_memory_store({"test", {1}, {101}});
  found_group(*store, {1}, {{1}});
  auto shared = std::shared_ptr<persistence::store>{std::move(store)};
  auto persister = spawn_persister(system, {shared, told.sink()});
  peer_options options;
  options.store = shared;
  options.persister = persister;
  options.machine = journal::make;
  options.on_event = told.sink();
  auto alone = spawn_peer(system, options);
  ask_handle<peer_state>(alone, get_state{{1}});
  ask_handle<stopped>(persister, raft::stop{{1}});
  BOOST_TEST(eventually([&] { return is_gone(alone); }));
  BOOST_TEST(eventually([&] { return !told.failures().empty(); }));
  BOOST_TEST(told.failures().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_shared_persister_outlives_a_peer) {
  auto store = persistence::make_memory_store({"test", {1}, {101}});
  found_group(*store, {1}, {{1}});
  found_group(*store, {2}, {{1}});
  auto shared = std::shared_ptr<persistence::store>{std::move(store)};
  auto persister = spawn_persister(system, {shared, told.sink()});
  std::vector<peer_actor> groups;
  for (std::uint64_t group : {1, 2}) {
    peer_options options;
    options.group = {group};
    options.store = shared;
    options.persister = persister;
    options.machine = journal::make;
    options.on_event = told.sink();
    groups.push_back(spawn_peer(system, options));
  }
  ask_handle<stopped>(groups[0], raft::stop{{1}});
  BOOST_TEST(eventually([&] {
    return ask_handle<peer_state>(groups[1], get_state{{2}}).role
        == peer_role::leader;
  }));
  auto answer
    = ask_handle<executed>(groups[1], raft::execute{{2}, {}, bytes{"a"}});
  BOOST_TEST((answer.result == outcome::committed));
  ask_handle<stopped>(groups[1], raft::stop{{2}});
  ask_handle<stopped>(persister, raft::stop{{1}});
  BOOST_TEST(told.failures().empty());
}

BOOST_AUTO_TEST_CASE(an_empty_store_does_not_vote_unless_told_to_found) {
  // Peer 2 lost its store and comes back empty; peer 1 needs its vote.
  spawn(1);
  bootstrap = false;
  spawn(2);
  connect();
  BOOST_TEST(eventually([&] {
    return notes.count({1}, consensus::note_kind::became_pre_candidate) > 0;
  }));
  BOOST_TEST(state(1).term.value == 0u);
  BOOST_TEST(state(2).term.value == 0u);
  BOOST_TEST((state(2).role == peer_role::follower));
}

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_refused) {
  peer_options options;
  BOOST_CHECK_THROW(spawn_peer(system, options), std::invalid_argument);
  options.store = persistence::make_memory_store({"test", {1}, {101}});
  BOOST_CHECK_THROW(spawn_peer(system, options), std::invalid_argument);
  options.machine = journal::make;
  options.in_middleman = true; // which is not loaded
  BOOST_CHECK_THROW(spawn_peer(system, options), std::invalid_argument);
  options.in_middleman = false;
  options.settings.heartbeat_interval = std::chrono::hours{1};
  BOOST_CHECK_THROW(spawn_peer(system, options), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
