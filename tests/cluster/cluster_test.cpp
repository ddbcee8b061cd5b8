// Whole clusters over loopback sockets.

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/scenarios/tcp_proxy.hpp>
#include <raft/tests/cluster/server.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

kv::command put(const std::string& key, const std::string& value) {
  return kv::put{key, value};
}

/// Reads a key through the cluster.
std::string get(server& x, const std::string& key) {
  auto result = x.execute(kv::get{{key}});
  BOOST_REQUIRE(result.result == outcome::committed);
  auto reply = kv::decode_reply(result.reply);
  BOOST_REQUIRE(reply.has_value());
  BOOST_REQUIRE(reply->values.size() == 1u);
  return reply->values[0].value_or("(none)");
}

/// Whether one server has said that it is connected with another one.
bool meets(servers& cluster, std::size_t one, std::size_t other) {
  return cluster[one].log.count("peer " + std::to_string(other + 1) + " at "
                                + to_text(cluster.members[other].where)
                                + " is connected")
       > 0;
}

} // namespace

BOOST_AUTO_TEST_SUITE(cluster_suite)

BOOST_AUTO_TEST_CASE(three_servers_serve_from_everywhere) {
  servers cluster{3};
  cluster.start_all();
  cluster.wait_for_leader();
  log_index last;
  for (std::size_t i = 0; i < 3; ++i) {
    auto result = cluster[i].execute(put("k" + std::to_string(i), "v"));
    BOOST_TEST(result.result == outcome::committed);
    last = std::max(last, result.index);
  }
  for (std::size_t i = 0; i < 3; ++i)
    BOOST_TEST(get(cluster[i], "k" + std::to_string(2 - i)) == "v");
  BOOST_TEST(cluster.wait_until_applied(last));
}

BOOST_AUTO_TEST_CASE(a_restarted_server_catches_up) {
  servers cluster{3};
  cluster.start_all();
  auto leader = cluster.wait_for_leader();
  auto other = (leader + 1) % 3;
  for (auto victim : {other, leader}) {
    cluster.stop(victim);
    auto alive = (victim + 1) % 3;
    auto key = "k" + std::to_string(victim);
    auto result = cluster[alive].execute(put(key, "v"));
    BOOST_TEST(result.result == outcome::committed);
    cluster.start(victim);
    BOOST_TEST(cluster.wait_until_applied(result.index));
    cluster.wait_for_leader();
    BOOST_TEST(get(cluster[victim], key) == "v");
  }
}

BOOST_AUTO_TEST_CASE(all_may_restart_at_once) {
  servers cluster{3};
  cluster.start_all();
  cluster.wait_for_leader();
  BOOST_TEST(cluster[0].execute(put("k", "v")).result == outcome::committed);
  for (std::size_t i = 0; i < 3; ++i)
    cluster.stop(i);
  cluster.start_all();
  cluster.wait_for_leader();
  BOOST_TEST(get(cluster[1], "k") == "v");
}

BOOST_AUTO_TEST_CASE(a_server_with_another_store_is_noticed) {
  servers cluster{3};
  cluster.start_all();
  cluster.wait_for_leader();
  cluster.stop(2);
  cluster.stores[2]
    = persistence::make_memory_store({"test", {3}, incarnation_id{999}});
  auto config = cluster.config_of(2);
  config.bootstrap = false;
  cluster.start(2, config);
  for (std::size_t i = 0; i < 2; ++i)
    BOOST_TEST(eventually([&] {
      return cluster[i].log.count("the store of peer 3 is empty") >= 1;
    }));
  BOOST_TEST(eventually([&] {
    return cluster[2].log.count("does not take part: its store is empty") >= 1;
  }));
  // Founded again, it is another one than the others remember.
  cluster.stop(2);
  config.bootstrap = true;
  cluster.start(2, config);
  for (std::size_t i = 0; i < 3; ++i)
    BOOST_TEST(eventually(
      [&] { return cluster[i].log.count("comes with another store") >= 1; }));
  BOOST_TEST(eventually([&] {
    return cluster[2].state().kept_out.reason == exclusion::other_store;
  }));
}

BOOST_AUTO_TEST_CASE(addresses_that_are_silent_delay_nobody) {
  servers cluster{7};
  // Whoever waited for one of them would wait until the test has failed.
  cluster.timing.tcp = 10 * patience;
  black_hole hole;
  black_hole another;
  mute_server mute;
  for (std::size_t i = 0; i < 3; ++i) {
    auto config = cluster.config_of(i);
    // Seen by the others, the rest of the cluster is out of reach.
    config.members[3].where = hole.where();
    config.members[4].where = another.where();
    config.members[5].where = mute.where();
    config.members[6].where.port = free_port();
    cluster.start(i, config);
  }
  // Each of the three finds the two others, although the first four addresses
  // to try may answer nothing.
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      BOOST_TEST((i == j || eventually([&] { return meets(cluster, i, j); })));
  // The black holes go first, and then nobody waits for them any more.
}

