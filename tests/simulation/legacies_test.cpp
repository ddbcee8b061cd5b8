// What is taken from a cluster while it runs, and what becomes of it.

#include <raft/kv/command.hpp>
#include <raft/simulation/fuzz.hpp>
#include <raft/simulation/kv_workload.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

/// A cluster that a client writes to all the time.
struct written_cluster {
  explicit written_cluster(bool drops) : x{options(drops)} {
    x.run_program(x.open_client(), [](const program_context& c) {
      return kv::encode(kv::put{"k" + std::to_string(c.number % 7), "value"});
    });
    x.run_for(3s);
  }

  static cluster_options options(bool drops) {
    cluster_options result;
    result.settings.machine_keeps_state = false;
    if (drops) {
      result.settings.log_waits_for_absent = false;
      result.settings.compaction_bytes_min = 100;
      result.settings.log_bytes_kept = 100;
      result.settings.snapshot_log_entries = 5;
    }
    return result;
  }

  simulation::cluster x;
};

/// Three peers, whom nothing else is done to.
schedule with(fault_kind what, std::uint64_t number) {
  schedule result;
  const auto suits = [](const cluster_options& x) {
    return x.peers == 3 && x.spares == 0;
  };
  while (!suits(draw_cluster(result.seed)))
    ++result.seed;
  result.clients = 2;
  result.length = 5s;
  result.faults.push_back({3s, what, {1}, {}, 1s, number});
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(legacies)

BOOST_AUTO_TEST_CASE(increments_follow_a_backup_without_a_gap) {
  written_cluster y{false};
  BOOST_TEST(y.x.back_up({2}));
  y.x.run_for(3s);
  BOOST_REQUIRE(y.x.left().backups.size() == 1u);
  const auto& found = y.x.left().backups.front();
  auto end = found.content->head.last.index;
  BOOST_TEST(end.value == found.content->entries.size());
  for (const auto who : y.x.ids()) {
    y.x.back_up_more(who);
    y.x.run_for(1s);
  }
  BOOST_TEST(found.more.size() > 3u);
  for (const auto& e : found.more) {
    BOOST_TEST((e.index == end.next()));
    BOOST_TEST((e == y.x.delivered({1}).at(end.value)));
    end = end.next();
  }
}

BOOST_AUTO_TEST_CASE(what_no_log_has_is_in_no_increment) {
  written_cluster y{true};
  BOOST_TEST(y.x.back_up({2}));
  y.x.run_for(30s);
  BOOST_REQUIRE(y.x.left().backups.size() == 1u);
  const auto& found = y.x.left().backups.front();
  BOOST_REQUIRE((y.x.state({1}).first > found.content->head.last.index.next()));
  y.x.back_up_more({1});
  BOOST_TEST(found.more.empty());
}

BOOST_AUTO_TEST_CASE(a_cluster_is_founded_from_each_backup) {
  const kv_workload keys;
  const auto result = play(keys, with(fault_kind::back_up, 0));
  BOOST_TEST(!result.violation, result.violation.value_or(""));
  BOOST_TEST(result.counts.clusters_restored == 1u);
}

BOOST_AUTO_TEST_CASE(one_that_survives_goes_on_alone_unless_it_is_a_majority) {
  const kv_workload keys;
  for (const std::uint64_t survivors : {1U, 2U, 4U, 3U, 7U}) {
    const auto result = play(keys, with(fault_kind::lose_majority, survivors));
    BOOST_TEST(!result.violation, result.violation.value_or(""));
    const auto is_one = (survivors & (survivors - 1)) == 0;
    BOOST_TEST(result.counts.clusters_recovered == (is_one ? 1u : 0u));
  }
}

BOOST_AUTO_TEST_SUITE_END()
