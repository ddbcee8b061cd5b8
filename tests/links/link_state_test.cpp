// The life of a link, in virtual time.

#include <raft/links/link_state.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>

using namespace raft;
using namespace raft::links;
using namespace std::chrono_literals;

namespace {

using duty = link_state::duty;

struct link_state_fixture {
  instant now{1s};
  link_timing timing;
  link_state link{timing, true, 1, now};

  /// Lets time pass until the link wants to be woken, and wakes it.
  duty wait() {
    auto at = link.wake_at();
    BOOST_REQUIRE(at.has_value());
    BOOST_TEST((link.advance(*at - 1us) == duty::nothing || *at <= now));
    now = std::max(now, *at);
    return link.advance(now);
  }

  /// Goes from `disconnected` to `up`.
  void go_up(incarnation_id who = {7}) {
    BOOST_TEST((wait() == duty::connect));
    BOOST_TEST(link.connected(link.current(), now));
    BOOST_TEST(link.greeted(link.current(), who, now));
    BOOST_TEST((link.stage() == link_stage::up));
  }

  /// How long it pauses before the next attempt.
  instant pause() {
    return *link.wake_at() - now;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(link_state_suite, link_state_fixture)

BOOST_AUTO_TEST_CASE(goes_up_step_by_step) {
  BOOST_TEST((link.stage() == link_stage::disconnected));
  BOOST_TEST((link.advance(now) == duty::connect));
  BOOST_TEST((link.stage() == link_stage::connecting));
  BOOST_TEST(link.connected(1, now));
  BOOST_TEST((link.stage() == link_stage::handshake));
  BOOST_TEST(link.greeted(1, {7}, now));
  BOOST_TEST((link.stage() == link_stage::up));
  BOOST_TEST(link.incarnation().value == 7u);
  BOOST_TEST(!link.wake_at().has_value());
}

BOOST_AUTO_TEST_CASE(every_step_has_a_deadline) {
  for (int steps = 0; steps < 2; ++steps) {
    BOOST_TEST((wait() == duty::connect));
    auto which = link.current();
    if (steps > 0)
      BOOST_TEST(link.connected(which, now));
    auto patience = pause();
    BOOST_TEST((patience > 0ms && patience <= 1500ms));
    BOOST_TEST((wait() == duty::gave_up));
    BOOST_TEST((link.stage() == link_stage::disconnected));
    // What comes back later means nothing any more.
    BOOST_TEST(!link.connected(which, now));
    BOOST_TEST(!link.greeted(which, {1}, now));
    BOOST_TEST(!link.failed(which, now));
  }
}

BOOST_AUTO_TEST_CASE(late_answers_do_not_touch_the_next_attempt) {
  wait();
  auto old = link.current();
  BOOST_TEST(link.failed(old, now));
  BOOST_TEST((wait() == duty::connect));
  BOOST_TEST(link.current() != old);
  BOOST_TEST(!link.connected(old, now));
  BOOST_TEST(!link.failed(old, now));
  BOOST_TEST((link.stage() == link_stage::connecting));
  BOOST_TEST(link.connected(link.current(), now));
  BOOST_TEST(!link.greeted(old, {1}, now));
  BOOST_TEST(!link.connected(link.current(), now)); // twice is too often
}

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_maximum) {
  instant longest{50ms};
  for (int i = 0; i < 12; ++i) {
    BOOST_TEST((wait() == duty::connect));
    BOOST_TEST(link.failed(link.current(), now));
    BOOST_TEST((pause() >= longest / 2 && pause() <= longest));
    longest = std::min<instant>(2 * longest, 500ms);
  }
  BOOST_TEST((longest == 500ms));
}

BOOST_AUTO_TEST_CASE(a_link_that_lasted_comes_back_soon) {
  for (int i = 0; i < 8; ++i) {
    wait();
    link.failed(link.current(), now);
  }
  go_up();
  now += 1h;
  BOOST_TEST(link.lost(link.current(), now));
  BOOST_TEST((pause() <= 50ms));
}

BOOST_AUTO_TEST_CASE(a_link_that_flaps_slows_down) {
  for (int i = 0; i < 8; ++i) {
    go_up();
    now += 1ms;
    BOOST_TEST(link.lost(link.current(), now));
  }
  BOOST_TEST((pause() >= 250ms));
}

BOOST_AUTO_TEST_CASE(after_a_refusal_it_waits_long) {
  BOOST_TEST(!link.refused(0, now)); // nobody was asked yet
  wait();
  link.connected(1, now);
  BOOST_TEST(link.refused(1, now));
  BOOST_TEST((link.stage() == link_stage::disconnected));
  BOOST_TEST((pause() >= 2500ms));
  BOOST_TEST((wait() == duty::connect));
}

BOOST_AUTO_TEST_CASE(the_passive_side_waits) {
  link_state passive{timing, false, 1, now};
  BOOST_TEST((passive.advance(now + timing.fallback - 1us) == duty::nothing));
  auto first = passive.accepted({3}, now);
  BOOST_TEST((passive.stage() == link_stage::up));
  BOOST_TEST(passive.incarnation().value == 3u);
  BOOST_TEST(!passive.wake_at().has_value());
  // The other side comes again before we know that it was gone.
  auto second = passive.accepted({4}, now);
  BOOST_TEST(passive.incarnation().value == 4u);
  BOOST_TEST(!passive.lost(first, now));
  BOOST_TEST((passive.stage() == link_stage::up));
  BOOST_TEST(passive.lost(second, now));
  BOOST_TEST((passive.stage() == link_stage::disconnected));
  BOOST_TEST((*passive.wake_at() >= now + timing.fallback));
}

BOOST_AUTO_TEST_CASE(the_passive_side_connects_when_nobody_comes) {
  link = link_state{timing, false, 1, now};
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST((pause() >= timing.fallback && pause() <= 2 * timing.fallback));
    BOOST_TEST((wait() == duty::connect));
    BOOST_TEST(link.failed(link.current(), now));
  }
  go_up();
  BOOST_TEST(link.lost(link.current(), now));
  BOOST_TEST((pause() >= timing.fallback));
  // The other side comes in the middle of a try: that one counts.
  BOOST_TEST((wait() == duty::connect));
  auto own = link.current();
  link.accepted({4}, now);
  BOOST_TEST(!link.connected(own, now));
  BOOST_TEST(!link.failed(own, now));
  BOOST_TEST((link.stage() == link_stage::up));
}

BOOST_AUTO_TEST_CASE(who_is_not_believed_waits_longer_each_time) {
  BOOST_TEST(!link.distrusted(now)); // there is no connection
  auto before = 0ms;
  for (int i = 0; i < 12; ++i) {
    wait();
    link.connected(link.current(), now);
    link.greeted(link.current(), {9}, now);
    BOOST_TEST(link.distrusted(now));
    BOOST_TEST((link.stage() == link_stage::disconnected));
    auto length = link.shunned_for(now);
    BOOST_TEST((length >= std::min(before, 30'000ms)));
    BOOST_TEST((pause() <= length && pause() > length - 1ms));
    before = length;
  }
  BOOST_TEST((before >= 30s));
  // Who has behaved for long begins anew.
  wait();
  link.connected(link.current(), now);
  link.greeted(link.current(), {9}, now);
  now += 10min;
  BOOST_TEST(link.distrusted(now));
  BOOST_TEST((link.shunned_for(now) <= 1s));
  BOOST_TEST((link.shunned_for(now + 1s) == 0ms));
}

BOOST_AUTO_TEST_CASE(the_passive_side_shuns_as_well) {
  link_state passive{timing, false, 1, now};
  passive.accepted({3}, now);
  BOOST_TEST((passive.shunned_for(now) == 0ms));
  BOOST_TEST(passive.distrusted(now));
  BOOST_TEST((passive.shunned_for(now) >= 500ms));
  BOOST_TEST((*passive.wake_at() >= now + timing.fallback));
}

// Both sides connect at the same moment, and each closes what the other one
// made. The higher id waits for long before it tries again, so the lower one
// gets through: the ids break the tie.
BOOST_AUTO_TEST_CASE(two_sides_that_collide_do_so_once) {
  constexpr instant step = 1s;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    link_state low{timing, true, seed, now};
    link_state high{timing, false, 1000 + seed, now - timing.fallback};
    auto collisions = 0;
    auto tries = [&] { return std::pair{*low.wake_at(), *high.wake_at()}; };
    for (auto [a, b] = tries(); std::max(a, b) - std::min(a, b) < step;
         std::tie(a, b) = tries()) {
      BOOST_REQUIRE(++collisions <= 1);
      auto then = std::max(a, b);
      for (auto x : {&low, &high}) {
        BOOST_TEST((x->advance(then) == duty::connect));
        BOOST_TEST(x->failed(x->current(), then + step));
      }
    }
    BOOST_TEST(collisions == 1);
    BOOST_TEST((*low.wake_at() < *high.wake_at()));
  }
}

BOOST_AUTO_TEST_CASE(two_seeds_do_not_move_in_step) {
  link_state other{timing, true, 2, now};
  int different = 0;
  for (int i = 0; i < 10; ++i) {
    for (auto x : {&link, &other}) {
      now = std::max(now, *x->wake_at());
      x->advance(now);
      x->failed(x->current(), now);
    }
    different += *link.wake_at() != *other.wake_at();
  }
  BOOST_TEST(different > 5);
}

BOOST_AUTO_TEST_CASE(who_knows_no_address_waits_to_be_connected) {
  link.set_turn(true, false, now);
  BOOST_TEST(!link.wake_at().has_value());
  BOOST_TEST((link.advance(now + 1h) == duty::nothing));
  const auto number = link.accepted({7}, now);
  BOOST_TEST((link.stage() == link_stage::up));
  BOOST_TEST(link.lost(number, now));
  BOOST_TEST(!link.wake_at().has_value());
  // Now it is known.
  link.set_turn(true, true, now);
  BOOST_TEST((link.advance(now) == duty::connect));
}

BOOST_AUTO_TEST_CASE(turns_and_addresses_change) {
  link.set_turn(false, true, now);
  BOOST_TEST(!link.connects());
  BOOST_TEST((link.advance(now) == duty::nothing));
  BOOST_TEST((pause() == timing.fallback));
  link.set_turn(true, true, now);
  go_up();
  // A connection that stands is left alone.
  link.set_turn(false, true, now);
  link.retry(now);
  BOOST_TEST((link.stage() == link_stage::up));
  link.set_turn(true, true, now);
  BOOST_TEST(link.lost(link.current(), now));
  BOOST_TEST((pause() > instant{0}));
  link.retry(now);
  BOOST_TEST((link.advance(now) == duty::connect));
}

BOOST_AUTO_TEST_SUITE_END()
