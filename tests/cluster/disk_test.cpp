// Three raftd processes whose disks fail or are full: nothing that was
// acknowledged is lost, and what can go on does.

#include <raft/tests/cluster/writing_fixture.hpp>
#include <raft/tests/support/full_disk.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <system_error>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct disk_fixture : writing_fixture {
  void start_one(std::size_t i) {
    start(i, members(),
          {"--bootstrap", "--log-level", "info", "--space-ahead", "1048576",
           "--space-reserve", "1048576"});
  }

  void start_all() {
    for (std::size_t i = 0; i < 3; ++i)
      start_one(i);
    make_client();
  }

  /// The first sync of a process fails after a file of this name was made.
  void let_syncs_fail(std::size_t i, const std::string& when) {
    test::disk_plan plan;
    plan.directory = data(i);
    plan.fault = test::disk_fault::io_error;
    plan.calls = test::disk_calls::syncs;
    plan.when = directory.path(when);
    preload_faults(i, plan);
  }

  /// Bounds the size of a process's files, from now on.
  void limit_file_size(std::size_t i, rlim_t bytes) {
    rlimit limit{bytes, RLIM_INFINITY};
    if (prlimit(processes[i]->pid(), RLIMIT_FSIZE, &limit, nullptr) != 0)
      throw std::system_error{errno, std::generic_category(), "prlimit"};
  }

  /// Lets its data file grow no more. It has some room left in the file.
  void fill_disk(std::size_t i) {
    limit_file_size(i, fs::file_size(data(i) + "/data.mdb"));
  }

  void make_room(std::size_t i) {
    limit_file_size(i, RLIM_INFINITY);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(disk_suite, disk_fixture)

// The next sync would report success, with the data gone.
BOOST_AUTO_TEST_CASE(a_failed_sync_ends_the_process_and_loses_nothing) {
  for (std::size_t i = 0; i < 3; ++i)
    let_syncs_fail(i, "fail" + std::to_string(i));
  start_all();
  write(20);
  auto leader = wait_for_leader();
  std::ofstream{directory.path("fail" + std::to_string(leader))} << "now";
  write(20);
  BOOST_TEST(processes[leader]->wait(patience) == 1);
  BOOST_TEST(count(leader, "making state durable failed") == 1u);
  BOOST_TEST(count(leader, "what is on the disk is not known; end the process, "
                           "check the disk")
             == 1u);
  // The others go on without it.
  write(20);
  environment.clear();
  start_one(leader);
  check_all_agree();
}

BOOST_AUTO_TEST_CASE(a_leader_whose_disk_is_full_hands_over) {
  start_all();
  write(10);
  BOOST_TEST(test::undisturbed([&] {
    auto first = wait_for_leader();
    auto news = [&](const char* what) {
      return [this, first, what, before = count(first, what)] {
        return count(first, what) > before;
      };
    };
    auto full = news("its disk is full: no entry after");
    auto steps_down = news("steps down: its disk is full");
    auto has_space = news("there is room on its disk again");
    fill_disk(first);
    for (int i = 0; i < 100 && !full(); ++i)
      write(1);
    BOOST_TEST(full());
    // Unless another one was elected before.
    auto handed_over = eventually(steps_down, patience / 4);
    write(20);
    BOOST_TEST(eventually([&] { return wait_for_leader() != first; }));
    make_room(first);
    BOOST_TEST(eventually(has_space));
    return handed_over;
  }));
  check_all_agree();
}

BOOST_AUTO_TEST_CASE(with_all_disks_full_they_vote_on_and_go_on_with_room) {
  start_all();
  write(10);
  for (std::size_t i = 0; i < 3; ++i)
    fill_disk(i);
  // At first one may be lost with its leader; a later one is refused.
  BOOST_TEST(eventually(
    [&] {
      auto answer = write_one(1s);
      return answer.result == outcome::rejected
          && answer.reason == reject_reason::disk_full;
    },
    patience));
  // Votes find their room in the reserve.
  auto first = wait_for_leader();
  processes[first]->send(SIGSTOP);
  BOOST_TEST(wait_for_leader() != first);
  processes[first]->send(SIGCONT);
  // Whoever leads now has a full disk: it makes way for those that have room.
  auto last = wait_for_leader();
  for (std::size_t i = 0; i < 3; ++i)
    if (i != last)
      make_room(i);
  write(20);
  BOOST_TEST(eventually([&] { return wait_for_leader() != last; }));
  make_room(last);
  check_all_agree();
}

// The log keeps nothing then that nobody needs, and uses its place again.
BOOST_AUTO_TEST_CASE(a_peer_alone_on_a_full_disk_goes_on_in_the_room_it_has) {
  constexpr std::size_t keys = 10;
  preload(0, FULL_DISK_PATH,
          {{test::full_directory_variable, data(0)},
           {test::full_while_variable, directory.path("full")}});
  start(0, "1=" + to_text(where[0]),
        {"--bootstrap", "--log-level", "info", "--space-ahead", "1048576",
         "--space-reserve", "1048576", "--dirty-bytes", "1048576",
         "--checkpoint-after", "600000"});
  user = std::make_unique<client::blocking_client>(std::vector{where[0]});
  auto run = [&](const bytes& command) {
    return user->execute(command, patience).result;
  };
  auto write_all = [&](char what) {
    for (std::size_t i = 0; i < keys; ++i)
      BOOST_REQUIRE((run(kv::encode(kv::put{"k" + std::to_string(i),
                                            std::string(value_bytes, what)}))
                     == outcome::committed));
  };
  // The room ahead for the key-value data is taken with the first checkpoints.
  write_all('a');
  write_all('a');
  BOOST_REQUIRE(eventually(
    [&] { return fs::file_size(data(0) + "/kv-1/data.mdb") >= 12 << 20; },
    patience));
  std::ofstream{directory.path("full")} << "now";
  // Several times what the log's file has room for.
  for (std::size_t sent = 0; sent < 12 << 20; sent += keys * value_bytes)
    write_all('b');
  BOOST_TEST(count(0, "its disk is full") > 0u);
  BOOST_TEST(fs::file_size(data(0) + "/data.mdb") < 4u << 20);
  BOOST_TEST((run(kv::encode(kv::erase{{"k0"}})) == outcome::committed));
  BOOST_TEST(digest_of(0).keys == keys - 1);
}

/// One peer, and no room for its log, nor for its key-value data.
struct full_alone_fixture : disk_fixture {
  full_alone_fixture() {
    preload(0, FULL_DISK_PATH,
            {{test::full_directory_variable, data(0)},
             {test::full_while_variable, directory.path("full")}});
    begin();
  }

  void begin() {
    start(0, "1=" + to_text(where[0]),
          {"--bootstrap", "--log-level", "info", "--space-ahead", "1048576",
           "--space-reserve", "1048576", "--dirty-bytes", "1048576"});
    user = std::make_unique<client::blocking_client>(std::vector{where[0]});
  }

  void kill_and_restart() {
    processes[0]->kill();
    begin();
  }

  executed run(const kv::command& what,
               std::chrono::milliseconds deadline = patience) {
    return user->submit(kv::encode(what), deadline).get();
  }

  bool took(const kv::command& what) {
    return run(what).result == outcome::committed;
  }

  executed put(std::size_t i, std::chrono::milliseconds deadline = patience) {
    return run(kv::put{key(i), value(i)}, deadline);
  }

  bool has(std::size_t i) {
    auto answer = run(kv::get{{key(i)}});
    auto found = kv::decode_reply(answer.reply);
    return found && found->values.size() == 1 && found->values[0] == value(i);
  }

  static std::string key(std::size_t i) {
    return "k" + std::to_string(i);
  }

  static std::string value(std::size_t i) {
    return std::string(value_bytes, static_cast<char>('a' + i % 26));
  }

  /// How many of the first keys there are.
  std::size_t keys() {
    return kv::decode_digest(user->query(where[0], kv::digest_request()).reply)
      ->keys;
  }
};

BOOST_FIXTURE_TEST_CASE(alone_on_a_full_disk_it_reads_and_erases,
                        full_alone_fixture) {
  for (std::size_t i = 0; i < 20; ++i)
    BOOST_REQUIRE((put(i).result == outcome::committed));
  std::ofstream{directory.path("full")} << "now";
  std::size_t written = 20;
  auto fill = [&] {
    executed last;
    while (last.reason != reject_reason::disk_full) {
      last = put(written, 3s);
      written += last.result == outcome::committed;
    }
    BOOST_TEST((last.result == outcome::rejected));
    // Of an attempt before it nothing may have been heard.
    written += has(written);
  };
  fill();
  BOOST_TEST(
    says(0, "the state machine has no room for a command after entry"));
  kill_and_restart();
  // What a checkpoint has freed last may be there for some more.
  fill();
  // What was acknowledged is there, and can be erased, for good.
  for (std::size_t i = 0; i < written; ++i)
    BOOST_REQUIRE(has(i));
  std::size_t erased = 0;
  for (; erased < 3; ++erased)
    BOOST_REQUIRE(took(kv::erase{{key(erased)}}));
  kill_and_restart();
  BOOST_TEST(!has(0));
  BOOST_TEST(keys() == written - erased);
  // That makes room.
  auto enough = [&] { return put(written, 2s).result == outcome::committed; };
  while (erased < written / 2 && !enough())
    for (auto n = 0; n < 20; ++n)
      BOOST_REQUIRE(took(kv::erase{{key(erased++)}}));
  BOOST_TEST(erased < written / 2);
  kill_and_restart();
  BOOST_TEST(has(written));
  BOOST_TEST(keys() == written - erased + 1);
  while (erased < written) {
    std::vector<std::string> some;
    for (auto n = 0; n < 100 && erased < written; ++n)
      some.push_back(key(erased++));
    BOOST_REQUIRE(took(kv::erase{some}));
  }
  BOOST_TEST(keys() == 1u);
  std::filesystem::remove(directory.path("full"));
  BOOST_TEST((put(0).result == outcome::committed));
}

BOOST_AUTO_TEST_SUITE_END()
