// A disk that fails at each write and each sync of the engine: what is found
// afterwards is what a save left that was acknowledged, or the one after it.

#include "told_log.hpp"
#include <raft/kv/dump.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/tests/support/disk_runs.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <vector>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;
using persistence::store_errc;
using persistence::store_error;

namespace {

constexpr std::uint64_t saves = 6;
constexpr std::uint64_t entries_per_save = 70;

/// What a state machine in memory knows after each save, and what it answers to
/// the entries that follow.
struct history {
  history() {
    machine::executor model{std::make_unique<kv_machine>()};
    digests.push_back(model.query(digest_request()));
    for (std::uint64_t i = 1; i <= saves * entries_per_save; ++i) {
      replies.push_back(model.apply(entry_at(i)));
      if (i % entries_per_save == 0)
        digests.push_back(model.query(digest_request()));
    }
  }

  std::vector<bytes> digests;
  std::vector<apply_result> replies;
};

const history& told() {
  static const history result;
  return result;
}

void apply_some(machine::executor& uut) {
  for (std::uint64_t i = 0; i < entries_per_save; ++i) {
    auto next = uut.applied().value + 1;
    if (!(uut.apply(entry_at(next)) == told().replies.at(next - 1)))
      throw std::logic_error{"another answer than the one in memory"};
  }
}

/// Saves. What is refused for lack of room may be tried again, all else must be
/// refused from then on.
/// @returns whether it was saved.
bool save(machine::save_job& job) {
  try {
    job.run();
    return true;
  } catch (const machine::no_room&) {
    job.run();
    return true;
  } catch (const store_error& e) {
    if (e.code() != store_errc::write_failed)
      throw;
  }
  try {
    job.run();
  } catch (const store_error& e) {
    if (e.code() != store_errc::write_failed)
      throw;
    // The engine takes room in the background, too.
    return false;
  }
  throw std::logic_error{"saved after a failed write"};
}

/// Opens or makes an engine, applies what is missing, and saves now and then.
void run_engine(const table_options& options, int out) {
  std::shared_ptr<table> disk;
  try {
    disk = open_lmdb_table(options);
  } catch (const store_error&) {
    return;
  }
  auto uut = open(disk);
  while (uut.applied().value < saves * entries_per_save) {
    apply_some(uut);
    if (!save(*uut.take_save(uut.applied(), true)))
      return;
    uut.save_done();
    send_number(out, uut.saved().value / entries_per_save);
  }
}

struct faults_fixture {
  faults_fixture() {
    told(); // once, not in each child
    options.directory = tmp.path("kv-1");
    options.owner = {"test", {1}, {77}};
  }

  std::uint64_t at_each(disk_fault fault, disk_calls calls,
                        std::uint64_t stride = 1) {
    return for_each_call(fault, calls, stride,
                         [this](const disk_plan& x) { return run(x); });
  }

  /// Has a new engine written on a faulty disk, then looks at what is left.
  bool run(disk_plan plan) {
    std::filesystem::remove_all(options.directory);
    plan.directory = tmp.path();
    auto [acknowledged, happened]
      = run_on_disk(plan, [this](int out) { run_engine(options, out); });
    BOOST_TEST_CONTEXT(describe(plan)) {
      check(acknowledged);
    }
    return happened;
  }

  void check(std::uint64_t acknowledged) const {
    {
      auto found = open(open_lmdb_table(options));
      auto last = found.applied().value;
      BOOST_REQUIRE(last % entries_per_save == 0);
      BOOST_REQUIRE(last / entries_per_save >= acknowledged);
      BOOST_REQUIRE(last / entries_per_save <= acknowledged + 1);
      BOOST_REQUIRE((found.query(digest_request())
                     == told().digests.at(last / entries_per_save)));
      // It goes on, too, with the sessions of that very entry.
      while (found.applied().value < saves * entries_per_save) {
        apply_some(found);
        found.take_save(found.applied(), true)->run();
        found.save_done();
      }
      BOOST_REQUIRE(
        (found.query(digest_request()) == told().digests.at(saves)));
    }
    std::ostringstream text;
    BOOST_REQUIRE_MESSAGE(dump({options.directory, {1}, true}, text) == 0,
                          text.str());
  }

  temporary_directory tmp{fast_place()};
  table_options options;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(engine_on_a_faulty_disk, faults_fixture)

BOOST_AUTO_TEST_CASE(a_kill_at_each_call_leaves_what_was_saved) {
  BOOST_TEST(at_each(disk_fault::kill, disk_calls::all) > 30u);
}

BOOST_AUTO_TEST_CASE(a_power_failure_at_each_call_leaves_what_was_saved) {
  BOOST_TEST(at_each(disk_fault::power, disk_calls::all) > 30u);
}

BOOST_AUTO_TEST_CASE(a_failed_sync_is_not_tried_again) {
  BOOST_TEST(at_each(disk_fault::io_error, disk_calls::syncs) > 5u);
}

BOOST_AUTO_TEST_CASE(a_failed_write_is_not_tried_again) {
  BOOST_TEST(at_each(disk_fault::io_error, disk_calls::writes, 3) > 20u);
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_at_any_call_loses_nothing) {
  BOOST_TEST(at_each(disk_fault::no_space, disk_calls::all, 3) > 30u);
}

BOOST_AUTO_TEST_SUITE_END()
