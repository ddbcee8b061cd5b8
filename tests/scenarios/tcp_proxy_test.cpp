// A piece of network that is closed, frozen, forgetful or slow.

#include <raft/scenarios/tcp_proxy.hpp>
#include <raft/tests/scenarios/talk.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <string>

using namespace raft::scenarios::test;
using raft::scenarios::tcp_proxy;
using namespace std::chrono_literals;

namespace {

struct proxy_fixture {
  proxy_fixture() {
    listener.listen(16);
  }

  ends connect() {
    return connect_through(uut.where(), listener);
  }

  void talk(const ends& x) {
    say(x.near, "ping");
    BOOST_TEST(hear(x.far, 4) == "ping");
    say(x.far, "pong");
    BOOST_TEST(hear(x.near, 4) == "pong");
  }

  test_socket listener;
  std::uint16_t port = listener.bind();
  tcp_proxy uut{{port}};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tcp_proxies, proxy_fixture)

BOOST_AUTO_TEST_CASE(closed_connections_end_and_new_ones_are_possible) {
  auto x = connect();
  talk(x);
  uut.close_connections();
  BOOST_TEST(hear(x.near, 1) == "");
  BOOST_TEST(hear(x.far, 1) == "");
  talk(connect());
}

BOOST_AUTO_TEST_CASE(frozen_it_says_and_accepts_nothing_and_then_goes_on) {
  auto x = connect();
  talk(x);
  uut.freeze(true);
  say(x.near, "there");
  say(x.far, "back");
  BOOST_TEST(hears_nothing(x.far));
  BOOST_TEST(hears_nothing(x.near));
  test_socket another;
  // The system accepts, but nobody reads.
  BOOST_REQUIRE(another.connect_and_wait(uut.where().port));
  BOOST_TEST(!readable(listener.fd(), moment_ms));
  uut.freeze(false);
  BOOST_TEST(hear(x.far, 5) == "there");
  BOOST_TEST(hear(x.near, 4) == "back");
  BOOST_TEST(readable(listener.fd(), patience_ms));
}

BOOST_AUTO_TEST_CASE(frozen_it_tells_nobody_of_an_end) {
  auto x = connect();
  uut.freeze(true);
  { auto gone = std::move(x.far); }
  BOOST_TEST(hears_nothing(x.near));
  uut.freeze(false);
  BOOST_TEST(hear(x.near, 1) == "");
}

BOOST_AUTO_TEST_CASE(forgotten_connections_are_silent_and_new_ones_work) {
  auto x = connect();
  talk(x);
  uut.forget(false);
  say(x.near, "there");
  say(x.far, "back");
  BOOST_TEST(hears_nothing(x.far));
  BOOST_TEST(hears_nothing(x.near));
  talk(connect());
}

BOOST_AUTO_TEST_CASE(the_way_back_alone_can_be_forgotten) {
  auto x = connect();
  talk(x);
  uut.forget(true);
  say(x.far, "back");
  BOOST_TEST(hears_nothing(x.near));
  say(x.near, "there");
  BOOST_TEST(hear(x.far, 5) == "there");
  // Nobody is told of the end of who is not heard.
  { auto gone = std::move(x.far); }
  BOOST_TEST(hears_nothing(x.near));
}

BOOST_AUTO_TEST_CASE(a_slow_one_takes_its_time) {
  constexpr std::size_t bytes_per_second = 200'000;
  constexpr std::size_t size = 60'000;
  tcp_proxy slow{{port}, bytes_per_second};
  auto x = connect_through(slow.where(), listener);
  const auto begun = std::chrono::steady_clock::now();
  say(x.near, std::string(size, 'x'));
  BOOST_TEST(hear(x.far, size).size() == size);
  // 300 ms, but for what passes at first and for the last piece.
  BOOST_CHECK(std::chrono::steady_clock::now() - begun >= 150ms);
  BOOST_TEST(slow.bytes() == size);
}

BOOST_AUTO_TEST_SUITE_END()
