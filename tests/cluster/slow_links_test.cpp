// Large commands over slow connections: the leader stays in office.

#include <raft/kv/command.hpp>
#include <raft/scenarios/tcp_proxy.hpp>
#include <raft/tests/cluster/server.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <future>
#include <list>

using namespace raft;
using namespace raft::cluster;
using test::undisturbed;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t megabits = 1'000'000 / 8;
constexpr std::size_t mib = 1 << 20;

/// Three servers, and a slow piece of network between any two.
struct slow_cluster {
  explicit slow_cluster(std::uint64_t bytes_per_second) {
    for (std::size_t i = 0; i < 3; ++i) {
      auto config = all.config_of(i);
      // The one with the lower number connects, for both.
      for (std::size_t j = i + 1; j < 3; ++j) {
        relays.emplace_back(std::vector{all.members[j].where.port},
                            bytes_per_second);
        config.members[j].where = relays.back().where();
      }
      // Long enough for a machine that does much else.
      config.raft.election_timeout_min = 1000ms;
      config.raft.election_timeout_max = 2000ms;
      all.start(i, config);
    }
  }

  executed put(std::size_t through, std::size_t size) {
    return all[through].execute(
      kv::put{"k" + std::to_string(through), std::string(size, 'x')});
  }

  /// Whether the leader stays in office beside some load.
  template <class Load>
  bool leads_beside(Load load) {
    leader = all.wait_for_leader();
    auto term = all[leader].state().term;
    load();
    auto now = all[leader].state();
    return now.role == peer_role::leader && now.term == term;
  }

  std::list<scenarios::tcp_proxy> relays;
  servers all{3};
  std::size_t leader = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(slow_links)

// 16 Mbit/s against timeouts of one to two seconds is as 64 Mbit/s against the
// usual ones: the command takes four seconds.
BOOST_AUTO_TEST_CASE(a_large_command_at_the_leader) {
  slow_cluster x{16 * megabits};
  auto load = [&] {
    auto result = x.put(x.leader, 8 * mib - 1000);
    BOOST_CHECK(result.result == outcome::committed);
  };
  BOOST_TEST(undisturbed([&] { return x.leads_beside(load); }));
}

BOOST_AUTO_TEST_CASE(many_commands_that_are_not_small) {
  slow_cluster x{16 * megabits};
  auto load = [&] {
    std::vector<std::future<executed>> answers;
    for (int i = 0; i < 8; ++i)
      answers.push_back(
        std::async(std::launch::async, [&] { return x.put(x.leader, mib); }));
    for (auto& answer : answers)
      BOOST_CHECK(answer.get().result == outcome::committed);
  };
  BOOST_TEST(undisturbed([&] { return x.leads_beside(load); }));
}

// A reply of 8 MB over the connection over which heartbeats come, too.
BOOST_AUTO_TEST_CASE(a_large_reply_through_a_follower) {
  constexpr auto size = 8 * mib - 1000;
  slow_cluster x{16 * megabits};
  x.leader = x.all.wait_for_leader();
  kv::command get = kv::get{{"k" + std::to_string(x.leader)}};
  BOOST_REQUIRE(x.put(x.leader, size).result == outcome::committed);
  auto follows = true;
  auto load = [&] {
    auto& follower = x.all[(x.leader + 1) % 3];
    auto answer
      = std::async(std::launch::async, [&] { return follower.execute(get); });
    follows = true;
    do {
      auto now = follower.state();
      follows = follows && now.role == peer_role::follower
             && now.leader.value == x.leader + 1;
    } while (answer.wait_for(50ms) != std::future_status::ready);
    auto result = answer.get();
    BOOST_CHECK(result.result == outcome::committed);
    auto found = kv::decode_reply(result.reply);
    BOOST_REQUIRE(found && found->values.size() == 1u && found->values[0]);
    BOOST_TEST(found->values[0]->size() == size);
  };
  BOOST_TEST(undisturbed([&] { return x.leads_beside(load) && follows; }));
}

BOOST_AUTO_TEST_SUITE_END()
