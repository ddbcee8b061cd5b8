// A process that dies, and a disk that fails or fills up, at each call while a
// directory is filled from the file of a snapshot: the next start finishes it.

#include <raft/kv/engine_factory.hpp>
#include <raft/kv/pair_stream.hpp>
#include <raft/machine/durability.hpp>
#include <raft/persistence/founding.hpp>
#include <raft/snapshots/snapshot_error.hpp>
#include <raft/tests/cluster/restorable.hpp>
#include <raft/tests/support/disk_runs.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace raft;
using namespace raft::cluster;
using namespace raft::test;
namespace fs = std::filesystem;

namespace {

struct fault_fixture {
  temporary_directory tmp{fast_place()};
  std::string file = tmp.path("x.snapshot");
  original source;
  configuration config;

  fault_fixture() {
    source.fill(50);
    source.write(file);
    config.id = {1};
    config.members = {{{1}, {"127.0.0.1", 7001}}, {{2}, {"127.0.0.1", 7002}}};
    config.data_directory = tmp.path("data/1");
    config.map_bytes = 16 << 20;
    config.journal = {2, 16 << 10};
    config.reserved_space = {64 << 10, 16 << 10};
  }

  restored_store restore() const {
    kv::engine_options engine;
    engine.directory = config.data_directory;
    engine.map_bytes = config.map_bytes;
    return open_restored(
      config, {file, kv::state_format, kv::engine_restorations(engine)});
  }

  /// Sends 1 when it is done.
  void run(int out) const {
    try {
      auto done = restore();
      send_number(out, done.restored ? 1 : 2);
    } catch (const raft::machine::no_space&) {
      // Nothing was promised.
    } catch (const persistence::store_error&) {
      // As said.
    } catch (const snapshots::snapshot_error&) {
      // As said.
    }
  }

  void check(bool was_done) const {
    auto done = restore();
    // A step may have come to its end although nobody was told.
    BOOST_TEST(!(was_done && done.restored.has_value()));
    auto found = done.store->load({1});
    BOOST_TEST((found.last == source.last()));
    BOOST_TEST(
      (found.members.current() == membership{{}, {{1}, {2}}, {}, {}, {}}));
    BOOST_TEST((found.installing == snapshot_head{}));
    BOOST_TEST(persistence::unfinished_founding(*done.store, {1}).empty());
    auto [applied, digest]
      = state_in(config, done.store->identity().incarnation);
    BOOST_TEST((applied == source.last().index));
    BOOST_TEST(digest.hash == source.digest().hash);
    BOOST_TEST(digest.keys == 50u);
  }

  std::uint64_t at_each(disk_fault fault, std::uint64_t stride) {
    return for_each_call(fault, disk_calls::all, stride, [&](disk_plan plan) {
      fs::remove_all(tmp.path("data"));
      fs::create_directory(tmp.path("data"));
      plan.directory = tmp.path("data");
      auto did = run_on_disk(plan, [this](int out) { run(out); });
      if (!did.happened)
        return false;
      BOOST_TEST_CONTEXT(describe(plan)) {
        BOOST_TEST(did.acknowledged <= 1u);
        check(did.acknowledged == 1);
      }
      return true;
    });
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(restoration_faults, fault_fixture)

BOOST_AUTO_TEST_CASE(a_kill_costs_no_more_than_another_start) {
  BOOST_TEST(at_each(disk_fault::kill, 1) > 50u);
}

BOOST_AUTO_TEST_CASE(so_does_a_power_failure) {
  BOOST_TEST(at_each(disk_fault::power, 3) > 50u);
}

BOOST_AUTO_TEST_CASE(so_does_a_disk_that_fills_up) {
  BOOST_TEST(at_each(disk_fault::no_space, 3) > 50u);
}

BOOST_AUTO_TEST_CASE(so_does_one_that_fails) {
  BOOST_TEST(at_each(disk_fault::io_error, 3) > 50u);
}

BOOST_AUTO_TEST_SUITE_END()
