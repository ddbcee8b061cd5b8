// Three raftd processes, a client that writes to them, and what must be there.

#pragma once

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/faulty_disk.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>

namespace raft::cluster {

/// Counts what was tried and what was acknowledged.
struct writing_fixture : process_fixture {
  using process_fixture::process_fixture;

  static constexpr std::size_t value_bytes = 32 << 10;

  void make_client() {
    client::client_options options;
    options.server_deadline = std::chrono::seconds{1};
    user = std::make_unique<client::blocking_client>(where, options);
  }

  /// Begins to write a key that nobody has written. Add what comes to
  /// `written`, if it is committed.
  std::future<executed> begin_one(std::chrono::milliseconds deadline,
                                  client::blocking_client& from) {
    return from.submit(kv::encode(kv::put{"k" + std::to_string(tried++),
                                          std::string(value_bytes, 'x')}),
                       deadline);
  }

  std::future<executed> begin_one(std::chrono::milliseconds deadline) {
    return begin_one(deadline, *user);
  }

  executed write_one(std::chrono::milliseconds deadline) {
    auto answer = begin_one(deadline).get();
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
    BOOST_TEST(eventually([&] {
      auto first = digest_of(0);
      return first.keys >= written && first.keys <= tried
          && first.hash == digest_of(1).hash && first.hash == digest_of(2).hash;
    }));
  }

  /// The next process finds a library in front of the C library.
  void preload(std::size_t i, const char* library,
               raftd_process::variables more) {
    more["LD_PRELOAD"] = library;
    // The sanitizer wants to come first, and need not here.
    more["ASAN_OPTIONS"] = "verify_asan_link_order=0:detect_leaks=0";
    environment[i] = std::move(more);
  }

  /// The next process has a disk that fails as `plan` says.
  void preload_faults(std::size_t i, const test::disk_plan& plan) {
    std::filesystem::create_directories(plan.directory);
    preload(i, FAULTY_DISK_PATH, {{test::disk_plan_variable, to_text(plan)}});
  }

  std::uint64_t tried = 0;
  std::uint64_t written = 0;
};

} // namespace raft::cluster
