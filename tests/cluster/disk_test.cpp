// Three raftd processes whose disks fail or are full: nothing that was
// acknowledged is lost, and what can go on does.

#include <raft/cluster/client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/faulty_disk.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <sys/resource.h>
#include <system_error>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr auto patience = 60s;
constexpr std::size_t value_bytes = 32 << 10;

struct disk_fixture : process_fixture {
  void start_one(std::size_t i) {
    start(i, members(),
          {"--bootstrap", "--log-level", "info", "--room-ahead", "1048576",
           "--room-reserve", "1048576"});
  }

  void start_all() {
    for (std::size_t i = 0; i < 3; ++i)
      start_one(i);
    client_options options;
    options.server_deadline = 1s;
    user = std::make_unique<client>(where, options);
  }

  std::optional<std::size_t> find_leader() {
    for (auto& x : user->states())
      if (x.error.empty() && x.state.role == peer_role::leader)
        return x.state.id.value - 1;
    return std::nullopt;
  }

  std::size_t wait_for_leader() {
    std::optional<std::size_t> result;
    BOOST_REQUIRE(eventually(
      [&] { return (result = find_leader()).has_value(); }, patience));
    return *result;
  }

  executed write_one(std::chrono::milliseconds deadline) {
    auto answer
      = user->execute(kv::encode(kv::put{"k" + std::to_string(tried++),
                                         std::string(value_bytes, 'x')}),
                      deadline);
    if (answer.result == outcome::committed)
      ++written;
    return answer;
  }

  void write(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto answer = write_one(patience);
      BOOST_REQUIRE(answer.result == outcome::committed);
    }
  }

  /// Whether there are as many keys as were acknowledged, or a few more whose
  /// outcome is not known, and the same on all peers.
  void check_all_agree() {
    auto digest_of = [&](std::size_t i) {
      return *kv::decode_digest(
        user->query(where[i], kv::digest_request()).reply);
    };
    BOOST_TEST(eventually(
      [&] {
        try {
          auto first = digest_of(0);
          return first.keys >= written && first.keys <= tried
              && first.hash == digest_of(1).hash
              && first.hash == digest_of(2).hash;
        } catch (const client_error&) {
          return false;
        }
      },
      patience));
  }

  /// The first sync of a process fails after a file of this name was made.
  void let_syncs_fail(std::size_t i, const std::string& when) {
    fs::create_directories(data(i));
    test::disk_plan plan;
    plan.directory = data(i);
    plan.fault = test::disk_fault::io_error;
    plan.calls = test::disk_calls::syncs;
    plan.when = directory.path(when);
    environment[i] = {
      {"LD_PRELOAD", FAULTY_DISK_PATH},
      {test::disk_plan_variable, to_text(plan)},
      // The sanitizer wants to come first, and need not here.
      {"ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0"},
    };
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

  std::unique_ptr<client> user;
  std::uint64_t tried = 0;
  std::uint64_t written = 0;
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
  auto first = wait_for_leader();
  fill_disk(first);
  auto full = [&] { return count(first, "its disk is full: no entry after"); };
  for (int i = 0; i < 100 && full() == 0; ++i)
    write(1);
  BOOST_TEST(full() == 1u);
  BOOST_TEST(says(first, "steps down: its disk is full"));
  write(20);
  BOOST_TEST(wait_for_leader() != first);
  make_room(first);
  BOOST_TEST(says(first, "there is room on its disk again"));
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
  BOOST_TEST(wait_for_leader() != last);
  make_room(last);
  check_all_agree();
}

BOOST_AUTO_TEST_SUITE_END()
