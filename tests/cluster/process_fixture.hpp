// Three or more raftd processes on free ports, for tests.

#pragma once

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/scenarios/raftd_process.hpp>
#include <raft/tests/cluster/server.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace raft::cluster {

using scenarios::raftd_process;

/// Processes that may each get flags of their own, and their logs, which are
/// shown if the test fails.
struct process_fixture {
  using flag_list = std::vector<std::string>;

  /// @param more How many addresses there are to be for others than the first
  ///        three.
  explicit process_fixture(std::size_t more = 0) {
    std::vector<test_socket> held(3 + more);
    for (auto& x : held)
      where.push_back({"127.0.0.1", x.bind()});
  }

  process_fixture(const process_fixture&) = delete;
  process_fixture& operator=(const process_fixture&) = delete;

  ~process_fixture() {
    if (failed.so_far())
      for (std::size_t i = 0; i < where.size(); ++i)
        test::show_end_of_file(log_file(i));
  }

  /// The first three as the peers are told; `other` takes the place of one.
  std::string members(std::size_t replaced = 3, const std::string& other = {}) {
    std::string result;
    for (std::size_t i = 0; i < 3; ++i)
      result += (i > 0 ? "," : "") + std::to_string(i + 1) + "="
              + (i == replaced ? other : to_text(where[i]));
    return result;
  }

  std::string log_file(std::size_t i) const {
    return directory.path("log" + std::to_string(i + 1));
  }

  std::string data(std::size_t i) const {
    return directory.path(std::to_string(i + 1));
  }

  /// How many lines of a peer's log hold a text.
  std::size_t count(std::size_t i, const std::string& part) const {
    std::ifstream in{log_file(i)};
    std::size_t result = 0;
    for (std::string line; std::getline(in, line);)
      result += line.find(part) != std::string::npos;
    return result;
  }

  /// The last line of a peer's log that is not empty.
  std::string last_words(std::size_t i) const {
    std::ifstream in{log_file(i)};
    std::string result;
    for (std::string line; std::getline(in, line);)
      if (!line.empty())
        result = line;
    return result;
  }

  bool says(std::size_t i, const std::string& part) const {
    return eventually([&] { return count(i, part) > 0; });
  }

  void start(std::size_t i, const std::string& members,
             const flag_list& more = {}) {
    flag_list flags{
      "--id", std::to_string(i + 1), "--members", members, "--data", data(i)};
    flags.insert(flags.end(), more.begin(), more.end());
    processes[i]
      = std::make_unique<raftd_process>(flags, log_file(i), environment[i]);
    BOOST_REQUIRE(processes[i]->read_line(patience)
                  == "listening on " + to_text(where[i]));
  }

  // -- what they say when they are asked; there must be a `user` --------------

  /// Nothing if it does not answer: it is not there, or has much else to do.
  std::optional<peer_state> look_at(std::size_t i) const {
    try {
      return user->state(where[i]);
    } catch (const client::client_error&) {
      return std::nullopt;
    }
  }

  /// Asks until it answers.
  peer_state state_of(std::size_t i) const {
    std::optional<peer_state> result;
    BOOST_REQUIRE(
      eventually([&] { return (result = look_at(i)).has_value(); }));
    return *result;
  }

  /// Of a peer's own key-value data; nothing if it does not answer.
  std::optional<kv::digest> look_at_data(std::size_t i) const {
    try {
      return kv::decode_digest(
        user->query(where[i], kv::digest_request(), consistency::stale).reply);
    } catch (const client::client_error&) {
      return std::nullopt;
    }
  }

  /// Asks until it answers.
  kv::digest digest_of(std::size_t i) const {
    std::optional<kv::digest> result;
    BOOST_REQUIRE(
      eventually([&] { return (result = look_at_data(i)).has_value(); }));
    return *result;
  }

  /// The position of a peer that says that it leads.
  std::size_t wait_for_leader() {
    std::optional<std::size_t> result;
    BOOST_REQUIRE(eventually([&] {
      for (auto& x : user->states())
        if (x.error.empty() && x.state.role == peer_role::leader)
          result = x.state.id.value - 1;
      return result.has_value();
    }));
    return *result;
  }

  test::temporary_directory directory;
  /// What the next processes find in their environments.
  std::map<std::size_t, raftd_process::variables> environment;
  std::vector<address> where;
  std::map<std::size_t, std::unique_ptr<raftd_process>> processes;
  /// None until a test makes it.
  std::unique_ptr<client::blocking_client> user;
  test::failure_watch failed;
};

} // namespace raft::cluster
