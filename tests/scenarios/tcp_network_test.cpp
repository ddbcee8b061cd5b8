// The network between processes: what passes, what is lost, who is told.

#include <raft/scenarios/tcp_network.hpp>
#include <raft/tests/scenarios/talk.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>

using namespace raft::scenarios::test;
using raft::scenarios::tcp_network;

namespace {

/// Two peers and a network; peer 1 listens.
struct network_fixture {
  network_fixture() {
    listener.listen(16);
    uut.plug(1, port);
  }

  ends connect() {
    return connect_through(uut.way(0, 1), listener);
  }

  test_socket listener;
  std::uint16_t port = listener.bind();
  tcp_network uut{2};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tcp_networks, network_fixture)

BOOST_AUTO_TEST_CASE(what_is_said_arrives_both_ways_and_is_counted) {
  auto x = connect();
  say(x.near, "ping");
  BOOST_TEST(hear(x.far, 4) == "ping");
  say(x.far, "pong!");
  BOOST_TEST(hear(x.near, 5) == "pong!");
  BOOST_TEST(uut.bytes() == 9u);
}

BOOST_AUTO_TEST_CASE(a_cut_stops_one_direction) {
  auto x = connect();
  uut.cut(0, 1, true);
  say(x.near, "lost");
  BOOST_TEST(hears_nothing(x.far));
  say(x.far, "kept");
  BOOST_TEST(hear(x.near, 4) == "kept");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_cut_loses_what_was_said_and_resets) {
  auto x = connect();
  uut.cut(0, 1, true);
  uut.cut(1, 0, true);
  say(x.near, "lost");
  uut.cut(0, 1, false);
  BOOST_TEST(hear(x.near, 1) == "");
  BOOST_TEST(hear(x.far, 1) == "");
  uut.cut(1, 0, false);
  auto y = connect();
  say(y.near, "new");
  BOOST_TEST(hear(y.far, 3) == "new");
}

BOOST_AUTO_TEST_CASE(nobody_is_told_of_an_end_behind_a_cut) {
  auto x = connect();
  uut.cut(0, 1, true);
  uut.cut(1, 0, true);
  { auto gone = std::move(x.far); }
  BOOST_TEST(hears_nothing(x.near));
  uut.cut(1, 0, false);
  BOOST_TEST(hear(x.near, 1) == "");
}

BOOST_AUTO_TEST_CASE(a_connection_made_during_a_cut_does_not_outlive_it) {
  uut.cut(0, 1, true);
  auto x = connect();
  say(x.near, "lost");
  BOOST_TEST(hears_nothing(x.far));
  uut.cut(0, 1, false);
  BOOST_TEST(hear(x.far, 1) == "");
}

BOOST_AUTO_TEST_CASE(cuts_of_others_do_not_matter) {
  tcp_network three{3};
  three.plug(1, port);
  three.cut(0, 2, true);
  three.cut(2, 1, true);
  test_socket near;
  BOOST_REQUIRE(near.connect_and_wait(three.way(0, 1).port));
  say(near, "x");
  three.cut(0, 2, false);
  three.cut(2, 1, false);
  BOOST_TEST(hears_nothing(near));
}

BOOST_AUTO_TEST_CASE(the_end_of_one_side_is_told_to_the_other) {
  auto x = connect();
  { auto gone = std::move(x.near); }
  BOOST_TEST(hear(x.far, 1) == "");
}

BOOST_AUTO_TEST_CASE(who_does_not_read_slows_down_who_writes) {
  auto x = connect();
  ::fcntl(x.near.fd(), F_SETFL, O_NONBLOCK);
  const std::string chunk(64 * 1024, 'x');
  std::size_t written = 0;
  pollfd out{x.near.fd(), POLLOUT, 0};
  while (::poll(&out, 1, moment_ms) == 1) {
    auto size = ::send(x.near.fd(), chunk.data(), chunk.size(), MSG_NOSIGNAL);
    BOOST_REQUIRE(size > 0);
    written += static_cast<std::size_t>(size);
    BOOST_REQUIRE(written < std::size_t{1} << 30);
  }
  // All of it is in the kernel and in one chunk, and none is lost.
  BOOST_TEST(hear(x.far, written).size() == written);
  BOOST_TEST(uut.bytes() == written);
}

BOOST_AUTO_TEST_CASE(where_nobody_is_plugged_in_connections_end) {
  uut.unplug(1);
  test_socket near;
  BOOST_REQUIRE(near.connect_and_wait(uut.way(0, 1).port));
  BOOST_TEST(hear(near, 1) == "");
}

BOOST_AUTO_TEST_SUITE_END()
