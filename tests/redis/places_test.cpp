// Places for large requests, and replies that wait for a socket.

#include <raft/redis/outbox.hpp>
#include <raft/redis/places.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace raft::redis;
using namespace std::chrono_literals;

namespace {

using ids = std::vector<place_list::id>;

struct places_fixture {
  place_list uut{2};
  place_list::time_point now{1h};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(places, places_fixture)

BOOST_AUTO_TEST_CASE(places_are_given_in_the_order_of_asking) {
  for (auto id : {5u, 4u, 3u, 5u, 3u, 2u})
    uut.want(id);
  BOOST_TEST((uut.give(now) == ids{5, 4}));
  BOOST_TEST(uut.has(4));
  BOOST_TEST(!uut.has(3));
  BOOST_TEST(uut.anyone_waits());
  uut.want(4); // has one
  uut.leave(5);
  BOOST_TEST((uut.give(now) == ids{3}));
  uut.leave(2); // waits no longer
  uut.leave(3);
  uut.leave(17);
  BOOST_TEST(uut.give(now).empty());
  BOOST_TEST(!uut.anyone_waits());
}

BOOST_AUTO_TEST_CASE(who_stays_long_is_found_only_if_others_wait) {
  uut.want(1);
  uut.give(now);
  uut.want(2);
  uut.give(now + 1s);
  BOOST_TEST(uut.kept_since(now + 5s).empty());
  uut.want(3);
  BOOST_TEST(uut.kept_since(now).empty());
  BOOST_TEST((uut.kept_since(now + 1s) == ids{1}));
  BOOST_TEST((uut.kept_since(now + 5s) == ids{1, 2}));
}

BOOST_AUTO_TEST_CASE(what_is_large_is_shared_and_not_copied) {
  bytes source{"header:" + std::string(100'000, 'v') + ":end"};
  outbox first;
  std::string head = "$100000\r\n";
  std::string tail = "\r\n";
  first.add(head);
  first.add(source, source.view().substr(7, 100'000));
  first.add(tail);
  BOOST_TEST(first.front(4) == "$100");
  first.pop(4);
  outbox box;
  std::string before = "+OK\r\n";
  box.add(before);
  box.add(first);
  BOOST_TEST(first.empty());
  BOOST_TEST(first.front(1).empty());
  BOOST_TEST(box.size() == 5 + 5 + 100'000 + 2u);
  std::string received;
  auto shared = false;
  while (!box.empty()) {
    auto piece = box.front(64 << 10);
    shared = shared || piece.data() == source.view().data() + 7;
    received += piece;
    box.pop(piece.size());
  }
  BOOST_TEST(shared);
  BOOST_TEST(
    (received == "+OK\r\n000\r\n" + std::string(100'000, 'v') + "\r\n"));
}

BOOST_AUTO_TEST_CASE(replies_come_out_as_they_went_in) {
  outbox box;
  std::string sent;
  std::string received;
  for (std::size_t i = 0; i < 400; ++i) {
    std::string data(i * i % 40'000, static_cast<char>('a' + i % 26));
    sent += data;
    box.add(data);
    BOOST_TEST(data.empty());
    auto piece = box.front(i * 150);
    received += piece;
    box.pop(piece.size());
    BOOST_REQUIRE(box.size() == sent.size() - received.size());
  }
  while (box.size() > 0) {
    auto piece = box.front(10'000);
    BOOST_REQUIRE(!piece.empty());
    received += piece;
    box.pop(piece.size());
  }
  BOOST_TEST((received == sent));
  BOOST_TEST(box.front(1).empty());
  std::string more = "x";
  box.add(more);
  box.clear();
  BOOST_TEST(box.size() == 0u);
  BOOST_TEST(box.front(1).empty());
}

BOOST_AUTO_TEST_SUITE_END()
