// Which committed entries go to which subscriber, and when.

#include <raft/actors/feed.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

using namespace raft;

namespace {

constexpr std::uint64_t plenty = 1 << 20;

/// Entries that cost 100 bytes each.
std::vector<entry> entries(std::uint64_t first, std::uint64_t last) {
  std::vector<entry> result;
  for (auto i = first; i <= last; ++i) {
    entry x;
    x.index = {i};
    x.data = bytes{std::string(36, 'x')};
    BOOST_REQUIRE(cost(x) == 100u);
    result.push_back(x);
  }
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(feed)

BOOST_AUTO_TEST_CASE(entries_come_in_order_and_once) {
  actors::feed feed;
  auto who = feed.open({1}, plenty);
  auto orders = feed.orders({3}, plenty);
  BOOST_REQUIRE(orders.size() == 1u);
  BOOST_TEST((orders[0] == actors::feed::order{who, {1}, {3}, plenty}));
  BOOST_TEST(feed.filled(orders[0], entries(1, 2)));
  orders = feed.orders({3}, plenty);
  BOOST_REQUIRE(orders.size() == 1u);
  BOOST_TEST(orders[0].first.value == 3u);
  BOOST_TEST(feed.filled(orders[0], entries(3, 3)));
  BOOST_TEST(feed.orders({3}, plenty).empty());
  BOOST_TEST(feed.orders({4}, plenty).at(0).first.value == 4u);
}

BOOST_AUTO_TEST_CASE(beyond_the_end_a_subscription_waits) {
  actors::feed feed;
  feed.open({10}, plenty);
  BOOST_TEST(feed.orders({9}, plenty).empty());
  BOOST_TEST(feed.orders({10}, plenty).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_order_that_is_not_filled_is_not_repeated) {
  actors::feed feed;
  feed.open({1}, plenty);
  auto orders = feed.orders({3}, plenty);
  BOOST_TEST(orders.size() == 1u);
  BOOST_TEST(feed.orders({5}, plenty).empty());
  feed.filled(orders[0], entries(1, 3));
  BOOST_TEST(feed.orders({5}, plenty).at(0).first.value == 4u);
}

BOOST_AUTO_TEST_CASE(an_order_asks_for_no_more_than_the_credit) {
  actors::feed feed;
  feed.open({1}, 250);
  BOOST_TEST(feed.orders({9}, plenty).at(0).bytes_max == 250u);
  actors::feed other;
  other.open({1}, 250);
  BOOST_TEST(other.orders({9}, 200).at(0).bytes_max == 200u);
}

BOOST_AUTO_TEST_CASE(without_credit_nothing_goes_out) {
  actors::feed feed;
  auto who = feed.open({1}, 200);
  auto first = feed.orders({9}, plenty).at(0);
  feed.filled(first, entries(1, 2));
  BOOST_TEST(feed.orders({9}, plenty).empty());
  feed.grant(who, 100);
  BOOST_TEST(feed.orders({9}, plenty).at(0).bytes_max == 100u);
}

BOOST_AUTO_TEST_CASE(a_large_entry_goes_out_on_small_credit_and_is_paid_for) {
  actors::feed feed;
  auto who = feed.open({1}, 1);
  feed.filled(feed.orders({9}, plenty).at(0), entries(1, 1));
  feed.grant(who, 99);
  BOOST_TEST(feed.orders({9}, plenty).empty());
  feed.grant(who, 1);
  BOOST_TEST(feed.orders({9}, plenty).size() == 1u);
}

BOOST_AUTO_TEST_CASE(no_credit_at_all_waits_for_some) {
  actors::feed feed;
  auto who = feed.open({1}, 0);
  BOOST_TEST(feed.orders({9}, plenty).empty());
  feed.grant(who, 1);
  BOOST_TEST(feed.orders({9}, plenty).size() == 1u);
}

BOOST_AUTO_TEST_CASE(endless_credit_does_not_wrap_around) {
  constexpr auto endless = std::numeric_limits<std::uint64_t>::max();
  actors::feed feed;
  auto who = feed.open({1}, endless);
  feed.grant(who, endless);
  auto order = feed.orders({9}, plenty).at(0);
  BOOST_TEST(order.bytes_max == plenty);
  feed.filled(order, entries(1, 1));
  feed.grant(who, endless);
  BOOST_TEST(feed.orders({9}, plenty).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_closed_subscription_takes_nothing) {
  actors::feed feed;
  auto first = feed.open({1}, plenty);
  auto second = feed.open({2}, plenty);
  BOOST_TEST(first != second);
  auto orders = feed.orders({3}, plenty);
  BOOST_TEST(orders.size() == 2u);
  feed.close(first);
  BOOST_TEST(!feed.filled(orders[0], entries(1, 3)));
  BOOST_TEST(feed.filled(orders[1], entries(2, 3)));
  feed.close(second);
  BOOST_TEST(feed.empty());
  feed.grant(second, 1);
  feed.close(second);
}

BOOST_AUTO_TEST_CASE(no_credit_lets_more_out_than_the_bound) {
  actors::feed feed{250};
  auto who = feed.open({1}, plenty);
  feed.grant(who, plenty);
  auto orders = feed.orders({9}, plenty);
  BOOST_REQUIRE(orders.size() == 1u);
  BOOST_TEST(orders[0].bytes_max == 250u);
  feed.filled(orders[0], entries(1, 2));
  orders = feed.orders({9}, plenty);
  BOOST_REQUIRE(orders.size() == 1u);
  BOOST_TEST(orders[0].bytes_max == 50u);
  feed.filled(orders[0], entries(3, 3));
  BOOST_TEST(feed.orders({9}, plenty).empty());
  feed.grant(who, 200);
  BOOST_TEST(feed.orders({9}, plenty).at(0).bytes_max == 150u);
}

BOOST_AUTO_TEST_SUITE_END()
