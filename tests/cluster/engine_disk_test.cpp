// Three raftd processes whose key-value data are on a disk of their own that is
// full or fails, while that of the log is well.

#include <raft/tests/cluster/writing_fixture.hpp>
#include <raft/tests/support/full_disk.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <vector>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

/// Little fits into memory, so checkpoints come often and waiting begins soon.
struct engine_disk_fixture : writing_fixture {
  void start_one(std::size_t i) {
    start(i, members(),
          {"--bootstrap", "--log-level", "info", "--space-ahead", "1048576",
           "--space-reserve", "1048576", "--dirty-bytes", "1048576",
           "--applying-bytes", "1048576", "--unapplied-bytes", "2097152"});
  }

  void start_all() {
    for (std::size_t i = 0; i < 3; ++i)
      start_one(i);
    make_client();
  }

  void restart_all() {
    for (std::size_t i = 0; i < 3; ++i)
      processes[i]->kill();
    start_all();
  }

  std::string engine(std::size_t i) const {
    return data(i) + "/kv-1";
  }

  /// From now on, nobody's key-value data may get longer.
  void fill_engine_disks() const {
    std::ofstream{directory.path("full")} << "now";
  }

  void make_room_for_engines() const {
    std::filesystem::remove(directory.path("full"));
  }

  void give_full_disks() {
    for (std::size_t i = 0; i < 3; ++i)
      preload(i, FULL_DISK_PATH,
              {{test::full_directory_variable, engine(i)},
               {test::full_while_variable, directory.path("full")}});
  }

  /// One call of a peer fails after a file of this name was made, below its
  /// key-value data only.
  void let_engine_fail(std::size_t i, test::disk_calls calls) {
    test::disk_plan plan;
    plan.directory = engine(i);
    plan.fault = test::disk_fault::io_error;
    plan.calls = calls;
    plan.when = directory.path("fail" + std::to_string(i));
    preload_faults(i, plan);
  }

  /// Some commands wait in the log; those that come when there are enough are
  /// refused as busy, and had no effect. A client tries these again until it
  /// has no more time; if the last attempt is still on its way by then, it
  /// does not know.
  /// @param from Has a session already, and knows only the leader, so that
  ///        nobody can tell it anything else.
  /// @returns whether it is so.
  bool refuses(client::blocking_client& from) {
    auto busy_of = [&](std::size_t count) {
      std::size_t busy = 0;
      for (auto& x : ask_at_once(from, count)) {
        BOOST_TEST((x.result != outcome::committed));
        busy
          += x.result == outcome::rejected && x.reason == reject_reason::busy;
      }
      return busy;
    };
    return busy_of(100) < 100 && busy_of(30) > 0;
  }

  /// A leader that is stuck hands over to whoever has applied more; then the
  /// client that knows but one of them cannot ask.
  void check_refusals(std::size_t leader, client::blocking_client& direct) {
    auto leads_still = [&, term = state_of(leader).term] {
      auto now = state_of(leader);
      return now.role == peer_role::leader && now.term == term;
    };
    if (leads_still()) {
      auto refused = refuses(direct);
      BOOST_TEST((refused || !leads_still()));
    } else {
      for (auto& x : ask_at_once(*user, 100))
        written += x.result == outcome::committed;
    }
  }

  std::vector<executed> ask_at_once(client::blocking_client& from,
                                    std::size_t count) {
    std::vector<std::future<executed>> asked;
    asked.reserve(count);
    while (asked.size() < count)
      asked.push_back(begin_one(2s, from));
    std::vector<executed> result;
    result.reserve(count);
    for (auto& x : asked)
      result.push_back(x.get());
    return result;
  }

  void check_failure(test::disk_calls calls) {
    for (std::size_t i = 0; i < 3; ++i)
      let_engine_fail(i, calls);
    start_all();
    write(60);
    // The room ahead is there, so the next call is one of a commit.
    auto leader = wait_for_leader();
    BOOST_REQUIRE(eventually(
      [&] {
        return std::filesystem::file_size(engine(leader) + "/data.mdb")
            >= 17 << 20;
      },
      patience));
    std::ofstream{directory.path("fail" + std::to_string(leader))} << "now";
    write(60);
    BOOST_TEST(processes[leader]->wait(patience) == 1);
    auto said = last_words(leader);
    for (const auto& part : std::vector<std::string>{
           "checkpointing the state failed: ", "the key-value data",
           engine(leader), "Input/output error",
           "what is on the disk is not known",
           "end the process, check the disk, start again"})
      BOOST_TEST((said.find(part) != std::string::npos), part << ": " << said);
    BOOST_TEST(count(leader, "making state durable failed") == 0u);
    // The others go on without it.
    write(20);
    environment.clear();
    start_one(leader);
    check_all_agree();
    restart_all();
    check_all_agree();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(engine_disk_suite, engine_disk_fixture)

BOOST_AUTO_TEST_CASE(without_room_for_the_engine_commands_wait_for_it) {
  give_full_disks();
  start_all();
  auto leader = wait_for_leader();
  client::blocking_client direct{{where[leader]}};
  BOOST_REQUIRE(begin_one(patience, direct).get().result == outcome::committed);
  ++written;
  fill_engine_disks();
  // Commands go on until memory is full; then they wait.
  auto all_say_so = [this] {
    for (std::size_t i = 0; i < 3; ++i)
      if (count(i, "the disk has no room for") == 0)
        return false;
    return true;
  };
  auto answer = write_one(patience);
  while (tried < 400 && (answer.result != outcome::unknown || !all_say_so()))
    answer = write_one(3s);
  BOOST_TEST(answer.result == outcome::unknown);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(says(i, "the disk has no room for '" + engine(i) + "'"));
    BOOST_TEST(says(i, "make room on the disk, and it goes on by itself"));
    BOOST_TEST(says(i, "Nothing is lost, and it is tried again and again; "
                       "commands wait when memory is full"));
  }
  check_refusals(leader, direct);
  // What waits now comes to a good end with room. Whoever ends now has lost its
  // memory, but nothing else.
  auto waiting = begin_one(5 * patience);
  auto victim = (wait_for_leader() + 1) % 3;
  auto said = count(victim, "the disk has no room for");
  processes[victim]->kill();
  start_one(victim);
  BOOST_TEST(eventually(
    [&] { return count(victim, "the disk has no room for") > said; }));
  BOOST_TEST((waiting.wait_for(0s) == std::future_status::timeout));
  make_room_for_engines();
  BOOST_TEST(waiting.get().result == outcome::committed);
  ++written;
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(
      says(i, "there is room on the disk again; the state was checkpointed"));
    BOOST_TEST(count(i, "its disk is full") == 0u);
  }
  write(20);
  check_all_agree();
  restart_all();
  check_all_agree();
}

// The next sync would report success, with the data gone.
BOOST_AUTO_TEST_CASE(a_failed_sync_of_the_engine_ends_the_process) {
  check_failure(test::disk_calls::syncs);
}

BOOST_AUTO_TEST_CASE(a_failed_write_of_the_engine_ends_the_process) {
  check_failure(test::disk_calls::writes);
}

BOOST_AUTO_TEST_SUITE_END()
