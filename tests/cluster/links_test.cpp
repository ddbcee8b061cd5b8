// Links that are lost and come back, over loopback sockets.

#include <raft/kv/command.hpp>
#include <raft/scenarios/tcp_proxy.hpp>
#include <raft/tests/cluster/server.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

kv::command put() {
  return kv::put{"k", "v"};
}

/// Two servers with a network between them that can fail.
struct pair_fixture {
  pair_fixture() {
    auto config = cluster.config_of(0);
    config.members[1].where = between.where();
    cluster.start(0, config);
    cluster.start(1);
    cluster.wait_for_leader();
  }

  /// Waits until both have lost their link and found each other again.
  void see_it_come_back() {
    for (std::size_t i = 0; i < 2; ++i)
      BOOST_TEST(eventually(
        [&] { return cluster[i].log.count("is connected") >= links + 1; }));
    ++links;
    cluster.wait_for_leader();
    for (std::size_t i = 0; i < 2; ++i)
      BOOST_TEST((cluster[i].execute(put()).result == outcome::committed));
  }

  servers cluster{2};
  scenarios::tcp_proxy between{{cluster.members[1].where.port}};
  std::size_t links = 1;
};

} // namespace

BOOST_AUTO_TEST_SUITE(links_suite)

// Two of five lead nowhere, and the third restarts. Without that peer there is
// no majority. It hears a leader within a second if nothing waits for the black
// holes: to try them one after the other costs the deadline for TCP for each,
// which is a second in all, and as much again before the next try; to connect
// to them in the thread that does everything else, minutes. A busy machine may
// hold up one return or another, but hardly every second one.
BOOST_AUTO_TEST_CASE(black_holes_do_not_delay_the_return_of_a_peer) {
  constexpr auto usual_max = 1s;
  static_assert(2 * link_timing{}.tcp >= usual_max);
  black_hole hole;
  black_hole another;
  servers cluster{5};
  auto config_of = [&](std::size_t i) {
    auto config = cluster.config_of(i);
    config.members[0].where = hole.where();
    config.members[3].where = another.where();
    return config;
  };
  // Peers 1 and 4 are the ones out of reach, so that links with both roles
  // lead into the void.
  for (std::size_t i : {1, 2, 4})
    cluster.start(i, config_of(i));
  cluster.wait_for_leader();
  std::vector<clock_type::duration> took;
  for (std::size_t victim : {1, 2, 4, 1, 2}) {
    auto survivor = victim == 1 ? std::size_t{2} : std::size_t{1};
    auto before = cluster[survivor].log.count("is gone");
    cluster.stop(victim);
    BOOST_TEST(eventually(
      [&] { return cluster[survivor].log.count("is gone") > before; }));
    auto begin = clock_type::now();
    cluster.start(victim, config_of(victim));
    BOOST_TEST(eventually(
      [&] { return cluster[victim].log.count("is connected") == 2; }, 5s));
    BOOST_TEST(eventually(
      [&] { return cluster[victim].state().leader != peer_id{}; }, 20s));
    took.push_back(clock_type::now() - begin);
    BOOST_TEST_MESSAGE(
      "peer " << victim + 1 << " hears a leader after "
              << std::chrono::duration<double>(took.back()).count() << " s");
    cluster.wait_for_leader();
    BOOST_TEST((cluster[victim].execute(put()).result == outcome::committed));
  }
  std::sort(took.begin(), took.end());
  BOOST_TEST((took[took.size() / 2] < usual_max));
}

// The two ends lose and find each other in every order that threads can make.
BOOST_AUTO_TEST_CASE(both_ends_may_restart_at_once_a_hundred_times) {
  servers cluster{2};
  for (int round = 0; round < 100; ++round) {
    {
      std::jthread first{[&] { cluster.start(0); }};
      std::jthread second{[&] { cluster.start(1); }};
    }
    for (std::size_t i = 0; i < 2; ++i)
      BOOST_REQUIRE_MESSAGE(
        eventually([&] { return cluster[i].log.count("is connected") >= 1; }),
        "round " << round << ", server " << i + 1 << ":\n"
                 << cluster[i].log.text());
    std::jthread first{[&] { cluster.stop(0); }};
    std::jthread second{[&] { cluster.stop(1); }};
  }
  cluster.start_all();
  cluster.wait_for_leader();
  BOOST_TEST((cluster[0].execute(put()).result == outcome::committed));
}

