// Links that are lost and come back, over loopback sockets.

#include <raft/kv/command.hpp>
#include <raft/scenarios/tcp_proxy.hpp>
#include <raft/tests/cluster/server.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

using namespace raft;
using namespace raft::cluster;
using namespace raft::links;
using test::undisturbed;
using namespace std::chrono_literals;

namespace {

kv::command put() {
  return kv::put{"k", "v"};
}

/// How often two servers have lost their link.
std::size_t losses(servers& cluster) {
  return cluster[0].log.count<events::link_lost>()
       + cluster[1].log.count<events::link_lost>();
}

/// Whether two servers commit a number of commands over one connection.
bool serve_without_a_loss(servers& cluster) {
  auto before = losses(cluster);
  cluster.wait_for_leader();
  for (auto i = 0; i < 20; ++i)
    if (cluster[i % 2].execute(put()).result != outcome::committed)
      return false;
  return losses(cluster) == before;
}

/// Two servers with a network between them that can fail.
struct pair_fixture {
  pair_fixture() {
    // Nobody goes around it.
    cluster.timing.fallback = 10 * patience;
    auto config = cluster.config_of(0);
    config.members[1].where = between.where();
    cluster.start(0, config);
    cluster.start(1);
    cluster.wait_for_leader();
  }

  /// Waits until both have found each other again after a forgotten connection.
  void see_it_come_back(bool back_only) {
    auto links = [&](std::size_t i) {
      return cluster[i].log.count<events::link_connected>();
    };
    std::size_t before[] = {links(0), links(1)};
    between.forget(back_only);
    for (std::size_t i = 0; i < 2; ++i)
      BOOST_TEST(eventually([&] { return links(i) > before[i]; }));
    cluster.wait_for_leader();
    for (std::size_t i = 0; i < 2; ++i)
      BOOST_TEST((cluster[i].execute(put()).result == outcome::committed));
  }

  servers cluster{2};
  scenarios::tcp_proxy between{{cluster.members[1].where.port}};
};

} // namespace

BOOST_AUTO_TEST_SUITE(links_suite)

// Two of five lead nowhere, and the others need each other for a majority.
// Whoever tried the black holes one after the other, or in the thread that does
// everything else, would wait for them longer than the test waits for a leader.
BOOST_AUTO_TEST_CASE(black_holes_do_not_delay_the_return_of_a_peer) {
  servers cluster{5};
  cluster.timing.tcp = 10 * patience;
  // They go before the servers do, which then wait for them no more.
  black_hole hole;
  black_hole another;
  auto port_of = [&](std::size_t i) { return cluster.members[i].where.port; };
  scenarios::tcp_proxy between{{port_of(2), port_of(4), port_of(4)}};
  // Peers 1 and 4 are the ones out of reach, so that links with both roles
  // lead into the void.
  auto start = [&](std::size_t i) {
    auto config = cluster.config_of(i);
    config.members[0].where = hole.where();
    config.members[3].where = another.where();
    if (i == 1)
      config.members[2].where = between.where(0);
    if (i < 4)
      config.members[4].where = between.where(i);
    cluster.start(i, config);
  };
  auto links_of = [&](std::size_t i) {
    return cluster[i].log.count<events::link_connected>();
  };
  auto serve = [&] {
    cluster.wait_for_leader();
    for (std::size_t i : {1, 2, 4})
      BOOST_TEST((cluster[i].execute(put()).result == outcome::committed));
  };
  start(1);
  start(2);
  BOOST_TEST(eventually([&] { return links_of(1) > 0 && links_of(2) > 0; }));
  start(4);
  serve();
  for (auto round = 0; round < 3; ++round) {
    std::vector<std::size_t> before;
    for (std::size_t i : {1, 2, 4})
      before.push_back(links_of(i));
    between.close_connections();
    BOOST_TEST(eventually([&] {
      return links_of(1) >= before[0] + 2 && links_of(2) >= before[1] + 2
          && links_of(4) >= before[2] + 2;
    }));
    serve();
  }
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
        eventually(
          [&] { return cluster[i].log.count<events::link_connected>() >= 1; }),
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
  BOOST_TEST(eventually(
    [&] { return cluster[1].log.count<events::link_connected>() >= 1; }));
  BOOST_TEST(cluster[1].log.count("peer 1 has not connected to this peer")
             >= 1);
  // A link that is up stays.
  BOOST_TEST(undisturbed([&] { return serve_without_a_loss(cluster); }));
}

// Both sides connect at every moment that threads can make. Where each of them
// closes the connection that the other one made, they try again; soon they
// agree, and what they agreed on stays.
BOOST_AUTO_TEST_CASE(both_sides_may_connect_at_once) {
  servers cluster{2};
  cluster.timing.fallback = 1ms;
  auto settled = [&] { return serve_without_a_loss(cluster); };
  for (std::size_t round = 0; round < 20; ++round) {
    {
      std::jthread first{[&] { cluster.start(0); }};
      std::jthread second{[&] { cluster.start(1); }};
    }
    BOOST_REQUIRE(eventually(settled));
    cluster.stop(round % 2);
    cluster.start(round % 2);
    BOOST_REQUIRE(eventually(settled));
    BOOST_TEST_MESSAGE("round " << round << ": " << losses(cluster)
                                << " times gone");
    // By the thread that asked them: CAF's logger must not outlive its system.
    cluster.stop(0);
    cluster.stop(1);
  }
}

BOOST_FIXTURE_TEST_CASE(a_forgotten_connection_is_replaced, pair_fixture) {
  for (int i = 0; i < 2; ++i)
    see_it_come_back(false);
}

// One end hears the other and is not heard.
BOOST_FIXTURE_TEST_CASE(a_half_open_connection_is_replaced, pair_fixture) {
  for (int i = 0; i < 2; ++i)
    see_it_come_back(true);
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
    auto before = one.log.count<events::link_connected>();
    append_request forged;
    forged.header = {{1},
                     cluster.members[1 - i].id,
                     cluster.members[i].id,
                     other.state().incarnation};
    forged.term = {std::numeric_limits<std::uint64_t>::max()};
    // It is believed to come from there only if the link is up.
    BOOST_TEST(undisturbed([&] {
      actors::send_anonymously(one.node().peer(), forged);
      return eventually(
        [&] { return one.log.count<events::link_distrusted>() >= 1; },
        patience / 4);
    }));
    BOOST_TEST(eventually([&] {
      return other.log.count("ends the connection: refuses a message of") >= 1;
    }));
    BOOST_TEST(eventually(
      [&] { return one.log.count<events::link_connected>() > before; }));
    cluster.wait_for_leader();
    BOOST_TEST((one.execute(put()).result == outcome::committed));
  }
  BOOST_TEST(cluster[0].state().term.value < 1000u);
}

BOOST_AUTO_TEST_SUITE_END()
