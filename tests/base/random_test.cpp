// Random numbers that are the same on every machine, and clocks.

#include <raft/base/clock.hpp>
#include <raft/base/random.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <set>
#include <type_traits>

using dice = raft::base::random;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(base)

BOOST_AUTO_TEST_CASE(random_numbers_are_the_same_everywhere) {
  dice x{1};
  BOOST_TEST(x.next() == 0x910a2dec89025cc1u);
  dice y{1234567};
  for (std::uint64_t wanted :
       {6457827717110365317u, 3203168211198807973u, 9817491932198370423u})
    BOOST_TEST(y.next() == wanted);
}

BOOST_AUTO_TEST_CASE(both_bounds_are_drawn_and_nothing_beyond) {
  dice x{1};
  std::set<int> drawn;
  std::set<std::chrono::microseconds> times;
  for (int i = 0; i < 1000; ++i) {
    drawn.insert(x.between(-2, 2));
    times.insert(x.between(-1us, 1us));
    BOOST_TEST(x.below(3) < 3u);
  }
  BOOST_TEST((drawn == std::set{-2, -1, 0, 1, 2}));
  BOOST_TEST((times == std::set{-1us, 0us, 1us}));
  BOOST_TEST(x.between(7u, 7u) == 7u);
}

BOOST_AUTO_TEST_CASE(numbers_of_two_types_are_drawn_as_their_common_one) {
  dice x{1};
  const std::uint64_t high = std::numeric_limits<std::uint64_t>::max() - 1;
  static_assert(std::is_same_v<decltype(x.between(1, high)), std::uint64_t>);
  static_assert(std::is_same_v<decltype(x.between(1, 2)), int>);
  BOOST_TEST(x.between(high, high) == high);
  const auto low = std::numeric_limits<std::int64_t>::min() / 2;
  const auto drawn = x.between(low, std::int64_t{0});
  BOOST_TEST((drawn >= low && drawn <= 0));
}

BOOST_AUTO_TEST_CASE(chances_are_out_of_a_thousand) {
  dice x{1};
  int yes = 0;
  for (int i = 0; i < 10'000; ++i)
    yes += x.per_mille(200) ? 1 : 0;
  BOOST_TEST((yes > 1800 && yes < 2200));
  BOOST_TEST(!x.per_mille(0));
  BOOST_TEST(x.per_mille(1000));
}

BOOST_AUTO_TEST_CASE(the_steady_clock_never_goes_backwards) {
  auto before = raft::base::steady_now();
  for (int i = 0; i < 1000; ++i) {
    auto now = raft::base::steady_now();
    BOOST_TEST((now >= before));
    before = now;
  }
  // Later than 2020.
  BOOST_TEST(raft::base::system_wall_ms() > 1'577'836'800'000u);
}

BOOST_AUTO_TEST_SUITE_END()
