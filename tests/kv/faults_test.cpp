// A disk that fails at each write and each sync of the engine: what is found
// afterwards is what a checkpoint left that was acknowledged, or the one after
// it.

#include "told_log.hpp"
#include <raft/kv/dump.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/tests/support/disk_runs.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <vector>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;
using persistence::store_errc;
using persistence::store_error;

namespace {

constexpr std::uint64_t checkpoints = 6;
constexpr std::uint64_t entries_per_checkpoint = 70;

/// What a state machine in memory knows after each checkpoint, and what it
/// answers to the entries that follow.
struct history {
  history() {
    machine::executor model{std::make_unique<kv_machine>()};
    digests.push_back(model.query(digest_request()));
    for (std::uint64_t i = 1; i <= checkpoints * entries_per_checkpoint; ++i) {
      replies.push_back(model.apply(entry_at(i)));
      if (i % entries_per_checkpoint == 0)
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
  for (std::uint64_t i = 0; i < entries_per_checkpoint; ++i) {
    auto next = uut.applied().value + 1;
    if (!(uut.apply(entry_at(next)) == told().replies.at(next - 1)))
      throw std::logic_error{"another answer than the one in memory"};
  }
}

/// Checkpoints. What is refused for lack of room may be tried again, all else
/// must be refused from then on.
/// @returns whether it was checkpointed.
bool checkpoint(machine::checkpoint_job& job) {
  job.hurry(); // Nobody needs the disk beside it.
  try {
    job.run();
    return true;
  } catch (const machine::no_space&) {
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
  throw std::logic_error{"checkpointed after a failed write"};
}

/// Opens or makes an engine, applies what is missing, and checkpoints now and
/// then.
void run_engine(const table_options& options, int out) {
  std::shared_ptr<table> disk;
  try {
    disk = open_lmdb_table(options);
  } catch (const store_error&) {
    return;
  }
  auto uut = open(disk);
  while (uut.applied().value < checkpoints * entries_per_checkpoint) {
    apply_some(uut);
    if (!checkpoint(*uut.take_checkpoint(uut.applied(), true)))
      return;
    uut.checkpoint_done();
    send_number(out, uut.checkpointed().value / entries_per_checkpoint);
  }
}

/// What the checkpoints of a run take of a disk.
struct checkpoint_size {
  const char* name;
  portion_bounds portions;
  bool staged;
  /// So many syncs, and calls in all, there are at least.
  std::uint64_t syncs;
  std::uint64_t calls;
};

std::ostream& operator<<(std::ostream& out, const checkpoint_size& x) {
  return out << x.name;
}

const checkpoint_size checkpoint_sizes[] = {
  {"in one transaction", {}, false, 5, 30},
  {"in many transactions", {1, 256}, true, 40, 200},
};

struct faults_fixture {
  faults_fixture() {
    told(); // once, not in each child
    options.directory = tmp.path("kv-1");
    options.owner = {"test", {1}, {77}};
  }

  /// Fails each call in turn.
  /// @returns how many there were, about.
  std::uint64_t at_each(const checkpoint_size& size, disk_fault fault,
                        disk_calls calls, std::uint64_t stride = 1) {
    options.portions = size.portions;
    found_staged = 0;
    auto result = for_each_call(fault, calls, stride,
                                [this](const disk_plan& x) { return run(x); });
    // Some of the runs ended between the first transaction of a checkpoint that
    // counts and the last one.
    BOOST_TEST((found_staged > 0) == size.staged);
    return result;
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

  /// Whether changes are staged that count.
  bool is_staged() const {
    std::ostringstream text;
    try {
      dump({options.directory, {1}, false}, text);
    } catch (const store_error&) {
      // It died before there was anything to see.
    }
    return text.str().find("staged ") != std::string::npos;
  }

  void check(std::uint64_t acknowledged) {
    found_staged += is_staged();
    {
      auto found = open(open_lmdb_table(options));
      auto last = found.applied().value;
      BOOST_REQUIRE(last % entries_per_checkpoint == 0);
      BOOST_REQUIRE(last / entries_per_checkpoint >= acknowledged);
      BOOST_REQUIRE(last / entries_per_checkpoint <= acknowledged + 1);
      BOOST_REQUIRE((found.query(digest_request())
                     == told().digests.at(last / entries_per_checkpoint)));
      // It goes on, too, with the sessions of that very entry.
      while (found.applied().value < checkpoints * entries_per_checkpoint) {
        apply_some(found);
        BOOST_REQUIRE(
          checkpoint(*found.take_checkpoint(found.applied(), true)));
        found.checkpoint_done();
      }
      BOOST_REQUIRE(
        (found.query(digest_request()) == told().digests.at(checkpoints)));
    }
    std::ostringstream text;
    BOOST_REQUIRE_MESSAGE(dump({options.directory, {1}, true}, text) == 0,
                          text.str());
  }

  temporary_directory tmp{fast_place()};
  table_options options;
  /// How many runs left changes behind that counted and were staged.
  std::size_t found_staged = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(engine_on_a_faulty_disk, faults_fixture)

BOOST_DATA_TEST_CASE(a_kill_at_each_call_leaves_what_was_checkpointed,
                     boost::unit_test::data::make(checkpoint_sizes)) {
  BOOST_TEST(at_each(sample, disk_fault::kill, disk_calls::all) > sample.calls);
}

BOOST_DATA_TEST_CASE(a_power_failure_at_each_call_leaves_what_was_checkpointed,
                     boost::unit_test::data::make(checkpoint_sizes)) {
  BOOST_TEST(at_each(sample, disk_fault::power, disk_calls::all)
             > sample.calls);
}

BOOST_DATA_TEST_CASE(a_failed_sync_is_not_tried_again,
                     boost::unit_test::data::make(checkpoint_sizes)) {
  BOOST_TEST(at_each(sample, disk_fault::io_error, disk_calls::syncs)
             > sample.syncs);
}

BOOST_DATA_TEST_CASE(a_failed_write_is_not_tried_again,
                     boost::unit_test::data::make(checkpoint_sizes)) {
  BOOST_TEST(at_each(sample, disk_fault::io_error, disk_calls::writes, 3)
             > sample.calls / 2);
}

BOOST_DATA_TEST_CASE(a_disk_that_is_full_at_any_call_loses_nothing,
                     boost::unit_test::data::make(checkpoint_sizes)) {
  BOOST_TEST(at_each(sample, disk_fault::no_space, disk_calls::all, 3)
             > sample.calls);
}

BOOST_AUTO_TEST_SUITE_END()
