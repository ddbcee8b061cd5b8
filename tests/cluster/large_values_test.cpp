// Many clients send values of nearly 8 MiB at once: the leader stays, and the
// memory of all peers is bounded.

#include <raft/tests/cluster/bounds_fixture.hpp>

#include <algorithm>
#include <chrono>
#include <list>
#include <vector>

using namespace raft;
using namespace raft::cluster;
using test::undisturbed;

namespace {

struct large_values_fixture : bounds_fixture {
  /// Lets each client send a large value, and another one as soon as that is
  /// answered.
  /// @returns whether who leads now still leads in the end.
  bool nobody_is_deposed(std::list<client::blocking_client>& clients) {
    auto led = state_of(wait_for_leader());
    std::vector<std::future<executed>> answers;
    auto submit = [](client::blocking_client& from, std::size_t i) {
      return from.submit(put(i, 7'900'000), 2 * patience);
    };
    for (auto& x : clients)
      answers.push_back(submit(x, answers.size()));
    std::size_t most = 0;
    std::size_t committed = 0;
    auto look = [&] {
      for (auto& [i, x] : processes)
        most = std::max<std::size_t>(most, x->memory());
    };
    auto end = std::chrono::steady_clock::now() + 6s;
    while (std::chrono::steady_clock::now() < end) {
      std::size_t i = 0;
      for (auto& x : clients) {
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
    BOOST_TEST(committed >= clients.size());
    // What 12 clients may have on the way, the changes that are not
    // checkpointed and those that are being checkpointed, and the bounds of the
    // fixture, twice.
    BOOST_TEST(most < 700 * mib);
    for (std::size_t i = 0; i < 3; ++i) {
      auto now = state_of(i);
      if (now.term != led.term || now.leader != led.id)
        return false;
    }
    return true;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(large_values, large_values_fixture)

BOOST_AUTO_TEST_CASE(many_clients_with_large_values_depose_no_leader) {
  constexpr std::size_t clients = 12;
  start_all(
    {"--election-timeout-min", "1000", "--election-timeout-max", "2000"});
  BOOST_REQUIRE((user->execute(put(0), patience).result == outcome::committed));
  std::list<client::blocking_client> others;
  for (std::size_t i = 0; i < clients; ++i)
    others.emplace_back(where);
  BOOST_TEST(undisturbed([&] { return nobody_is_deposed(others); }));
}

BOOST_AUTO_TEST_SUITE_END()
