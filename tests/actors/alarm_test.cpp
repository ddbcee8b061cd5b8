// When an actor has to send itself a late message.

#include <raft/actors/alarm.hpp>

#include <boost/test/unit_test.hpp>

// Not `alarm`: the system has a function of that name.
using actor_alarm = raft::actors::alarm;
using std::chrono::hours;
using std::chrono::milliseconds;

BOOST_AUTO_TEST_SUITE(alarms)

BOOST_AUTO_TEST_CASE(one_that_rings_early_enough_is_not_set_anew) {
  actor_alarm x;
  auto delay = x.set(milliseconds{50}, milliseconds{20});
  BOOST_REQUIRE(delay.has_value());
  BOOST_TEST((*delay == milliseconds{30}));
  BOOST_TEST(!x.set(milliseconds{50}, milliseconds{30}));
  BOOST_TEST(!x.set(milliseconds{90}, milliseconds{30}));
  BOOST_TEST(x.number() == 1u);
  delay = x.set(milliseconds{40}, milliseconds{30});
  BOOST_REQUIRE(delay.has_value());
  BOOST_TEST((*delay == milliseconds{10}));
  BOOST_TEST(x.number() == 2u);
}

BOOST_AUTO_TEST_CASE(only_the_last_one_counts) {
  actor_alarm x;
  x.set(milliseconds{50}, milliseconds{0});
  x.set(milliseconds{40}, milliseconds{0});
  BOOST_TEST(!x.rang(1));
  BOOST_TEST(x.rang(2));
  BOOST_TEST(x.set(milliseconds{90}, milliseconds{40}).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_overdue_rings_at_once_and_never_is_an_hour) {
  actor_alarm x;
  BOOST_TEST((x.set(milliseconds{10}, milliseconds{50}) == milliseconds{0}));
  actor_alarm y;
  BOOST_TEST(
    (y.set(actor_alarm::instant::max(), milliseconds{50}) == hours{1}));
}

BOOST_AUTO_TEST_SUITE_END()
