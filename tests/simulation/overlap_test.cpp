// Faults that overlap: each lasts as long as the schedule says, whatever else
// begins or ends meanwhile.

#include <raft/simulation/schedule.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <vector>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

/// A fault that lasts, one that begins and ends meanwhile, and how to see that
/// the first one lasts.
struct pair_of_faults {
  std::string name;
  fault longer;
  fault shorter;
  std::function<bool(const cluster&)> lasts;
};

fault make(fault_kind what, std::uint64_t number = 0) {
  return {{}, what, {1}, {2}, {}, number};
}

std::function<bool(const cluster&)> way(affliction x, std::uint64_t from,
                                        std::uint64_t to) {
  return [=](const cluster& on) { return on.is_afflicted(x, {from}, {to}); };
}

std::vector<pair_of_faults> pairs() {
  using enum fault_kind;
  auto cut_off = way(affliction::cut, 1, 2);
  auto stalled = way(affliction::stalled, 1, 2);
  auto hangs = [](const cluster& on) {
    return on.log_disk({1}).now == disk_profile::mode::hangs;
  };
  auto down = [](const cluster& on) { return !on.runs({1}); };
  return {
    {"cuts", make(cut), make(cut), cut_off},
    {"a cut, all cut off", make(cut), make(isolate), cut_off},
    {"a cut, mute", make(cut), make(mute), cut_off},
    {"a cut, a partition", make(cut), make(partition, 1), cut_off},
    {"a cut, another partition", make(cut), make(partition, 3), cut_off},
    {"a cut, links that come and go", make(cut), make(swizzle), cut_off},
    {"deaf, mute", make(deafen), make(mute), way(affliction::cut, 2, 1)},
    {"a partition, a cut", make(partition, 1), make(cut), cut_off},
    {"stalls", make(stall), make(stall), stalled},
    {"a stall, all stalled", make(stall), make(stall, 1), stalled},
    {"links", make(break_link), make(break_link),
     way(affliction::broken, 1, 2)},
    {"pauses", make(pause), make(pause),
     [](const cluster& on) { return !on.acts({1}); }},
    {"crashes", make(crash), make(crash), down},
    {"a crash, a disk that fails", make(crash), make(fail_disk), down},
    {"a crash, one of all", make(crash), make(crash_all), down},
    {"disks that hang", make(hang_disk), make(hang_disk), hangs},
    {"a disk that hangs and is slow", make(hang_disk), make(slow_disk, 1000),
     hangs},
    {"slow disks", make(slow_disk, 70'000), make(slow_disk, 1000),
     [](const cluster& on) { return on.log_disk({1}).delay_max >= 70ms; }},
    {"clocks", make(drift, 600'000), make(drift, 400'000),
     [](const cluster& on) { return on.drift({1}) != 0; }},
    {"wall clocks", make(set_clock, clock_is_right + 7200),
     make(set_clock, clock_is_right - 5),
     [](const cluster& on) { return on.wall_ahead_ms({1}) != 0; }},
    {"losses", make(lose, 300), make(lose, 100),
     [](const cluster& on) { return on.network_now().requests_lost >= 100; }},
    {"delays", make(delay, 400'000), make(delay, 50'000),
     [](const cluster& on) {
       return on.network_now().request_delay_max >= 50ms;
     }},
    {"replays", make(echo, 30), make(echo, 3),
     [](const cluster& on) { return on.network_now().replays >= 3; }},
  };
}

} // namespace

BOOST_AUTO_TEST_SUITE(overlaps_of_faults)

BOOST_AUTO_TEST_CASE(each_lasts_as_long_as_it_should) {
  for (auto& x : pairs())
    BOOST_TEST_CONTEXT(x.name) {
      cluster on{draw_cluster(1)};
      on.run_for(1s);
      BOOST_TEST(!x.lasts(on));
      x.longer.length = 300ms;
      x.shorter.length = 100ms;
      inflict(on, x.longer);
      on.run_for(50ms);
      BOOST_TEST(x.lasts(on));
      inflict(on, x.shorter);
      on.run_for(50ms);
      BOOST_TEST(x.lasts(on));
      on.run_for(180ms);
      BOOST_TEST(x.lasts(on));
      on.run_for(30ms);
      BOOST_TEST(!x.lasts(on));
    }
}

BOOST_AUTO_TEST_CASE(the_later_one_counts_and_what_was_before_comes_back) {
  cluster on{draw_cluster(1)};
  auto usual = on.network_now();
  auto first = make(fault_kind::lose, 300);
  first.length = 300ms;
  auto second = make(fault_kind::lose, 100);
  second.length = 100ms;
  inflict(on, first);
  inflict(on, second);
  BOOST_TEST(on.network_now().requests_lost == 100u);
  on.run_for(150ms);
  BOOST_TEST(on.network_now().requests_lost == 300u);
  on.run_for(200ms);
  BOOST_TEST((on.network_now() == usual));
}

BOOST_AUTO_TEST_CASE(the_end_of_faults_ends_them_all) {
  cluster on{draw_cluster(1)};
  for (auto& x : pairs()) {
    x.longer.length = 10s;
    inflict(on, x.longer);
  }
  on.run_for(50ms);
  on.end_faults();
  on.run_for(50ms);
  for (const auto& x : pairs())
    BOOST_TEST(!x.lasts(on), x.name);
  // And leaves nothing that would keep later ones from ending.
  on.resume_faults();
  auto again = make(fault_kind::cut);
  again.length = 10ms;
  inflict(on, again);
  on.run_for(20ms);
  BOOST_TEST(!on.is_afflicted(affliction::cut, {1}, {2}));
}

BOOST_AUTO_TEST_SUITE_END()
