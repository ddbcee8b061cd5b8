// Clusters of three peers in one process: what users of peers rely on.

#include "cluster.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace data = boost::unit_test::data;

namespace {

constexpr environment in_memory{"memory", false, false};
constexpr environment on_disk{"disk", true, false};
constexpr environment as_brokers{"brokers", false, true};

const auto environments = data::make({in_memory, on_disk, as_brokers});

/// Whoever is neither `a` nor `b`.
std::uint64_t other_than(std::uint64_t a, std::uint64_t b = 0) {
  for (std::uint64_t id = 1;; ++id)
    if (id != a && id != b)
      return id;
}

std::string numbers(int last) {
  std::string result;
  for (auto i = 1; i <= last; ++i)
    result += std::to_string(i) + " ";
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(clusters)

BOOST_DATA_TEST_CASE(commands_are_applied_by_all_and_answered, environments,
                     at) {
  cluster peers{at};
  auto leader = peers.spawn_calm();
  auto first = peers.execute(leader, "a");
  BOOST_TEST((first.result == outcome::committed));
  BOOST_TEST(first.reply.view() == "1");
  BOOST_TEST(first.leader.value == leader);
  auto second = peers.execute(leader, "b");
  BOOST_TEST(second.reply.view() == "2");
  BOOST_TEST((second.index == first.index.next()));
  BOOST_TEST((second.term == first.term));
  BOOST_TEST(peers.all_hold("a b "));
  BOOST_TEST(peers.told.failures().empty());
}

BOOST_DATA_TEST_CASE(the_leader_stops_and_another_takes_over, environments,
                     at) {
  cluster peers{at};
  peers.spawn_all();
  peers.commit("a");
  auto first = peers.await_leader();
  auto journal = peers.journal_of(first);
  peers.stop(first);
  auto second = peers.await_leader();
  BOOST_TEST(second != first);
  peers.commit("b");
  // A new peer on the old one's store catches up.
  peers.spawn(first);
  peers.connect();
  BOOST_TEST(peers.eventually([&] {
    auto now = peers.journal_of(first);
    return now.starts_with(journal) && now.ends_with("b ")
        && now == peers.journal_of(second);
  }));
  BOOST_TEST(
    (peers.state(first).incarnation != peers.state(second).incarnation));
}

BOOST_DATA_TEST_CASE(all_stop_and_come_back_with_everything, environments, at) {
  cluster peers{at};
  peers.spawn_calm();
  for (auto command : {"a", "b", "c"})
    peers.commit(command);
  // So that the second one can be elected.
  BOOST_TEST(peers.all_hold("a b c "));
  auto term = peers.state(1).term;
  peers.stop_all();
  auto leader = peers.spawn_calm(2);
  BOOST_TEST((peers.state(leader).term > term));
  BOOST_TEST(peers.execute(leader, "d").reply.view() == "4");
  BOOST_TEST(peers.all_hold("a b c d "));
}

BOOST_AUTO_TEST_CASE(start_answers_without_waiting_for_anybody) {
  cluster peers{in_memory};
  auto leader = peers.spawn_calm();
  auto follower = other_than(leader);
  auto term = peers.state(leader).term;
  auto answer = peers.ask<started>(follower, start{{1}, bytes{"x"}});
  BOOST_TEST(!answer.leads);
  BOOST_TEST(answer.index.value == 0u);
  BOOST_TEST((answer.reason == reject_reason::not_leader));
  BOOST_TEST(answer.leader.value == leader);
  BOOST_TEST((answer.term == term));

  // Nobody is left who could help to commit.
  auto last = peers.state(leader).last;
  peers.isolate(leader);
  answer = peers.ask<started>(leader, start{{1}, bytes{"x"}});
  BOOST_TEST(answer.leads);
  BOOST_TEST((answer.index == last.next()));
  BOOST_TEST((answer.term == term));
  BOOST_TEST((answer.reason == reject_reason::none));
}

BOOST_AUTO_TEST_CASE(a_follower_rejects_and_names_the_leader) {
  cluster peers{in_memory};
  auto leader = peers.spawn_calm();
  auto answer = peers.execute(other_than(leader), "a");
  BOOST_TEST((answer.result == outcome::rejected));
  BOOST_TEST((answer.reason == reject_reason::not_leader));
  BOOST_TEST(answer.leader.value == leader);
  BOOST_TEST(peers.execute(leader, "b").reply.view() == "1");
}

BOOST_AUTO_TEST_CASE(a_command_beyond_the_bound_is_rejected) {
  cluster peers{in_memory};
  peers.settings.command_bytes_max = 10;
  auto leader = peers.spawn_calm();
  auto answer = peers.execute(leader, "12345678901");
  BOOST_TEST((answer.result == outcome::rejected));
  BOOST_TEST((answer.reason == reject_reason::too_large));
  BOOST_TEST(
    (peers.execute(leader, "1234567890").result == outcome::committed));
}

BOOST_AUTO_TEST_CASE(a_retry_within_a_session_takes_effect_once) {
  cluster peers{in_memory};
  auto leader = peers.spawn_calm();
  auto opened = peers.ask<executed>(leader, open_session{{1}});
  BOOST_REQUIRE((opened.result == outcome::committed));
  command_tag tag{{opened.index.value}, 1, 1};
  auto once = peers.ask<executed>(leader, execute{{1}, tag, bytes{"a"}});
  auto again = peers.ask<executed>(leader, execute{{1}, tag, bytes{"a"}});
  BOOST_TEST(once.reply.view() == "1");
  BOOST_TEST((again.result == outcome::committed));
  BOOST_TEST(again.reply.view() == "1");
  BOOST_TEST(peers.all_hold("a "));

  // Nobody opened this one.
  tag.session = {99};
  auto answer = peers.ask<executed>(leader, execute{{1}, tag, bytes{"b"}});
  BOOST_TEST((answer.result == outcome::rejected));
  BOOST_TEST((answer.reason == reject_reason::session_expired));
  BOOST_TEST(peers.all_hold("a "));
}

BOOST_AUTO_TEST_CASE(many_clients_at_once_are_all_answered) {
  cluster peers{in_memory};
  auto leader = peers.spawn_calm();
  constexpr int count = 500;
  std::set<std::string> replies;
  auto send_one = [&](int i) {
    return ask(peers.self, peers.peer(leader), deadline,
               execute{{1}, {}, bytes{std::to_string(i)}});
  };
  std::vector<decltype(send_one(0))> pending;
  for (auto i = 1; i <= count; ++i)
    pending.push_back(send_one(i));
  for (auto& x : pending)
    std::move(x).receive(
      [&](const executed& answer) {
        BOOST_TEST((answer.result == outcome::committed));
        replies.insert(std::string{answer.reply.view()});
      },
      [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
  BOOST_TEST(replies.size() == static_cast<std::size_t>(count));
  BOOST_TEST(peers.all_hold(numbers(count)));
}

BOOST_AUTO_TEST_CASE(a_peer_of_another_group_says_so) {
  cluster peers{in_memory};
  peers.spawn_all();
  auto wrong = 0;
  ask(peers.self, peers.peer(1), deadline, get_state{{2}})
    .receive([](const peer_state&) { BOOST_ERROR("answered"); },
             [&](const caf::error&) { ++wrong; });
  ask(peers.self, peers.peer(1), deadline, execute{{2}, {}, bytes{"a"}})
    .receive([](const executed&) { BOOST_ERROR("answered"); },
             [&](const caf::error&) { ++wrong; });
  BOOST_TEST(wrong == 2);
}

BOOST_AUTO_TEST_SUITE_END()

// -- subscriptions ------------------------------------------------------------

BOOST_AUTO_TEST_SUITE(subscriptions)

BOOST_DATA_TEST_CASE(each_peer_delivers_all_entries_in_order, environments,
                     at) {
  cluster peers{at};
  peers.spawn_calm();
  std::vector<collector> early;
  for (auto id : peers.members) {
    early.emplace_back(peers.system, peers.peer(id.value));
    auto answer = peers.ask<subscribed>(
      id.value, subscribe{{1}, 7, {1}, 1 << 20}, early.back().handle());
    BOOST_TEST(answer.accepted);
    BOOST_TEST(answer.first_available.value == 1u);
  }
  for (auto i = 1; i <= 20; ++i)
    peers.commit(std::to_string(i));
  std::vector<collector> late;
  for (auto id : peers.members) {
    late.emplace_back(peers.system, peers.peer(id.value));
    // One byte: each delivery holds one entry.
    peers.ask<subscribed>(id.value, subscribe{{1}, 8, {1}, 1},
                          late.back().handle());
  }
  for (auto* all : {&early, &late}) {
    for (auto& x : *all) {
      BOOST_TEST(peers.eventually([&] { return x.commands() == numbers(20); }));
      auto entries = x.entries();
      for (std::size_t i = 0; i < entries.size(); ++i)
        BOOST_TEST(entries[i].index.value == i + 1);
    }
  }
  for (auto& x : late)
    BOOST_TEST(x.largest() < 100u);
}

BOOST_AUTO_TEST_CASE(old_entries_come_from_the_disk) {
  cluster peers{on_disk};
  peers.settings.log_bytes_in_memory = 1000;
  peers.spawn_calm();
  for (auto i = 1; i <= 100; ++i)
    peers.commit(std::to_string(i));
  BOOST_TEST(peers.all_hold(numbers(100)));
  for (auto id : peers.members) {
    collector some{peers.system, peers.peer(id.value)};
    peers.ask<subscribed>(id.value, subscribe{{1}, 1, {1}, 500}, some.handle());
    BOOST_TEST(
      peers.eventually([&] { return some.commands() == numbers(100); }));
  }
}

BOOST_AUTO_TEST_CASE(nothing_goes_out_beyond_the_credit) {
  cluster peers{in_memory};
  peers.spawn_calm();
  for (auto i = 1; i <= 10; ++i)
    peers.commit(std::to_string(i));
  collector some{peers.system, peers.peer(1), false};
  collector all{peers.system, peers.peer(1)};
  BOOST_TEST(peers.all_hold(numbers(10)));
  // Enough for two of the entries, whose cost is 64 and a little.
  peers.ask<subscribed>(1, subscribe{{1}, 1, {2}, 130}, some.handle());
  peers.ask<subscribed>(1, subscribe{{1}, 1, {1}, 1 << 20}, all.handle());
  BOOST_TEST(peers.eventually([&] { return all.commands() == numbers(10); }));
  BOOST_TEST(some.commands() == numbers(2));
}

BOOST_AUTO_TEST_CASE(a_peer_forgets_subscribers_that_end) {
  cluster peers{in_memory};
  auto leader = peers.spawn_calm();
  collector one{peers.system, peers.peer(leader)};
  collector two{peers.system, peers.peer(leader)};
  peers.ask<subscribed>(leader, subscribe{{1}, 1, {1}, 1 << 20}, one.handle());
  peers.ask<subscribed>(leader, subscribe{{1}, 1, {1}, 1 << 20}, two.handle());
  peers.self->send_exit(one.handle(), caf::exit_reason::user_shutdown);
  peers.commit("1");
  BOOST_TEST(peers.eventually([&] { return two.commands() == numbers(1); }));
}

BOOST_AUTO_TEST_CASE(a_subscription_that_is_made_anew_starts_anew) {
  cluster peers{in_memory};
  auto leader = peers.spawn_calm();
  peers.commit("1");
  peers.commit("2");
  collector one{peers.system, peers.peer(leader)};
  peers.ask<subscribed>(leader, subscribe{{1}, 1, {1}, 1 << 20}, one.handle());
  BOOST_TEST(peers.eventually([&] { return one.commands() == "1 2 "; }));
  auto last = peers.state(leader).last;
  peers.ask<subscribed>(leader, subscribe{{1}, 1, last, 1 << 20}, one.handle());
  BOOST_TEST(peers.eventually([&] { return one.commands() == "1 2 2 "; }));
  peers.commit("3");
  BOOST_TEST(peers.eventually([&] { return one.commands() == "1 2 2 3 "; }));
}

BOOST_AUTO_TEST_CASE(index_zero_is_below_the_first_entry) {
  cluster peers{in_memory};
  peers.spawn_all();
  collector one{peers.system, peers.peer(1)};
  auto answer
    = peers.ask<subscribed>(1, subscribe{{1}, 1, {0}, 100}, one.handle());
  BOOST_TEST(!answer.accepted);
  BOOST_TEST(answer.first_available.value == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
