// A peer that lacks what the others have dropped from their logs gets a
// snapshot: raftd processes that are killed in the middle of that.

#include <raft/tests/cluster/writing_fixture.hpp>
#include <raft/tests/support/full_disk.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

struct snapshots_fixture : writing_fixture {
  /// Logs that keep little, and data that get to the disk soon.
  flag_list flags(const flag_list& more = {}) const {
    flag_list result{"--bootstrap", "--log-level",
                     "debug",       "--log-kept",
                     "65536",       "--compaction-bytes",
                     "65536",       "--log-for-lagging",
                     "65536",       "--checkpoint-after",
                     "200",         "--dirty-bytes",
                     "4194304",     "--election-timeout-min",
                     "300",         "--election-timeout-max",
                     "600"};
    result.insert(result.end(), more.begin(), more.end());
    return result;
  }

  void run(std::size_t i, const flag_list& more = {}) {
    start(i, members(), flags(more));
  }

  void run_all(const flag_list& more = {}) {
    for (std::size_t i = 0; i < 3; ++i)
      run(i, more);
    make_client();
  }

  /// Lets the others drop what a peer, which is not there, lacks.
  void leave_behind(std::size_t i) {
    auto lacks = state_of(i).last;
    processes[i]->kill();
    processes.erase(i);
    write(200);
    BOOST_REQUIRE(eventually([&] {
      write(1);
      auto others = user->states();
      return std::ranges::count_if(others,
                                   [&](const auto& x) {
                                     return x.error.empty()
                                         && x.state.first > lacks.next();
                                   })
          == 2;
    }));
  }

  std::size_t follower() {
    return (wait_for_leader() + 1) % 3;
  }

  /// How much of a snapshot is there that is being received.
  std::uintmax_t received(std::size_t i) const {
    std::error_code error;
    for (fs::directory_iterator x{data(i) + "/snapshots", error}, end;
         !error && x != end; x.increment(error))
      if (x->path().extension() == ".part") {
        auto size = x->file_size(error);
        return error ? 0 : size;
      }
    return 0;
  }

  /// Waits until some of one is there, or all: that depends on how much the
  /// leader had checkpointed.
  bool receives(std::size_t i) const {
    return eventually([&] {
      return received(i) > 300'000
          || count(i, "begins its log anew after the snapshot") > 0;
    });
  }

  /// How many files of snapshots a peer has.
  std::size_t files(std::size_t i) const {
    std::error_code error;
    auto all = fs::directory_iterator{data(i) + "/snapshots", error};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  /// Waits until its log begins behind one. A process that is killed then
  /// finishes the rest at its next start, and says no more of it.
  bool installs(std::size_t i) const {
    return eventually(
      [&] { return count(i, "begins its log anew after the snapshot") > 0; },
      4 * patience);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(snapshots_suite, snapshots_fixture)

BOOST_AUTO_TEST_CASE(who_lacks_what_was_dropped_gets_a_snapshot) {
  run_all();
  write(20);
  auto i = follower();
  leave_behind(i);
  run(i);
  BOOST_TEST(installs(i));
  check_all_agree();
  // It votes and takes entries as before, and goes on from its own disk.
  write(20);
  processes[i]->kill();
  run(i);
  check_all_agree();
  BOOST_TEST(count(i, "begins its log anew after the snapshot") == 1u);
}

BOOST_AUTO_TEST_CASE(a_receiver_that_was_killed_goes_on_where_it_was) {
  // Some seconds for all of it.
  const flag_list slow{"--snapshot-rate", "4000000"};
  run_all(slow);
  write(20);
  auto i = follower();
  leave_behind(i);
  run(i, slow);
  BOOST_REQUIRE(receives(i));
  processes[i]->kill();
  auto there = received(i);
  run(i, slow);
  // What was not complete is cut off: at most a piece, and what was not synced.
  BOOST_TEST(eventually([&] { return received(i) + (128 << 10) > there; }));
  BOOST_TEST(installs(i));
  check_all_agree();
  BOOST_TEST(count(i, "gets a snapshot of") >= 1u);
}

BOOST_AUTO_TEST_CASE(when_the_leader_dies_another_one_brings_it) {
  const flag_list slow{"--snapshot-rate", "4000000"};
  run_all(slow);
  write(20);
  auto leader = wait_for_leader();
  auto i = (leader + 1) % 3;
  leave_behind(i);
  leader = wait_for_leader();
  run(i, slow);
  BOOST_REQUIRE(receives(i));
  processes[leader]->kill();
  processes.erase(leader);
  BOOST_TEST(installs(i));
  run(leader, slow);
  check_all_agree();
  // What came of the first one is gone.
  BOOST_TEST(eventually([&] { return received(i) == 0; }));
  BOOST_TEST(eventually([&] { return files(i) <= 1; }));
}

BOOST_AUTO_TEST_CASE(kills_at_any_moment_lose_nothing) {
  const flag_list paced{"--snapshot-rate", "30000000"};
  run_all(paced);
  write(20);
  auto i = follower();
  std::mt19937 random{7};
  for (int round = 0; round < 4; ++round) {
    leave_behind(i);
    for (int kill = 0; kill < 4; ++kill) {
      auto installed = count(i, "begins its log anew");
      run(i, paced);
      const auto enough = random() % 9'000'000;
      BOOST_TEST(eventually([&] {
        return received(i) >= enough
            || count(i, "begins its log anew") > installed
            || state_of(i).last == state_of(wait_for_leader()).last;
      }));
      processes[i]->kill();
    }
    run(i, paced);
    check_all_agree();
  }
  BOOST_TEST(eventually([&] { return files(i) <= 1; }));
}

BOOST_AUTO_TEST_CASE(a_full_disk_delays_it_and_says_so) {
  run_all();
  write(20);
  auto i = follower();
  leave_behind(i);
  auto full = directory.path("full");
  std::ofstream{full} << "x";
  preload(i, FULL_DISK_PATH,
          {{test::full_directory_variable, data(i) + "/snapshots"},
           {test::full_while_variable, full}});
  run(i);
  BOOST_TEST(says(i, "a snapshot cannot be received"));
  // Meanwhile the others go on, and nothing stays of what came in vain.
  write(20);
  BOOST_TEST(eventually([&] { return received(i) == 0; }));
  fs::remove(full);
  BOOST_TEST(installs(i));
  check_all_agree();
}

BOOST_AUTO_TEST_SUITE_END()
