// A state is replaced by that of a snapshot of the same cluster, with a log
// that goes on; also when the process dies or the disk fails at any call.

#include <raft/cluster/repair.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/kv/pair_stream.hpp>
#include <raft/machine/durability.hpp>
#include <raft/persistence/founding.hpp>
#include <raft/snapshots/shelf.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/tests/cluster/restorable.hpp>
#include <raft/tests/support/disk_runs.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <span>

using namespace raft;
using namespace raft::cluster;
using namespace raft::test;
namespace fs = std::filesystem;

namespace {

durable_state log_that_ends(log_position last, cluster_id cluster = {}) {
  durable_state result;
  result.last = last;
  result.cluster = cluster;
  return result;
}

snapshot_head snapshot_that_ends(log_position last, cluster_id cluster = {}) {
  snapshot_head result;
  result.last = last;
  result.cluster = cluster;
  return result;
}

bool is_objected_to(log_position log, log_position snapshot) {
  return !objection_to(log_that_ends(log), snapshot_that_ends(snapshot))
            .empty();
}

struct repair_fixture {
  temporary_directory tmp{fast_place()};
  std::string file = tmp.path("x.snapshot");
  original source;
  snapshot_head head;
  configuration config;

  repair_fixture() {
    source.fill(50);
    const auto counts = source.write(file);
    head = snapshots::head_of(source.about(), counts);
    config.id = {1};
    config.members = {{{1}, {"127.0.0.1", 7001}},
                      {{2}, {"127.0.0.1", 7002}},
                      {{3}, {"127.0.0.1", 7003}}};
    config.data_directory = tmp.path("data/1");
    config.map_bytes = 16 << 20;
    config.journal = {2, 16 << 10};
    config.reserved_space = {64 << 10, 16 << 10};
  }

  kv::engine_options engine() const {
    kv::engine_options result;
    result.directory = config.data_directory;
    result.map_bytes = config.map_bytes;
    return result;
  }

  /// A peer that has voted, and whose log ends a bit before the snapshot.
  void found() const {
    fs::remove_all(tmp.path("data"));
    fs::create_directories(config.data_directory);
    auto store = open_store(config);
    persistence::found_group(*store, {1}, {{1}, {2}, {3}});
    persist batch{{1}, {}, {}};
    batch.batch.hard = {{4}, {2}};
    for (std::uint64_t i = 1; i < source.last().index.value; ++i)
      batch.batch.entries.push_back(
        {{4}, {i}, entry_kind::command, 5, {}, to_bytes(cluster_id{i})});
    store->commit(std::span{&batch, 1});
    store->conclude();
  }

  void repair_it() const {
    auto store = open_store(config);
    repair(*store, {1}, head,
           {file, kv::state_format, kv::engine_restorations(engine())});
  }

  /// Sends 1 when it is done.
  void run(int out) const {
    try {
      repair_it();
      send_number(out, 1);
    } catch (const raft::machine::no_space&) {
      // Nothing was promised.
    } catch (const persistence::store_error&) {
      // As said.
    } catch (const snapshots::snapshot_error&) {
      // As said.
    }
  }

  /// Before or after, and nothing in between.
  void check(bool was_done) const {
    auto store = open_store(config);
    const auto found = store->load({1});
    BOOST_TEST((found.hard == hard_state{{4}, {2}}));
    BOOST_TEST(
      (found.members.founding.voters == std::vector<peer_id>{{1}, {2}, {3}}));
    const auto is_reset = found.compacted == head.last;
    BOOST_TEST((is_reset || !was_done));
    if (!is_reset) {
      BOOST_TEST((found.last.index.next() == source.last().index));
      const auto data = kv::engine_directory(config.data_directory, {1});
      BOOST_TEST(!fs::exists(data + "/data.mdb"));
      return;
    }
    BOOST_TEST((found.last == head.last));
    const machine::machine_context context{{1},
                                           config.cluster,
                                           {1},
                                           store->identity().incarnation,
                                           found.installing.last.index};
    // What a start finishes; see `actors::class_of_machines`.
    if (found.installing.last.index) {
      auto rest = kv::engine_restorations(engine())(context);
      if (rest->find(head.last.index))
        rest->install();
    }
    const auto [applied, digest]
      = state_in(config, store->identity().incarnation);
    BOOST_TEST((applied == source.last().index));
    BOOST_TEST(digest.hash == source.digest().hash);
  }

  std::uint64_t at_each(disk_fault fault, std::uint64_t stride) {
    return for_each_call(fault, disk_calls::all, stride, [&](disk_plan plan) {
      found();
      plan.directory = tmp.path("data");
      const auto did = run_on_disk(plan, [this](int out) { run(out); });
      if (!did.happened)
        return false;
      BOOST_TEST_CONTEXT(describe(plan)) {
        check(did.acknowledged == 1);
      }
      // Whoever tries again, gets there.
      repair_it();
      check(true);
      return true;
    });
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(repair_suite, repair_fixture)

BOOST_AUTO_TEST_CASE(what_others_may_count_on_stays) {
  BOOST_TEST(!is_objected_to({{7}, {2}}, {{7}, {2}}));
  BOOST_TEST(!is_objected_to({{7}, {2}}, {{8}, {2}}));
  // The tail is of a term whose leader has lost its office.
  BOOST_TEST(!is_objected_to({{7}, {2}}, {{6}, {3}}));
  BOOST_TEST(is_objected_to({{7}, {2}}, {{6}, {2}}));
  // A leader that was cut off gives old ones.
  BOOST_TEST(is_objected_to({{7}, {2}}, {{9}, {1}}));
  const auto other = objection_to(log_that_ends({{7}, {2}}, {5}),
                                  snapshot_that_ends({{9}, {2}}, {6}));
  BOOST_TEST(other.find("of the cluster with the id 6") != std::string::npos);
  BOOST_TEST(objection_to(log_that_ends({{7}, {2}}, {6}),
                          snapshot_that_ends({{9}, {2}}, {6}))
             == "");
}

BOOST_AUTO_TEST_CASE(a_state_is_replaced) {
  found();
  BOOST_TEST(damage_of_log(*open_store(config), {1}) == "");
  repair_it();
  check(true);
  BOOST_TEST((open_store(config)->load({1}).installing == snapshot_head{}));
}

BOOST_AUTO_TEST_CASE(an_older_snapshot_changes_nothing) {
  found();
  auto store = open_store(config);
  auto older = head;
  older.last.index = {3};
  BOOST_CHECK_THROW(
    repair(*store, {1}, older,
           {file, kv::state_format, kv::engine_restorations(engine())}),
    restoration_error);
  BOOST_TEST((store->load({1}).last.index.next() == source.last().index));
}

BOOST_AUTO_TEST_CASE(a_kill_leaves_what_was_there_or_what_comes) {
  BOOST_TEST(at_each(disk_fault::kill, 1) > 30u);
}

BOOST_AUTO_TEST_CASE(so_does_a_power_failure_meanwhile) {
  BOOST_TEST(at_each(disk_fault::power, 3) > 30u);
}

BOOST_AUTO_TEST_CASE(so_does_a_disk_that_fills_up_meanwhile) {
  BOOST_TEST(at_each(disk_fault::no_space, 3) > 30u);
}

BOOST_AUTO_TEST_SUITE_END()
