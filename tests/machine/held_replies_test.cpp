// Long replies that wait to be fetched.

#include <raft/machine/held_replies.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace raft;
using namespace std::chrono_literals;

namespace {

using held = machine::held_replies<std::string>;

constexpr auto piece = reply_piece_bytes;

bytes reply_of(std::size_t size) {
  std::string result;
  for (std::size_t i = 0; i < size; ++i)
    result += static_cast<char>('a' + i % 23);
  return bytes{std::move(result)};
}

} // namespace

BOOST_AUTO_TEST_SUITE(held_replies)

BOOST_AUTO_TEST_CASE(a_reply_is_given_piece_by_piece_and_then_forgotten) {
  held uut{1 << 20};
  auto all = reply_of(2 * piece + 10);
  auto number = uut.put("me", all, 0s);
  BOOST_REQUIRE(number.has_value());
  BOOST_TEST(*number != 0u);
  BOOST_TEST(uut.size() == all.size());
  std::string found;
  for (auto size : {piece, piece, std::size_t{10}}) {
    auto next = uut.take("me", *number, found.size(), 1s);
    BOOST_TEST(next.size() == size);
    found += next.view();
  }
  BOOST_TEST((found == all.view()));
  BOOST_TEST(uut.size() == 0u);
  BOOST_TEST(uut.take("me", *number, 0, 1s).empty());
}

BOOST_AUTO_TEST_CASE(others_get_nothing) {
  held uut{1 << 20};
  auto number = uut.put("me", reply_of(100), 0s);
  BOOST_TEST(uut.take("you", *number, 0, 0s).empty());
  BOOST_TEST(uut.take("you", *number, 100, 0s).empty());
  BOOST_TEST(uut.take("me", *number + 1, 0, 0s).empty());
  BOOST_TEST(uut.take("me", *number, 0, 0s).size() == 100u);
}

BOOST_AUTO_TEST_CASE(who_wants_no_more_says_so) {
  held uut{1 << 20};
  for (auto offset : {100ull, ~0ull}) {
    auto number = uut.put("me", reply_of(100), 0s);
    BOOST_TEST(uut.take("me", *number, offset, 0s).empty());
    BOOST_TEST(uut.size() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(there_is_a_bound_and_room_for_one_reply_always) {
  held uut{1000};
  auto first = uut.put("me", reply_of(3000), 0s);
  BOOST_TEST(first.has_value());
  BOOST_TEST(uut.room() == 0u);
  BOOST_TEST(!uut.put("me", reply_of(1), 0s));
  uut.take("me", *first, 0, 0s);
  BOOST_TEST(uut.put("me", reply_of(600), 0s).has_value());
  BOOST_TEST(uut.room() == 400u);
  BOOST_TEST(!uut.put("you", reply_of(401), 0s));
  BOOST_TEST(uut.put("you", reply_of(400), 0s).has_value());
}

BOOST_AUTO_TEST_CASE(what_nobody_asks_for_is_forgotten) {
  held uut{1 << 20};
  auto one = uut.put("me", reply_of(3 * piece), 0s);
  auto two = uut.put("you", reply_of(3 * piece), 0s);
  uut.take("me", *one, 0, 4s);
  // It takes turns with others of the same owner.
  uut.put("me", reply_of(piece), 0s);
  uut.expire(5s);
  BOOST_TEST(uut.size() == 7 * piece);
  uut.expire(6s);
  BOOST_TEST(uut.size() == 4 * piece);
  BOOST_TEST(uut.take("you", *two, 0, 6s).empty());
  uut.expire(10s);
  BOOST_TEST(uut.size() == 0u);
  // But not forever: its owner may not know of it.
  uut.put("me", reply_of(piece), 10s);
  for (auto now = 10s; now <= 40s; now += 1s) {
    auto other = uut.put("me", reply_of(10), now);
    uut.expire(now);
    uut.take("me", *other, 0, now);
    BOOST_TEST(uut.size() == piece);
  }
  uut.expire(41s);
  BOOST_TEST(uut.size() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
