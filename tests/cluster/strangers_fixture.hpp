// Three raftd processes that strangers come to, for tests.

#pragma once

#include <raft/tests/cluster/process_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <dirent.h>
#include <fstream>
#include <memory>
#include <poll.h>
#include <string>
#include <sys/resource.h>

namespace raft::cluster {

/// What no stranger makes a process need, whatever he announces.
inline constexpr std::uint64_t peak_max = std::uint64_t{96} << 20;

/// A peer that leads, and whatever comes must go on leading.
struct strangers_fixture : process_fixture {
  void start_one(std::size_t i, const flag_list& more = {}) {
    // Patient, so that no election comes of the load alone.
    flag_list flags{"--bootstrap", "--cluster",
                    "test",        "--election-timeout-min",
                    "1000",        "--election-timeout-max",
                    "2000"};
    flags.insert(flags.end(), more.begin(), more.end());
    start(i, members(), flags);
  }

  void begin(const flag_list& more = {}) {
    for (std::size_t i = 0; i < 3; ++i)
      start_one(i, more);
    meet();
  }

  void meet() {
    client::client_options options;
    options.cluster = "test";
    user = std::make_unique<client::blocking_client>(where, options);
    leader = wait_for_leader();
  }

  /// Does something to the leader that must not move it, nor take more memory
  /// than that.
  template <class Attack>
  void attack(Attack visit, std::uint64_t most = peak_max) {
    BOOST_TEST(test::undisturbed([&] {
      leader = wait_for_leader();
      auto term = state_of(leader).term;
      visit();
      BOOST_TEST(peak() < most);
      for (std::size_t i = 0; i < 3; ++i)
        state_of(i); // it lives
      auto now = state_of(leader);
      return now.role == peer_role::leader && now.term == term;
    }));
  }

  /// What a stall in the middle of an attack may keep it from saying.
  bool says_soon(std::size_t i, const std::string& part) const {
    return eventually([&] { return count(i, part) > 0; }, patience / 4);
  }

  address target() const {
    return where[leader];
  }

  /// How much memory the leader ever had, in bytes.
  std::uint64_t peak() const {
    std::ifstream in{"/proc/" + std::to_string(processes.at(leader)->pid())
                     + "/status"};
    for (std::string word; in >> word;)
      if (word == "VmHWM:") {
        std::uint64_t kib = 0;
        in >> kib;
        return kib << 10;
      }
    return 0;
  }

  /// How many files the leader has open.
  std::size_t files() const {
    auto path = "/proc/" + std::to_string(processes.at(leader)->pid()) + "/fd";
    std::size_t result = 0;
    if (auto directory = ::opendir(path.c_str())) {
      while (::readdir(directory))
        ++result;
      ::closedir(directory);
    }
    return result;
  }

  /// How many files the leader may open from now on.
  void limit_files(rlim_t most) {
    rlimit limit{};
    auto pid = processes.at(leader)->pid();
    BOOST_REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) == 0);
    limit.rlim_cur = most;
    BOOST_REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) == 0);
  }

  /// Hundredths of a second that the leader has computed.
  std::uint64_t cpu() const {
    std::ifstream in{"/proc/" + std::to_string(processes.at(leader)->pid())
                     + "/stat"};
    std::string word;
    for (int i = 0; i < 13; ++i)
      in >> word;
    std::uint64_t in_user = 0;
    std::uint64_t in_kernel = 0;
    in >> in_user >> in_kernel;
    return in_user + in_kernel;
  }

  /// The leader does not keep a core busy.
  void check_idle() {
    auto before = cpu();
    ::poll(nullptr, 0, 2000);
    BOOST_TEST(cpu() - before < 100);
  }

  std::size_t leader = 0;
};

} // namespace raft::cluster