BOOST_AUTO_TEST_CASE(an_address_that_is_silent_is_named) {
  black_hole hole;
  servers cluster{2};
  auto config = cluster.config_of(0);
  config.members[1].where = hole.where();
  cluster.start(0, config);
  BOOST_TEST(eventually([&] {
    return cluster[0].log.count(to_text(hole.where())
                                + ": Connection timed out")
         > 0;
  }));
}

BOOST_AUTO_TEST_CASE(another_cluster_is_refused) {
  servers cluster{2};
  auto config = cluster.config_of(1);
  config.cluster = "other";
  cluster.stores[1] = persistence::make_memory_store({"other", {2}, {7}});
  cluster.start(0);
  cluster.start(1, config);
  BOOST_TEST(eventually([&] {
    return cluster[0].log.count("it refused us: this peer belongs to cluster "
                                "\"other\", not \"test\"")
          >= 1
        && cluster[1].log.count("refused peer 1") >= 1;
  }));
  BOOST_TEST(cluster[0].log.count<events::link_connected>() == 0u);
}

BOOST_AUTO_TEST_CASE(swapped_addresses_are_refused) {
  servers cluster{3};
  auto config = cluster.config_of(0);
  std::swap(config.members[1].where, config.members[2].where);
  cluster.start(0, config);
  cluster.start(1);
  cluster.start(2);
  BOOST_TEST(eventually([&] {
    return cluster[0].log.count("this is peer 3, not peer 2") >= 1
        && cluster[0].log.count("this is peer 2, not peer 3") >= 1;
  }));
}

BOOST_AUTO_TEST_CASE(a_hello_from_oneself_is_named_as_such) {
  servers cluster{2};
  auto config = cluster.config_of(0);
  // Another way to write its own address.
  config.members[1].where = {"localhost", cluster.members[0].where.port};
  cluster.start(0, config);
  BOOST_TEST(eventually([&] {
    return cluster[0].log.count("leads back to this very process") >= 1;
  }));
}

BOOST_AUTO_TEST_CASE(a_cut_connection_comes_back) {
  servers cluster{2};
  scenarios::tcp_proxy between{{cluster.members[1].where.port}};
  auto config = cluster.config_of(0);
  config.members[1].where = between.where();
  cluster.start(0, config);
  cluster.start(1);
  for (int i = 0; i < 3; ++i) {
    cluster.wait_for_leader();
    BOOST_TEST(cluster[1].execute(put("k", "v")).result == outcome::committed);
    auto before = cluster[0].log.count<events::link_connected>();
    between.close_connections();
    BOOST_TEST(eventually(
      [&] { return cluster[0].log.count<events::link_connected>() > before; }));
  }
  BOOST_TEST(get(cluster[0], "k") == "v");
}

BOOST_AUTO_TEST_CASE(a_frozen_connection_is_given_up_and_comes_back) {
  servers cluster{2};
  // Nobody goes around the piece of network that freezes.
  cluster.timing.fallback = 10 * patience;
  scenarios::tcp_proxy between{{cluster.members[1].where.port}};
  auto config = cluster.config_of(0);
  config.members[1].where = between.where();
  cluster.start(0, config);
  cluster.start(1);
  cluster.wait_for_leader();
  BOOST_TEST(cluster[0].execute(put("k", "v")).result == outcome::committed);
  auto said = [&](std::size_t i, const char* what) {
    return [&cluster, i, what, before = cluster[i].log.count(what)] {
      return cluster[i].log.count(what) > before;
    };
  };
  auto gone = {said(0, "is gone"), said(1, "is gone")};
  between.freeze(true);
  for (const auto& x : gone)
    BOOST_TEST(eventually(x));
  // It goes on trying, and there is somebody who accepts, but says nothing.
  for (auto i = 0; i < 2; ++i)
    BOOST_TEST(eventually(said(0, "cannot connect to peer 2")));
  between.freeze(false);
  cluster.wait_for_leader();
  BOOST_TEST(get(cluster[1], "k") == "v");
}

BOOST_AUTO_TEST_CASE(a_port_that_is_taken_is_named) {
  servers cluster{2};
  test_socket other;
  auto config = cluster.config_of(0);
  config.listen = address{"127.0.0.1", other.bind()};
  other.listen(1);
  BOOST_CHECK_EXCEPTION(cluster.start(0, config), std::runtime_error,
                        [&](const std::runtime_error& e) {
                          BOOST_TEST_MESSAGE(e.what());
                          return std::string{e.what()}.find(
                                   "cannot listen at "
                                   + to_text(*config.listen))
                              == 0;
                        });
  cluster.start(0); // nothing is left of the first attempt
}

BOOST_AUTO_TEST_SUITE_END()
