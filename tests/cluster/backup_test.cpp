// raftctl copies the state of three raftd processes to a file while they run,
// and others go on with it.

#include <raft/scenarios/tcp_proxy.hpp>
#include <raft/tests/cluster/raftctl_process.hpp>
#include <raft/tests/cluster/writing_fixture.hpp>
#include <raft/tests/support/full_disk.hpp>
#include <raft/tools/lib/backup.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <thread>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

struct backup_fixture : writing_fixture {
  backup_fixture() {
    fs::create_directory(place);
  }

  void run_all(const flag_list& more = {}) {
    flag_list flags{"--bootstrap", "--log-level", "debug"};
    flags.insert(flags.end(), more.begin(), more.end());
    for (std::size_t i = 0; i < 3; ++i)
      start(i, members(), flags);
    make_client();
    wait_for_leader();
  }

  std::string peers() const {
    std::string result;
    for (const auto& x : where)
      result += (result.empty() ? "" : ",") + to_text(x);
    return result;
  }

  /// Begins raftctl with these arguments.
  std::unique_ptr<raftctl_process>
  begin(flag_list arguments, const raftd_process::variables& environment = {}) {
    arguments.insert(arguments.begin(), {"--peers", peers()});
    fs::remove(errors);
    return std::make_unique<raftctl_process>(arguments, errors, environment);
  }

  /// The same, to its end.
  /// @returns its exit code; `said` has what it said.
  int run(const flag_list& arguments,
          const raftd_process::variables& environment = {}) {
    auto x = begin(arguments, environment);
    return end(*x);
  }

  int end(raftctl_process& x) {
    auto result = x.wait();
    said = x.out() + x.errors();
    return result;
  }

  bool has_said(const std::string& text) const {
    auto found = said.find(text) != std::string::npos;
    BOOST_TEST(found, "no \"" << text << "\" in: " << said);
    return found;
  }

  /// How many bytes of the file have come.
  std::uintmax_t copied() const {
    std::error_code error;
    auto size = fs::file_size(file + ".part", error);
    return error ? 0 : size;
  }

  /// Everything in the directory of the file.
  std::size_t files() const {
    return static_cast<std::size_t>(
      std::distance(fs::directory_iterator{place}, {}));
  }

  /// Checks a file, and gives the digest of the pairs in it.
  std::string digest_in(const std::string& path) const {
    std::ostringstream out;
    auto found = tools::verify_backup(path, out);
    BOOST_TEST((found.code == tools::exit_code::ok), found.message);
    std::smatch parts;
    auto text = out.str();
    BOOST_REQUIRE(
      std::regex_search(text, parts, std::regex{"digest ([0-9a-f]{16})\n"}));
    return parts[1];
  }

  static std::string text_of(const kv::digest& x) {
    std::ostringstream out;
    out << std::hex << std::setw(16) << std::setfill('0') << x.hash;
    return out.str();
  }

  /// Who has taken a snapshot, and perhaps gives it away.
  std::vector<std::size_t> sources() const {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < 3; ++i)
      for (const auto& x : fs::directory_iterator{data(i) + "/snapshots"})
        if (x.path().extension() == ".snapshot")
          result.push_back(i);
    return result;
  }

  /// Ends all, and has peers with empty directories go on with a file.
  void found_anew(const std::string& path) {
    for (auto& [i, x] : processes)
      x->send(SIGTERM);
    for (auto& [i, x] : processes)
      BOOST_REQUIRE(x->wait(patience) == 0);
    for (std::size_t i = 0; i < 3; ++i) {
      fs::remove_all(data(i));
      start(i, members(), {"--restore", path});
    }
    wait_for_leader();
  }

  std::string place = directory.path("copies");
  std::string file = place + "/x.snapshot";
  std::string errors = directory.path("errors");
  std::string said;
};

/// Writes until it goes.
class busy_writer {
public:
  explicit busy_writer(backup_fixture& x) : fixture_{x} {
    thread_ = std::thread{[this] {
      while (!stop_)
        fixture_.write_one(patience);
    }};
  }

