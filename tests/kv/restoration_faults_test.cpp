// A process that dies, and a disk that fails or fills up, at each call of an
// engine's restoration: what is found afterwards is the state before or the new
// one, and nothing else.

#include "copied_state.hpp"
#include <raft/kv/engine_restoration.hpp>
#include <raft/tests/support/disk_runs.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;
using persistence::store_error;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t old_index = 150;
constexpr std::uint64_t new_index = 700;

enum class step : std::uint64_t {
  not_built = 1,
  built,
  not_installed,
  installed
};

struct restoration_fixture {
  temporary_directory tmp{fast_place()};
  table_options options;
  copied_state state;

  restoration_fixture() {
    options.directory = tmp.path("data/kv-1");
    options.owner = {"test", {1}, {77}};
    auto machine = told_up_to({new_index});
    state = written(*machine->begin_snapshot());
    fs::create_directory(tmp.path("data"));
  }

  void make_old() const {
    fs::remove_all(options.directory);
    auto uut = open(open_lmdb_table(options));
    while (uut.applied().value < old_index)
      apply_next(uut);
    auto job = uut.take_checkpoint(uut.applied(), true);
    job->hurry();
    job->run();
  }

  static void say(int out, step x) {
    send_number(out, static_cast<std::uint64_t>(x));
  }

  void restore(int out) const {
    auto uut = make_engine_restoration(options);
    auto last = step::not_built;
    try {
      text_source in{state.state, 4096};
      uut->build(state.what, in);
      say(out, last = step::built);
      last = step::not_installed;
      uut->install();
      last = step::installed;
    } catch (const machine::no_space&) {
      // As said.
    } catch (const store_error&) {
      // As said.
    }
    say(out, last);
  }

  /// @returns whether the new state was found.
  bool check(bool promised) const {
    // A peer that has promised to install it looks for it at its start.
    if (promised) {
      auto uut = make_engine_restoration(options);
      if (uut->find({new_index}))
        uut->install();
    }
    auto found = open(open_lmdb_table(options));
    auto is_new = found.applied().value == new_index;
    BOOST_TEST((is_new || found.applied().value == old_index));
    auto wanted = told_up_to(found.applied());
    compare(found, *wanted, 50);
    BOOST_TEST(!fs::exists(restoration_directory(options.directory)));
    return is_new;
  }

  std::uint64_t at_each(disk_fault fault, std::uint64_t stride = 1) {
    return for_each_call(fault, disk_calls::all, stride, [&](disk_plan plan) {
      make_old();
      plan.directory = tmp.path("data");
      auto run = run_on_disk(plan, [this](int out) { restore(out); });
      if (!run.happened)
        return false;
      BOOST_TEST_CONTEXT(describe(plan)) {
        auto said = static_cast<step>(run.acknowledged);
        auto was_built = said >= step::built;
        if (said == step::not_built)
          BOOST_TEST(!fs::exists(restoration_directory(options.directory)));
        auto is_new = check(plan.at % 2 == 0);
        if (said == step::installed || (was_built && plan.at % 2 == 0))
          BOOST_TEST(is_new);
      }
      return true;
    });
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(restoration_faults, restoration_fixture)

BOOST_AUTO_TEST_CASE(a_kill_leaves_the_old_state_or_the_new_one) {
  BOOST_TEST(at_each(disk_fault::kill) > 20u);
}

BOOST_AUTO_TEST_CASE(so_does_a_power_failure) {
  BOOST_TEST(at_each(disk_fault::power) > 20u);
}

BOOST_AUTO_TEST_CASE(so_does_a_disk_that_fills_up) {
  BOOST_TEST(at_each(disk_fault::no_space) > 20u);
}

BOOST_AUTO_TEST_CASE(so_does_one_that_fails) {
  BOOST_TEST(at_each(disk_fault::io_error) > 20u);
}

BOOST_AUTO_TEST_SUITE_END()
