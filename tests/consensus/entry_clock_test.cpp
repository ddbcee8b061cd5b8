// The times of entries: at what pace they advance, whatever wall clocks show.

#include <raft/consensus/entry_clock.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <limits>

using raft::consensus::entry_clock;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t year_2023 = 1'700'000'000'000;
constexpr std::uint64_t hour = 3'600'000;
constexpr std::uint64_t fifty_years = 50 * 365 * 24 * hour;

} // namespace

BOOST_AUTO_TEST_SUITE(times_of_entries)

BOOST_AUTO_TEST_CASE(the_first_one_is_that_of_the_wall_clock) {
  entry_clock x{0, 0s};
  BOOST_TEST(x.tick(0, 1s) == 0u); // nobody looked
  BOOST_TEST(x.tick(year_2023, 2s) == year_2023);
  BOOST_TEST(x.tick(year_2023 + 1000, 3s) == year_2023 + 1000);
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_right_is_followed) {
  entry_clock x{year_2023, 0s};
  for (auto i = 1; i <= 1000; ++i) {
    auto wall = year_2023 + 10u * static_cast<std::uint64_t>(i);
    BOOST_TEST(x.tick(wall, i * 10ms) == wall);
  }
}

BOOST_AUTO_TEST_CASE(one_that_jumps_ahead_moves_it_by_an_eighth) {
  entry_clock x{year_2023, 0s};
  for (auto ahead : {2 * hour, fifty_years})
    BOOST_TEST(x.tick(year_2023 + ahead, 8s) <= year_2023 + 9000);
  BOOST_TEST(x.tick(std::numeric_limits<std::uint64_t>::max(), 16s)
             == year_2023 + 18'000);
}

BOOST_AUTO_TEST_CASE(it_goes_on_when_the_wall_clock_is_behind) {
  entry_clock x{year_2023 + fifty_years, 0s};
  BOOST_TEST(x.tick(year_2023, 8s) == year_2023 + fifty_years + 7000);
  BOOST_TEST(x.tick(0, 16s) == year_2023 + fifty_years + 14'000);
}

BOOST_AUTO_TEST_CASE(it_comes_back_to_the_right_time) {
  entry_clock x{year_2023 + 1000, 0s};
  for (auto i = 1; i <= 9000; ++i)
    x.tick(year_2023 + static_cast<std::uint64_t>(i), i * 1ms);
  BOOST_TEST(x.tick(year_2023 + 9001, 9001ms) == year_2023 + 9001);
}

BOOST_AUTO_TEST_CASE(many_entries_in_a_millisecond_add_up) {
  entry_clock x{year_2023, 0s};
  std::uint64_t last = 0;
  for (auto i = 1; i <= 100'000; ++i)
    last = x.tick(year_2023 + fifty_years, i * 80us);
  BOOST_TEST(last == year_2023 + 9000);
}

BOOST_AUTO_TEST_CASE(what_others_appended_is_where_it_goes_on) {
  entry_clock x{year_2023, 0s};
  x.follow(year_2023 + 500, 10s);
  BOOST_TEST(x.tick(year_2023 + fifty_years, 10s) == year_2023 + 500);
  // Also when the last ones were truncated.
  x.follow(year_2023 + 100, 11s);
  BOOST_TEST(x.tick(year_2023 + fifty_years, 11'008ms) == year_2023 + 109);
}

BOOST_AUTO_TEST_CASE(it_ends_at_the_largest_number) {
  entry_clock x{std::numeric_limits<std::uint64_t>::max(), 0s};
  auto end = std::numeric_limits<std::uint64_t>::max() / 1000;
  BOOST_TEST(x.tick(year_2023, 8s) == end);
  BOOST_TEST(x.tick(0, 16s) == end);
}

BOOST_AUTO_TEST_SUITE_END()
