// raftd processes with low bounds, and load that passes them, for tests.

#pragma once

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/guest.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/hanging_disk.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace raft::cluster {

using namespace std::chrono_literals;

inline constexpr std::size_t mib = 1 << 20;
inline constexpr std::size_t value_bytes = 64 << 10;

/// What all bounds below, buffers of the allocator and of the actor system may
/// come to; a fraction of what is sent.
inline constexpr std::size_t growth_max = 40 * mib;
inline constexpr std::size_t sent = 128 * mib;

/// What `bounds_fixture::flags` allow to wait for a majority, and for a disk.
inline constexpr std::size_t waiting_max = 8 * mib;

/// What became of commands that were sent one after the other.
struct flood {
  std::size_t accepted_bytes = 0;
  std::size_t busy = 0;
  /// Of the last one that was accepted.
  log_index last;
};

struct bounds_fixture : process_fixture {
  /// Low bounds, so that a test needs little load to pass them.
  flag_list flags() const {
    return {"--bootstrap",      "--log-level",       "error",
            "--log-in-memory",  "4194304",           "--uncommitted-bytes",
            "8388608",          "--undurable-bytes", "8388608",
            "--applying-bytes", "4194304",           "--batch-bytes",
            "262144",           "--bytes-in-flight", "1048576"};
  }

  void start_all(const flag_list& more = {}) {
    auto all = flags();
    all.insert(all.end(), more.begin(), more.end());
    for (std::size_t i = 0; i < 3; ++i)
      start(i, members(), all);
    client::client_options options;
    options.server_deadline = 2s;
    user = std::make_unique<client::blocking_client>(where, options);
  }

  static bytes put(std::size_t i, std::size_t value = value_bytes) {
    return put_at("k" + std::to_string(i % 16), value);
  }

  static bytes put_at(std::string key, std::size_t value = value_bytes) {
    return kv::encode(kv::put{std::move(key), std::string(value, 'x')});
  }

  /// Writes so many bytes, with some commands on the way at once.
  void write(std::size_t total, std::size_t value = value_bytes) {
    std::deque<std::future<executed>> answers;
    auto take = [&] {
      BOOST_REQUIRE(
        (answers.front().wait_for(2 * patience) == std::future_status::ready));
      BOOST_REQUIRE((answers.front().get().result == outcome::committed));
      answers.pop_front();
    };
    for (std::size_t i = 0; i < total / value; ++i) {
      answers.push_back(user->submit(put(i, value), patience));
      if (answers.size() > 64)
        take();
    }
    while (!answers.empty())
      take();
  }

  // -- disks that hang --------------------------------------------------------

  std::string hanging(std::size_t i) const {
    return directory.path("hang" + std::to_string(i + 1));
  }

  /// Starts a peer whose disk `hang` stops.
  void start_on_hanging_disk(std::size_t i, const std::string& members) {
    start_on_hanging_disk(i, members, flags(), {});
  }

  /// @param files Part of the paths of the files that may hang; empty for all.
  void start_on_hanging_disk(std::size_t i, const std::string& members,
                             flag_list all, const std::string& files) {
    all.insert(all.end(), {"--id", std::to_string(i + 1), "--members", members,
                           "--data", data(i)});
    raftd_process::variables environment{
      {test::hanging_disk_variable, hanging(i)}};
    if (!files.empty())
      environment[test::hanging_files_variable] = files;
    processes[i] = std::make_unique<raftd_process>(
      all, log_file(i), environment, RAFTD_ON_HANGING_DISK_PATH);
    BOOST_REQUIRE(processes[i]->read_line(patience)
                  == "listening on " + to_text(where[i]));
  }

  /// From here on no sync of a peer comes to an end, until `heal`.
  void hang(std::size_t i) const {
    std::ofstream{hanging(i)} << "x";
  }

  void heal(std::size_t i) const {
    std::filesystem::remove(hanging(i));
  }

  /// Sends a command with a value of `value_bytes` and counts what became of
  /// it.
  /// @returns whether it was accepted.
  static bool offer(guest& visitor, bytes command, flood& so_far) {
    auto answer = visitor.start(std::move(command));
    so_far.busy += answer.reason == reject_reason::busy;
    if (!answer.index)
      return false;
    so_far.accepted_bytes += value_bytes;
    so_far.last = answer.index;
    return true;
  }

  /// Sends as many commands as come to `sent` bytes, whatever the answers.
  static flood overwhelm(guest& visitor) {
    flood result;
    for (std::size_t i = 0; i < sent / value_bytes; ++i)
      offer(visitor, put(i), result);
    return result;
  }

  /// Whether a peer, and none of another position, leads.
  bool somebody_else_leads(std::size_t than) const {
    auto all = user->states();
    return std::any_of(all.begin(), all.end(), [&](auto& x) {
      return x.error.empty() && x.state.role == peer_role::leader
          && x.state.id.value != than + 1;
    });
  }

  bool has_applied(std::size_t i, log_index index) const {
    for (auto& x : user->states())
      if (x.error.empty() && x.state.id.value == i + 1)
        return x.state.applied >= index;
    return false;
  }

  /// Writes for ten seconds: `sent` bytes, and then small commands. If the
  /// environment says for how long, all are large until then.
  void write_for_long() {
    const char* seconds = std::getenv("RAFT_STOPPED_SECONDS");
    auto begin = std::chrono::steady_clock::now();
    auto passed = [begin](std::chrono::seconds x) {
      return std::chrono::steady_clock::now() - begin >= x;
    };
    std::size_t total = 0;
    auto write_some = [&](std::size_t bytes, std::size_t value) {
      write(bytes, value);
      total += bytes;
    };
    do
      write_some(sent, value_bytes);
    while (seconds && !passed(std::chrono::seconds{std::stoi(seconds)}));
    while (!passed(10s))
      write_some(mib, 1 << 10);
    BOOST_TEST_MESSAGE("wrote " << total / mib << " MiB");
  }
};

} // namespace raft::cluster
