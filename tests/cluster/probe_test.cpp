// Probes of addresses that answer, refuse or are silent.

#include <raft/cluster/probe.hpp>
#include <raft/tests/cluster/sockets.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

} // namespace

BOOST_AUTO_TEST_SUITE(probe_suite)

BOOST_AUTO_TEST_CASE(finds_a_listener) {
  mute_server server;
  auto result = probe(server.where(), 5s);
  BOOST_TEST(result.host == "127.0.0.1");
  BOOST_TEST(result.complaint == "");
}

BOOST_AUTO_TEST_CASE(resolves_names) {
  mute_server server;
  auto result = probe({"localhost", server.where().port}, 5s);
  BOOST_TEST(result.host == "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(says_that_nobody_listens) {
  auto result = probe({"127.0.0.1", free_port()}, 5s);
  BOOST_TEST(result.host == "");
  BOOST_TEST(result.complaint == "Connection refused");
}

BOOST_AUTO_TEST_CASE(gives_up_on_a_black_hole) {
  black_hole hole;
  auto begin = clock_type::now();
  auto result = probe(hole.where(), 200ms);
  auto took = clock_type::now() - begin;
  BOOST_TEST(result.host == "");
  BOOST_TEST(result.complaint == "Connection timed out");
  BOOST_TEST((took >= 200ms && took < 5s));
}

BOOST_AUTO_TEST_CASE(says_that_a_name_is_unknown) {
  // Such names never exist (RFC 2606).
  auto result = probe({"host.invalid", 7000}, 5s);
  BOOST_TEST(result.host == "");
  BOOST_TEST(result.complaint.find("cannot resolve \"host.invalid\"") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