  ~busy_writer() {
    stop_ = true;
    thread_.join();
  }

private:
  backup_fixture& fixture_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(backup_suite, backup_fixture)

BOOST_AUTO_TEST_CASE(another_cluster_goes_on_with_a_copy) {
  run_all();
  write(100);
  const auto before = written;
  const auto leader = state_of(wait_for_leader());
  {
    busy_writer load{*this};
    BOOST_TEST(run({"backup", file}) == 0);
  }
  has_said("backed up to '" + file + "'");
  has_said("last entry  ");
  has_said("cluster     'raft', id " + to_text(state_of(0).cluster));
  // On a busy machine somebody else may have been elected meanwhile.
  BOOST_TEST(
    (said.find("by peer " + to_text(leader.id) + ",") == std::string::npos
     || state_of(wait_for_leader()).term != leader.term));
  digest_in(file);
  // All that was acknowledged before is in it. It is of one moment, which the
  // next one is, too.
  check_all_agree();
  const auto quiet = place + "/quiet.snapshot";
  BOOST_TEST(run({"backup", quiet}) == 0);
  BOOST_TEST(digest_in(quiet) == text_of(digest_of(0)));

  auto old = state_of(0).cluster;
  found_anew(file);
  BOOST_TEST(eventually([&] {
    return text_of(digest_of(0)) == digest_in(file)
        && text_of(digest_of(1)) == digest_in(file)
        && text_of(digest_of(2)) == digest_in(file);
  }));
  BOOST_TEST(digest_of(0).keys >= before);
  BOOST_TEST((state_of(0).cluster != old));
  found_anew(quiet);
  BOOST_TEST(
    eventually([&] { return text_of(digest_of(2)) == digest_in(quiet); }));
}

BOOST_AUTO_TEST_CASE(a_cluster_that_went_on_to_a_version_is_copied) {
  run_all({"--level-after", "100"});
  write(20);
  BOOST_REQUIRE(eventually([&] {
    return std::ranges::all_of(user->states(),
                               [](const auto& x) { return x.state.level > 0; });
  }));
  BOOST_TEST(run({"snapshot"}) == 0);
  BOOST_TEST(run({"backup", file}) == 0);
  BOOST_TEST(digest_in(file) == text_of(digest_of(0)));
  write(5);
  const auto more = place + "/more.increment";
  BOOST_TEST(run({"backup", more, "--since", file}) == 0);
}

BOOST_AUTO_TEST_CASE(increments_follow_a_copy) {
  run_all();
  write(20);
  BOOST_TEST(run({"backup", file}) == 0);
  const auto first = place + "/a.increment";
  const auto second = place + "/b.increment";
  write(20);
  {
    busy_writer load{*this};
    BOOST_TEST(run({"backup", first, "--since", file}) == 0);
  }
  has_said("entries     ");
  // A peer that is lost in between is no matter.
  processes.erase(wait_for_leader());
  write(10);
  BOOST_TEST(run({"backup", second, "--since", first}) == 0);
  const auto whole = place + "/whole.snapshot";
  BOOST_TEST(run({"backup", "merge", file, first, second, "--to", whole}) == 0);
  BOOST_TEST(run({"backup", file + "2"}) == 0);
  BOOST_TEST(digest_in(whole) == digest_in(file + "2"));
  found_anew(whole);
  BOOST_TEST(
    eventually([&] { return text_of(digest_of(1)) == digest_in(whole); }));
  // What was written there is none of the cluster before.
  BOOST_TEST(run({"backup", place + "/c", "--since", second}) == 2);
  has_said("is of the cluster with the id");
}

BOOST_AUTO_TEST_CASE(what_no_log_has_is_in_no_increment) {
  run_all({"--log-kept", "65536", "--compaction-bytes", "65536",
           "--checkpoint-after", "200"});
  write(5);
  BOOST_TEST(run({"backup", file}) == 0);
  const auto end = state_of(0).applied;
  BOOST_REQUIRE(eventually([&] {
    write(10);
    for (std::size_t i = 0; i < 3; ++i)
      if (state_of(i).first <= end.next())
        return false;
    return true;
  }));
  const auto more = place + "/a.increment";
  BOOST_TEST(run({"backup", more, "--since", file}) == 1);
  has_said("were dropped from the logs, which begin with entry ");
  has_said("take a full backup");
  BOOST_TEST(!fs::exists(more));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_there_stays) {
  run_all();
  write(1);
  std::ofstream{file} << "precious";
  BOOST_TEST(run({"backup", file}) == 2);
  has_said("'" + file + "' is there already");
  BOOST_TEST(fs::file_size(file) == 8u);
  BOOST_TEST(run({"backup", place}) == 2);
  has_said("is a directory");
  BOOST_TEST(run({"backup", "--force", file}) == 0);
  digest_in(file);
  BOOST_TEST(run({"backup", "--from", "9", place + "/y"}) == 3);
  has_said("peer 9 is not among those that answer");
  BOOST_TEST(files() == 1u);
}

BOOST_AUTO_TEST_CASE(when_a_peer_is_lost_another_one_gives_its_copy) {
  run_all({"--snapshot-rate", "2000000"});
  write(150);
  auto copy = begin({"backup", file, "--timeout", "20"});
  BOOST_REQUIRE(eventually([&] { return copied() > 500'000; }));
  auto source = sources();
  BOOST_REQUIRE(source.size() == 1u);
  processes[source[0]]->kill();
  BOOST_TEST(end(*copy) == 0);
  has_said("gives no snapshot, or no more of it");
  BOOST_TEST(said.find("by peer " + std::to_string(source[0] + 1) + ",")
             == std::string::npos);
  digest_in(file);
  BOOST_TEST(files() == 1u);
}

BOOST_AUTO_TEST_CASE(a_copy_goes_on_where_its_connection_broke) {
  run_all();
  write(100);
  scenarios::tcp_proxy way{{where[0].port}, 1'000'000};
  auto copy = begin(
    {"--peers", to_text(way.where()), "backup", file, "--timeout", "20"});
  std::uintmax_t before = 0;
  for (auto i = 0; i < 3; ++i) {
    BOOST_REQUIRE(eventually([&] { return copied() > before + 500'000; }));
    before = copied();
    way.close_connections();
  }
  BOOST_TEST(end(*copy) == 0);
  has_said("; goes on at byte ");
  digest_in(file);
}

BOOST_AUTO_TEST_CASE(when_all_are_lost_there_is_no_file) {
  run_all({"--snapshot-rate", "2000000"});
  write(150);
  auto copy = begin({"backup", file, "--timeout", "2"});
  BOOST_REQUIRE(eventually([&] { return copied() > 500'000; }));
  for (auto& [i, x] : processes)
    x->kill();
  BOOST_TEST(end(*copy) == 3);
  has_said("'" + file + "' was not written");
  BOOST_TEST(files() == 0u);
}

// What is left behind by one that was killed is in nobody's way.
BOOST_AUTO_TEST_CASE(a_copier_that_is_killed_leaves_no_file) {
  run_all({"--snapshot-rate", "2000000"});
  write(150);
  auto copy = begin({"backup", file});
  BOOST_REQUIRE(eventually([&] { return copied() > 500'000; }));
  BOOST_TEST(run({"backup", file}) == 2);
  has_said("is being written by somebody else");
  copy->kill();
  BOOST_TEST(!fs::exists(file));
  BOOST_TEST(run({"backup", file}) == 0);
  digest_in(file);
  BOOST_TEST(files() == 1u);
}

BOOST_AUTO_TEST_CASE(without_room_there_is_no_file) {
  run_all();
  write(50);
  const auto full = directory.path("full");
  std::ofstream{full} << "x";
  raftd_process::variables disk{
    {"LD_PRELOAD", FULL_DISK_PATH},
    {"ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0"},
    {test::full_directory_variable, place},
    {test::full_while_variable, full}};
  BOOST_TEST(run({"backup", file}, disk) == 2);
  has_said("No space left on device");
  BOOST_TEST(files() == 0u);
  fs::remove(full);
  BOOST_TEST(run({"backup", file}, disk) == 0);
}

BOOST_AUTO_TEST_CASE(peers_take_snapshots_when_they_are_told) {
  run_all();
  write(20);
  check_all_agree();
  BOOST_TEST(run({"snapshot", "2"}) == 0);
  has_said("peer 2 at " + to_text(where[1]) + ": a snapshot up to entry ");
  BOOST_TEST((sources() == std::vector<std::size_t>{1}));
  BOOST_TEST(run({"snapshot"}) == 0);
  for (std::size_t i = 0; i < 3; ++i)
    has_said("peer " + std::to_string(i + 1) + " at ");
  BOOST_TEST(sources().size() == 3u);
  processes[2]->kill();
  BOOST_TEST(run({"--timeout", "2", "snapshot", "3"}) == 3);
  has_said("peer 3 is not among those that answer");
}

BOOST_AUTO_TEST_SUITE_END()
