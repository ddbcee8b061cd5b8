// A disk that fails at each write and each sync: what was acknowledged is there
// afterwards, what was not is there in full or not at all.

#include <raft/persistence/dump.hpp>
#include <raft/tests/persistence/steps.hpp>
#include <raft/tests/support/disk_runs.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;
namespace data = boost::unit_test::data;

namespace {

/// What a store holds of each group, all of it.
using contents
  = std::array<std::pair<durable_state, std::vector<entry>>, groups>;

contents contents_of(const store& x) {
  contents result;
  for (std::uint64_t i = 0; i < groups; ++i) {
    auto& [state, entries] = result[i];
    state = x.load({i + 1});
    entries = x.read({i + 1}, state.compacted.index.next(), state.last.index,
                     ~std::uint64_t{0});
  }
  return result;
}

/// The commits of a run, and what there is after each.
struct history {
  history(std::uint64_t count, bool little) : steps{count} {
    auto model = make_memory_store({"test", {1}, {77}});
    after.push_back(contents_of(*model));
    for (std::uint64_t step = 1; step <= steps; ++step) {
      commits.push_back(make_step(*model, step, little));
      model->commit(commits.back());
      after.push_back(contents_of(*model));
    }
  }

  std::uint64_t steps;
  std::vector<std::vector<persist>> commits;
  std::vector<contents> after;
};

/// Few large commits, or many little ones.
const history& told(bool little) {
  static const history large{6, false};
  static const history small{40, true};
  return little ? small : large;
}

/// Commits that are refused for lack of room may be tried again, all others
/// must not even reach the disk.
/// @param alone Whether nobody takes room in the background.
void try_again(store& x, const std::vector<persist>& batches, store_errc reason,
               bool alone) {
  auto before = faulty_disk_calls();
  if (reason == store_errc::no_space) {
    x.commit(batches);
    return;
  }
  if (reason != store_errc::write_failed)
    throw std::logic_error{"a commit failed as if it had only read"};
  try {
    x.commit(batches);
  } catch (const store_error& e) {
    if (e.code() != store_errc::write_failed)
      throw;
    if (alone && faulty_disk_calls() != before)
      throw std::logic_error{"wrote again after a failed write"};
    return;
  }
  throw std::logic_error{"committed after a failed write"};
}

/// Opens or makes a store and commits what is missing. Ends at the first error
/// but that of a full disk.
void commit_all(const std::string& kind, const lmdb_options& options,
                const journal_options& journal, const history& story, int out) {
  std::unique_ptr<store> uut;
  try {
    uut = open_store(kind, options, journal);
  } catch (const store_error&) {
    return;
  }
  for (auto step = step_of(*uut) + 1; step <= story.steps; ++step) {
    const auto& batches = story.commits[step - 1];
    try {
      uut->commit(batches);
    } catch (const store_error& e) {
      try_again(*uut, batches, e.code(),
                options.reserved_space.ahead == 0 && kind == "lmdb");
      if (e.code() != store_errc::no_space)
        return;
    }
    send_number(out, step);
  }
}

struct faults_fixture {
  /// @param named "lmdb"; or "journal", in segments so short that hardly a
  ///        commit fits into one; or "long journal", where all fit; or
  ///        "changing journal", for commits so little that many fit, and so
  ///        many that segments are moved to the tables and used again.
  explicit faults_fixture(const std::string& named) {
    kind = named == "lmdb" ? "lmdb" : "journal";
    journal = {2, named == "long journal" ? 256u << 10 : 16u << 10};
    story = &told(named == "changing journal"); // once, not in each child
    options.directory = tmp.path("data");
    options.cluster = "test";
    options.peer = {1};
    options.reserved_space = {0, 0};
  }

  std::uint64_t at_each(disk_fault fault, disk_calls calls,
                        std::uint64_t stride = 1) {
    return for_each_call(fault, calls, stride,
                         [this](const disk_plan& x) { return run(x); });
  }

