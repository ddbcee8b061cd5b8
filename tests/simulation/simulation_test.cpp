// Whole clusters in virtual time, from seeds.
//
// RAFT_SEEDS=FROM..TO in the environment runs other seeds than the usual ones,
// both inclusive.

#include <raft/tests/simulation/world.hpp>
#include <raft/tests/support/words.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

using namespace raft::test;

namespace {

struct seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 2000;
};

seeds wanted_seeds() {
  const auto* text = std::getenv("RAFT_SEEDS");
  if (!text)
    return {};
  std::string range{text};
  auto dots = range.find("..");
  if (dots == std::string::npos)
    throw std::runtime_error{"RAFT_SEEDS must be FROM..TO"};
  return {to_number(range.substr(0, dots)), to_number(range.substr(dots + 2))};
}

/// Plays a failed seed again to tell what led to it.
void report(std::uint64_t seed, const std::string& what) {
  constexpr std::size_t lines_max = 120;
  world again{seed, true};
  try {
    again.run();
  } catch (const violation&) {
    // As expected.
  }
  const auto& trace = again.trace();
  auto n = std::min(trace.size(), lines_max);
  for (auto i = trace.size() - n; i < trace.size(); ++i)
    std::cerr << trace[i] << '\n';
  BOOST_ERROR("seed " << seed << ": " << what
                      << "\nagain with RAFT_SEEDS=" << seed << ".." << seed);
}

} // namespace

BOOST_AUTO_TEST_SUITE(simulation)

BOOST_AUTO_TEST_CASE(nothing_committed_is_ever_lost_and_clusters_heal) {
  auto [first, last] = wanted_seeds();
  tally sum;
  for (auto seed = first; seed <= last; ++seed) {
    world it{seed};
    try {
      it.run();
    } catch (const violation& error) {
      report(seed, error.what());
    }
    sum += it.counts();
  }
  BOOST_TEST_MESSAGE("steps " << sum.steps << ", crashes " << sum.crashes
                              << ", terms led " << sum.terms_led
                              << ", committed " << sum.committed);
  if (std::getenv("RAFT_SEEDS"))
    return;
  // A fault that never strikes tests nothing.
  BOOST_TEST(sum.writes_kept > 0u);
  BOOST_TEST(sum.terms_led > 1000u);
  BOOST_TEST(sum.committed > 1000u);
  BOOST_TEST(sum.busy > 0u);
  BOOST_TEST(sum.truncations > 0u);
  BOOST_TEST(sum.reads_for_followers > 0u);
  BOOST_TEST(sum.reads_to_apply > 0u);
  BOOST_TEST(sum.late_wakes > 0u);
  BOOST_TEST(sum.dropped_answers > 0u);
  BOOST_TEST(sum.lost_quorums > 0u);
  BOOST_TEST(sum.refused_writes > 0u);
  BOOST_TEST(sum.refused_reserves > 0u);
  BOOST_TEST(sum.disk_full_answers > 0u);
  BOOST_TEST(sum.room_found > 0u);
  BOOST_TEST(sum.compactions > 0u);
  BOOST_TEST(sum.boots_on_state > 0u);
  BOOST_TEST(sum.boots_on_compacted > 0u);
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_run) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    world one{seed};
    world two{seed};
    one.run();
    two.run();
    BOOST_TEST(one.hash() == two.hash());
    BOOST_TEST(one.counts().steps == two.counts().steps);
  }
}

BOOST_AUTO_TEST_CASE(different_seeds_give_different_runs) {
  world one{1};
  world two{2};
  one.run();
  two.run();
  BOOST_TEST(one.hash() != two.hash());
}

BOOST_AUTO_TEST_SUITE_END()
