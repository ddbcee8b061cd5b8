// The network that loses, delays, cuts and counts.

#include <raft/scenarios/network.hpp>
#include <raft/simulation/wire_size.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::scenarios;
using raft::simulation::wire_size;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 7;

template <class Message>
Message between(peer_number from, peer_number to) {
  Message x;
  x.header.from = id_of(from);
  x.header.to = id_of(to);
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(network_suite)

BOOST_AUTO_TEST_CASE(a_reliable_network_delivers_at_once_and_in_order) {
  network x{2, seed};
  for (std::uint64_t i = 0; i < 100; ++i) {
    auto msg = between<append_request>(0, 1);
    msg.term = term_number{i};
    x.send(msg, 5ms);
  }
  auto seen = x.take(5ms);
  BOOST_REQUIRE(seen.size() == 100u);
  for (std::uint64_t i = 0; i < 100; ++i)
    BOOST_TEST((std::get<append_request>(seen[i]).term == term_number{i}));
  BOOST_TEST(!x.wake_at().has_value());
}

BOOST_AUTO_TEST_CASE(a_cut_has_a_direction) {
  network x{2, seed};
  x.cut(0, 1, true);
  x.send(between<append_request>(0, 1), 0ms);
  BOOST_TEST(x.take(1s).empty());
  x.send(between<append_reply>(1, 0), 0ms);
  BOOST_TEST(x.take(1s).size() == 1u);
  x.cut(0, 1, false);
  x.send(between<append_request>(0, 1), 0ms);
  BOOST_TEST(x.take(1s).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_counts_answered_or_not) {
  network x{2, seed};
  auto request = between<vote_request>(0, 1);
  auto reply = between<vote_reply>(1, 0);
  x.send(request, 0ms);
  x.take(0ms);
  x.send(reply, 0ms);
  x.take(0ms);
  BOOST_TEST(x.sent().exchanges == 1u);
  BOOST_TEST(x.sent().bytes == wire_size(request) + wire_size(reply));
  BOOST_TEST(x.received(1) == 1u);
  x.cut(0, 1, true);
  x.send(request, 0ms);
  x.take(0ms);
  BOOST_TEST(x.sent().exchanges == 2u);
  BOOST_TEST(x.received(1) == 1u);
  x.started(1);
  BOOST_TEST(x.received(1) == 0u);
}

BOOST_AUTO_TEST_CASE(an_unreliable_network_loses_one_of_ten) {
  network x{2, seed};
  x.set_network_profile({true, false});
  constexpr std::size_t count = 10000;
  for (std::size_t i = 0; i < count; ++i)
    x.send(between<append_request>(0, 1), 0ms);
  auto requests = x.take(26ms).size();
  BOOST_TEST(requests > count * 88 / 100);
  BOOST_TEST(requests < count * 92 / 100);
  BOOST_TEST(!x.wake_at().has_value());
  for (std::size_t i = 0; i < count; ++i)
    x.send(between<append_reply>(1, 0), 1s);
  auto replies = x.take(1s).size();
  BOOST_TEST(replies > count * 88 / 100);
  BOOST_TEST(replies < count * 92 / 100);
}

BOOST_AUTO_TEST_CASE(long_delays_are_of_answers_and_survive_a_cut) {
  network x{2, seed};
  x.set_network_profile({false, true});
  constexpr std::size_t count = 3000;
  for (std::size_t i = 0; i < count; ++i)
    x.send(between<append_request>(0, 1), 0ms);
  BOOST_TEST(x.take(0ms).size() == count);
  for (std::size_t i = 0; i < count; ++i)
    x.send(between<append_reply>(1, 0), 0ms);
  auto prompt = x.take(199ms).size();
  BOOST_TEST(prompt > count / 3 - 150);
  BOOST_TEST(prompt < count / 3 + 150);
  x.cut(1, 0, true);
  BOOST_TEST(x.take(2199ms).size() == count - prompt);
}

BOOST_AUTO_TEST_CASE(what_is_on_its_way_to_a_crashed_peer_is_lost) {
  network x{3, seed};
  x.send(between<append_request>(0, 1), 0ms);
  x.send(between<append_request>(0, 2), 0ms);
  x.send(between<append_reply>(1, 0), 0ms);
  x.crashed(1);
  BOOST_TEST(x.take(0ms).size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