// The lower id has a dead address for the other one.
BOOST_AUTO_TEST_CASE(one_direction_is_enough) {
  servers cluster{2};
  test_socket nobody;
  auto blind = cluster.config_of(0);
  blind.members[1].where = {"127.0.0.1", nobody.bind()};
  cluster.start(0, blind);
  cluster.start(1);
  BOOST_TEST(
    eventually([&] { return cluster[1].log.count("is connected") >= 1; }, 60s));
  BOOST_TEST(cluster[1].log.count("peer 1 has not connected to this peer")
             == 1);
  cluster.wait_for_leader();
  for (std::size_t i = 0; i < 2; ++i)
    BOOST_TEST((cluster[i].execute(put()).result == outcome::committed));
  // A link that is up stays.
  BOOST_TEST(cluster[0].log.count("is gone") == 0);
  BOOST_TEST(cluster[1].log.count("is gone") == 0);
}

// Both sides connect at every moment that threads can make. Where each of them
// closes the connection that the other one made, they try again; soon they
// agree, and what they agreed on stays.
BOOST_AUTO_TEST_CASE(both_sides_may_connect_at_once) {
  servers cluster{2};
  cluster.timing.fallback = 1ms;
  auto gone = [&] {
    return cluster[0].log.count("is gone") + cluster[1].log.count("is gone");
  };
  auto settled = [&] {
    auto before = gone();
    for (std::size_t i = 0; i < 2; ++i)
      if (cluster[i].execute(put()).result != outcome::committed)
        return false;
    return gone() == before;
  };
  for (std::size_t round = 0; round < 20; ++round) {
    {
      std::jthread first{[&] { cluster.start(0); }};
      std::jthread second{[&] { cluster.start(1); }};
    }
    cluster.wait_for_leader();
    BOOST_REQUIRE(eventually(settled, 60s));
    cluster.stop(round % 2);
    cluster.start(round % 2);
    cluster.wait_for_leader();
    BOOST_REQUIRE(eventually(settled, 60s));
    BOOST_TEST_MESSAGE("round " << round << ": " << gone() << " times gone");
    BOOST_TEST(gone() < 10);
    // By the thread that asked them: CAF's logger must not outlive its system.
    cluster.stop(0);
    cluster.stop(1);
  }
}

BOOST_FIXTURE_TEST_CASE(a_forgotten_connection_is_replaced, pair_fixture) {
  for (int i = 0; i < 2; ++i) {
    between.forget(false);
    see_it_come_back();
  }
}

// One end hears the other and is not heard.
BOOST_FIXTURE_TEST_CASE(a_half_open_connection_is_replaced, pair_fixture) {
  for (int i = 0; i < 2; ++i) {
    between.forget(true);
    see_it_come_back();
  }
}

// Contradictions end the link, not the process, and the link comes again: at
// first soon, then later. It does not matter which side connects.
BOOST_AUTO_TEST_CASE(
  who_sends_what_can_not_be_true_is_parted_from_for_a_while) {
  servers cluster{2};
  cluster.start_all();
  cluster.wait_for_leader();
  for (std::size_t i : {0, 1}) {
    auto& one = cluster[i];
    auto& other = cluster[1 - i];
    auto before = one.log.count("is connected");
    append_request forged;
    forged.header = {{1},
                     cluster.members[1 - i].id,
                     cluster.members[i].id,
                     other.state().incarnation};
    forged.term = {std::numeric_limits<std::uint64_t>::max()};
    actors::send_anonymously(one.node().peer(), forged);
    BOOST_TEST(eventually(
      [&] { return one.log.count("ends the connection to peer") == 1; }));
    BOOST_TEST(eventually([&] {
      return other.log.count("ends the connection: refuses a message of") == 1;
    }));
    BOOST_TEST(
      eventually([&] { return one.log.count("is connected") == before + 1; }));
    cluster.wait_for_leader();
    BOOST_TEST((one.execute(put()).result == outcome::committed));
  }
  BOOST_TEST(cluster[0].state().term.value < 1000u);
}

BOOST_AUTO_TEST_SUITE_END()
