// Many clients send values of nearly 8 MiB at once: the leader stays, and the
// memory of all peers is bounded.

#include <raft/tests/cluster/bounds_fixture.hpp>

#include <algorithm>
#include <chrono>
#include <list>
#include <vector>

using namespace raft;
using namespace raft::cluster;

BOOST_FIXTURE_TEST_SUITE(large_values, bounds_fixture)

BOOST_AUTO_TEST_CASE(many_clients_with_large_values_depose_no_leader) {
  constexpr std::size_t clients = 12;
  constexpr std::size_t value = 7'900'000;
  start_all(
    {"--election-timeout-min", "1000", "--election-timeout-max", "2000"});
  BOOST_REQUIRE((user->execute(put(0), 20s).result == outcome::committed));
  auto leader = wait_for_leader();
  auto led = state(leader);
  std::list<client> others;
  std::vector<std::future<executed>> answers;
  // Each at once, and again as soon as it is answered.
  auto submit = [&](client& from, std::size_t i) {
    return from.submit(put(i, value), 60s);
  };
  for (std::size_t i = 0; i < clients; ++i)
    answers.push_back(submit(others.emplace_back(where), i));
  std::size_t most = 0;
  std::size_t committed = 0;
  auto look = [&] {
    for (auto& [i, x] : processes)
      most = std::max<std::size_t>(most, x->memory());
  };
  auto end = std::chrono::steady_clock::now() + 6s;
  while (std::chrono::steady_clock::now() < end) {
    std::size_t i = 0;
    for (auto& x : others) {
      auto& answer = answers[i];
      if (answer.wait_for(1ms) == std::future_status::ready) {
        committed += answer.get().result == outcome::committed;
        answer = submit(x, i);
      }
      ++i;
    }
    look();
  }
  for (auto& answer : answers) {
    committed += answer.get().result == outcome::committed;
    look();
  }
  BOOST_TEST_MESSAGE(committed << " values were committed; at most "
                               << most / mib << " MiB in a process");
  BOOST_TEST(committed >= clients);
  // What 12 clients may have on the way, the changes that are not checkpointed
  // and those that are being checkpointed, and the bounds of the fixture,
  // twice.
  BOOST_TEST(most < 700 * mib);
  for (std::size_t i = 0; i < 3; ++i) {
    auto now = state(i);
    BOOST_TEST(now.term.value == led.term.value);
    BOOST_TEST(now.leader.value == led.id.value);
  }
}

BOOST_AUTO_TEST_SUITE_END()