  /// Has a new store written on a faulty disk, then looks at what is left.
  bool run(disk_plan plan) {
    std::filesystem::remove_all(options.directory);
    plan.directory = tmp.path();
    auto [acknowledged, happened] = run_on_disk(plan, [this](int out) {
      commit_all(kind, options, journal, *story, out);
    });
    BOOST_TEST_CONTEXT(describe(plan)) {
      auto uut = open_store(kind, options, journal);
      auto found = step_of(*uut);
      BOOST_REQUIRE(found >= acknowledged);
      BOOST_REQUIRE(found <= acknowledged + 1);
      BOOST_REQUIRE((contents_of(*uut) == story->after[found]));
      // It goes on, too.
      for (auto step = found + 1; step <= story->steps; ++step)
        uut->commit(story->commits[step - 1]);
      BOOST_REQUIRE((contents_of(*uut) == story->after[story->steps]));
      uut.reset();
      dump_options all;
      all.directory = options.directory;
      all.verify = true;
      std::ostringstream text;
      BOOST_REQUIRE_MESSAGE(dump(all, text) == 0, text.str());
    }
    return happened;
  }

  temporary_directory tmp{fast_place()};
  lmdb_options options;
  std::string kind;
  journal_options journal;
  const history* story = nullptr;
};

auto kinds() {
  return data::make({"lmdb", "journal", "long journal", "changing journal"});
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_on_a_faulty_disk)

BOOST_DATA_TEST_CASE(a_kill_at_each_call_leaves_what_was_acknowledged, kinds(),
                     kind) {
  faults_fixture x{kind};
  BOOST_TEST(x.at_each(disk_fault::kill, disk_calls::all) > 50u);
}

BOOST_DATA_TEST_CASE(a_power_failure_at_each_call_leaves_what_was_acknowledged,
                     kinds(), kind) {
  faults_fixture x{kind};
  BOOST_TEST(x.at_each(disk_fault::power, disk_calls::all) > 50u);
}

// So all of the above holds for that, too.
BOOST_AUTO_TEST_CASE(among_the_commits_are_some_that_reset_a_log) {
  for (auto little : {false, true}) {
    auto resets = 0;
    auto finished = 0;
    const auto& story = told(little);
    for (std::size_t i = 0; i < story.commits.size(); ++i)
      for (std::size_t g = 0; g < groups; ++g) {
        const auto& now = story.after[i][g].first;
        const auto& x = story.commits[i][g].batch;
        auto cuts
          = x.install.last.index && x.install.last.index <= now.last.index;
        resets += cuts ? 1 : 0;
        finished += x.installed && now.installing.last.index ? 1 : 0;
      }
    BOOST_TEST(resets > 0);
    BOOST_TEST(finished > 0);
  }
}

// The pages count as clean after it, and the next sync reports success.
BOOST_DATA_TEST_CASE(a_failed_sync_is_not_tried_again, kinds(), kind) {
  faults_fixture x{kind};
  BOOST_TEST(x.at_each(disk_fault::io_error, disk_calls::syncs) > 10u);
}

BOOST_DATA_TEST_CASE(a_failed_write_is_not_tried_again, kinds(), kind) {
  faults_fixture x{kind};
  BOOST_TEST(x.at_each(disk_fault::io_error, disk_calls::writes, 3) > 40u);
}

BOOST_DATA_TEST_CASE(a_short_write_is_completed_or_not_acknowledged, kinds(),
                     kind) {
  faults_fixture x{kind};
  BOOST_TEST(x.at_each(disk_fault::short_write, disk_calls::writes, 3) > 40u);
}

BOOST_DATA_TEST_CASE(a_disk_that_is_full_at_any_call_loses_nothing, kinds(),
                     kind) {
  faults_fixture x{kind};
  BOOST_TEST(x.at_each(disk_fault::no_space, disk_calls::all, 3) > 50u);
}

// Room that is taken in the background, by a thread of its own: the next commit
// must hear of it.
BOOST_DATA_TEST_CASE(a_failed_sync_of_room_ahead_counts_too, kinds(), kind) {
  faults_fixture x{kind};
  x.options.reserved_space = {4 << 20, 1 << 20};
  for (std::uint64_t at = 1; at <= 12; ++at) {
    disk_plan plan;
    plan.fault = disk_fault::io_error;
    plan.calls = disk_calls::syncs;
    plan.at = at;
    x.run(plan);
  }
}

BOOST_AUTO_TEST_SUITE_END()
