// Peers that come back so late that their leader has dropped what they lack.

#include <raft/kv/command.hpp>
#include <raft/simulation/cluster.hpp>
#include <raft/simulation/kv_workload.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

cluster_options with_snapshots() {
  static const kv_workload keys;
  cluster_options result;
  result.machine = [](machine_disk& disk, base::random& source) {
    return keys.make_machine_on(disk, source);
  };
  auto& x = result.settings;
  x.log_waits_for_absent = false;
  x.compaction_bytes_min = 500;
  x.log_bytes_kept = 500;
  x.frame_bytes_max = 20;
  x.wire_bytes_max = 20;
  result.checkpoint_after = 100ms;
  return result;
}

/// Three peers, of which one misses so much that only a snapshot can help.
struct late_peer {
  late_peer() {
    BOOST_REQUIRE(
      x.run_until([&] { return !x.leaders().empty(); }, x.now() + 10s));
    leader = x.leaders().back();
    late = {leader.value % 3 + 1};
    write(5);
    x.crash(late);
    missed = x.state(leader).last;
    while (x.state(leader).first <= missed.next())
      write(5);
  }

  void write(int count) {
    for (int i = 0; i < count; ++i) {
      auto key = "k" + std::to_string(i);
      x.start(leader, kv::encode(kv::put{key, "value"}));
      x.run_for(20ms);
    }
  }

  bool has_all() const {
    return x.runs(late) && x.state(late).applied == x.state(leader).applied
        && x.state(late).applied == x.state(leader).last;
  }

  void check() {
    BOOST_REQUIRE(x.run_until([&] { return has_all(); }, x.now() + 30s));
    BOOST_TEST(keys.final_state(x.machine(late))
               == keys.final_state(x.machine(leader)));
  }

  kv_workload keys;
  simulation::cluster x{with_snapshots()};
  peer_id leader;
  peer_id late;
  log_index missed;
};

} // namespace

BOOST_AUTO_TEST_SUITE(late_peers)

BOOST_AUTO_TEST_CASE(who_missed_too_much_gets_a_snapshot) {
  late_peer y;
  BOOST_TEST(y.x.counts().snapshots_installed == 0u);
  y.x.restart(y.late);
  y.check();
  BOOST_TEST(y.x.counts().snapshots_installed == 1u);
  y.write(5);
  y.check();
}

// An absent peer must not make the logs of the others longer and longer.
BOOST_AUTO_TEST_CASE(the_log_stays_short_while_one_is_away) {
  late_peer y;
  std::uint64_t most = 0;
  for (int i = 0; i < 100; ++i) {
    y.write(5);
    most = std::max(most, y.x.state(y.leader).log_bytes);
  }
  BOOST_TEST(most < 5000u);
  y.x.restart(y.late);
  y.check();
}

// It ends after so many microseconds, in the middle of whatever it does then:
// of parts that come, of the log that is reset, of the state machine.
BOOST_AUTO_TEST_CASE(a_crash_at_any_moment_costs_nothing) {
  std::uint64_t goes_on = 0;
  std::uint64_t finishes = 0;
  for (auto after = 500us; after < 400ms; after += 1ms + after / 20) {
    BOOST_TEST_CONTEXT(after.count() << " us") {
      late_peer y;
      y.x.restart(y.late);
      y.x.run_for(after);
      y.x.crash(y.late, after.count() % 1000 == 0 ? unfinished_write::kept
                                                  : unfinished_write::lost);
      y.x.restart(y.late);
      y.check();
      goes_on += y.x.counts().snapshot_parts_found;
      finishes += y.x.counts().installs_finished;
    }
  }
  BOOST_TEST(goes_on > 0u);
  BOOST_TEST(finishes > 0u);
}

BOOST_AUTO_TEST_CASE(a_lost_link_costs_nothing_that_is_there) {
  late_peer y;
  y.x.restart(y.late);
  for (int i = 0; i < 20 && !y.has_all(); ++i) {
    y.x.run_for(7ms);
    y.x.break_link(y.leader, y.late);
    y.x.run_for(30ms);
    y.x.mend_link(y.leader, y.late);
    y.x.run_for(60ms);
  }
  y.check();
}

BOOST_AUTO_TEST_CASE(the_next_leader_goes_on_with_it) {
  late_peer y;
  y.x.restart(y.late);
  y.x.run_for(20ms);
  y.x.crash(y.leader);
  BOOST_REQUIRE(
    y.x.run_until([&] { return !y.x.leaders().empty(); }, y.x.now() + 10s));
  y.leader = y.x.leaders().back();
  y.check();
}

BOOST_AUTO_TEST_CASE(lost_and_doubled_parts_are_no_matter) {
  late_peer y;
  auto network = y.x.network_now();
  network.requests_lost = network.replies_lost = network.doubled = 200;
  y.x.set_network(network);
  y.x.restart(y.late);
  BOOST_TEST(y.x.run_until([&] { return y.x.counts().snapshots_installed > 0; },
                           y.x.now() + 60s));
  y.x.end_faults();
  if (!y.x.leaders().empty())
    y.leader = y.x.leaders().back();
  y.check();
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// Three peers whose state machines keep nothing on their disks.
struct forgetful_peers {
  static cluster_options options() {
    auto result = with_snapshots();
    result.machine = {};
    auto& x = result.settings;
    x.machine_keeps_state = false;
    x.snapshot_log_bytes = 2000;
    return result;
  }

  void write(int count) {
    for (int i = 0; i < count; ++i) {
      BOOST_REQUIRE(
        x.run_until([&] { return !x.leaders().empty(); }, x.now() + 10s));
      x.start(x.leaders().back(), kv::encode(kv::append{"k", "more "}));
      x.run_for(20ms);
    }
  }

  void check() {
    BOOST_REQUIRE(x.run_until(
      [&] {
        return !x.leaders().empty() && x.runs({1}) && x.runs({2}) && x.runs({3})
            && std::ranges::all_of(all, [&](peer_id id) {
                 return x.state(id).applied == x.state(x.leaders().back()).last;
               });
      },
      x.now() + 30s));
    for (auto id : all)
      BOOST_TEST(keys.final_state(x.machine(id))
                 == keys.final_state(x.machine({1})));
  }

  const std::vector<peer_id> all{{1}, {2}, {3}};
  kv_workload keys;
  simulation::cluster x{options()};
};

} // namespace

BOOST_AUTO_TEST_SUITE(forgetful_machines)

BOOST_AUTO_TEST_CASE(their_logs_end_as_well) {
  forgetful_peers y;
  std::uint64_t most = 0;
  for (int i = 0; i < 60; ++i) {
    y.write(5);
    for (auto id : y.all)
      most = std::max(most, y.x.state(id).log_bytes);
  }
  // The trail, what makes a snapshot due and entries go, and those of the
  // meantime.
  BOOST_TEST(most < 6000u);
  for (auto id : y.all)
    BOOST_TEST((y.x.state(id).first > log_index{200}));
  y.check();
  BOOST_TEST(y.x.counts().snapshots_installed == 0u);
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_moment_leaves_log_and_snapshot) {
  for (auto after = 1ms; after < 400ms; after += 1ms + after / 10) {
    BOOST_TEST_CONTEXT(after.count() << " ms") {
      forgetful_peers y;
      y.write(50);
      y.x.run_for(after);
      for (auto id : y.all)
        y.x.crash(id, after.count() % 2 == 0 ? unfinished_write::kept
                                             : unfinished_write::lost);
      for (auto id : y.all)
        y.x.restart(id);
      BOOST_TEST(y.x.counts().boots_on_compacted == 3u);
      y.write(30);
      y.check();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
