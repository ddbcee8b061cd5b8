// A disk that fails, fills up or goes away at each call of a writer: the file
// that was there before is there, or the new one as a whole, and nothing else
// stays.

#include "samples.hpp"
#include <raft/machine/durability.hpp>
#include <raft/snapshots/snapshot_receiver.hpp>
#include <raft/tests/support/disk_runs.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <stdexcept>

using namespace raft;
using namespace raft::snapshots;
using namespace raft::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t refused = 1;
constexpr std::uint64_t failed = 2;
constexpr std::uint64_t written = 3;

std::string new_state() {
  return sample_state(3 * chunk_data_bytes + 10);
}

/// Writes a file and says how that ended.
void write_new(const std::string& path, int out) {
  try {
    snapshot_writer to{path, sample_description(), {0, chunk_data_bytes}};
    to.write_sessions(sample_sessions());
    to.write(new_state());
    to.finish();
    send_number(out, written);
  } catch (const machine::no_space&) {
    send_number(out, refused);
  } catch (const snapshot_error& e) {
    if (e.code() != fault::no_access)
      throw;
    send_number(out, failed);
  }
}

std::string state_in(const std::string& path) {
  snapshot_reader in{path};
  in.sessions();
  return machine::read_rest(in, 1 << 20);
}

struct faults_fixture {
  temporary_directory tmp{fast_place()};
  std::string directory;
  std::string path;

  faults_fixture() {
    directory = tmp.path("snapshots");
    path = directory + "/x.snapshot";
  }

  /// @param wanted What the writer says if it can, or 0.
  void at_each(disk_fault fault, std::uint64_t wanted) {
    auto calls = for_each_call(fault, disk_calls::all, 1, [&](disk_plan plan) {
      fs::remove_all(directory);
      fs::create_directory(directory);
      write_sample(path, "old");
      plan.directory = directory;
      auto run = run_on_disk(plan, [this](int out) { write_new(path, out); });
      if (!run.happened)
        return false;
      BOOST_TEST_CONTEXT(describe(plan)) {
        auto found = state_in(path);
        auto is_new = found == new_state();
        BOOST_TEST((is_new || found == "old"));
        // When the directory cannot be synced, the file is there already.
        auto said = is_new && wanted == refused ? failed : wanted;
        BOOST_TEST(run.acknowledged == said);
        // The living clean up at once, the others at the next start.
        auto left = remove_unfinished(directory);
        BOOST_TEST(left <= (wanted != 0 ? 0u : 1u));
        auto files = std::distance(fs::directory_iterator{directory}, {});
        BOOST_TEST(files == 1);
      }
      return true;
    });
    BOOST_TEST(calls >= 12u);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_faults, faults_fixture)

BOOST_AUTO_TEST_CASE(a_kill_leaves_the_old_file_or_the_new_one) {
  at_each(disk_fault::kill, 0);
}

BOOST_AUTO_TEST_CASE(so_does_a_power_failure) {
  at_each(disk_fault::power, 0);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_told_and_leaves_nothing) {
  at_each(disk_fault::no_space, refused);
}

BOOST_AUTO_TEST_CASE(so_does_one_that_fails) {
  at_each(disk_fault::io_error, failed);
}

BOOST_AUTO_TEST_CASE(a_write_may_do_less_than_it_was_told) {
  at_each(disk_fault::short_write, written);
}

// What a receiver has of a snapshot when it ends, in whatever way, is no reason
// to begin anew, and never to take what is wrong for right.
BOOST_AUTO_TEST_CASE(a_receiver_goes_on_after_each_of_these) {
  write_sample(tmp.path("sent"), new_state());
  auto sent = content_of(tmp.path("sent"));
  snapshot_reader about{tmp.path("sent")};
  auto head = head_of(about.about(), about.counts());
  auto receive = [&](std::size_t step) {
    snapshot_receiver uut{path, head};
    auto begun = uut.received();
    while (uut.received() < sent.size()) {
      uut.write(std::string_view{sent}.substr(uut.received(), step));
      uut.sync();
    }
    uut.finish();
    return begun;
  };
  std::uint64_t gone_on = 0;
  for (auto fault : {disk_fault::kill, disk_fault::power, disk_fault::no_space,
                     disk_fault::io_error, disk_fault::short_write})
    for_each_call(fault, disk_calls::all, 1, [&](disk_plan plan) {
      fs::remove_all(directory);
      fs::create_directory(directory);
      plan.directory = directory;
      auto run = run_on_disk(plan, [&](int) {
        try {
          receive(50'000);
        } catch (const machine::no_space&) {
          // As planned.
        } catch (const snapshot_error& e) {
          if (e.code() != snapshots::fault::no_access)
            throw;
        }
      });
      if (!run.happened)
        return false;
      BOOST_TEST_CONTEXT(describe(plan)) {
        if (!fs::exists(path))
          gone_on += receive(100'000) > 0;
        BOOST_TEST((content_of(path) == sent));
      }
      return true;
    });
  BOOST_TEST(gone_on >= 5u);
}

BOOST_AUTO_TEST_SUITE_END()
