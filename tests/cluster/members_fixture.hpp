// raftd processes that become members of a cluster and leave it, raftctl that
// asks for it, and a load meanwhile.

#pragma once

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <vector>

namespace raft::cluster {

/// Appends one letter after the other to one value, with some of them under way
/// at once, until it is told to stop.
class letter_load {
public:
  explicit letter_load(client::blocking_client& user) : user_{user} {
    for (int i = 0; i < at_once; ++i)
      send();
  }

  letter_load(const letter_load&) = delete;
  letter_load& operator=(const letter_load&) = delete;

  ~letter_load() {
    end();
  }

  /// Waits until so many more were acknowledged.
  bool goes_on(std::size_t more = 20) {
    const auto wanted = committed_ + more;
    return eventually([&] { return committed_ >= wanted; }, 2 * patience);
  }

  /// How many were acknowledged, when nothing is under way any more.
  std::size_t end() {
    ending_ = true;
    BOOST_REQUIRE(eventually([&] { return under_way_ == 0; }, 3 * patience));
    return committed_;
  }

  /// How many were not, although the deadline is long.
  std::size_t failed() const {
    return failed_;
  }

private:
  static constexpr int at_once = 8;

  void send() {
    ++under_way_;
    user_.submit(kv::encode(kv::append{"letters", "x"}), 2 * patience,
                 [this](const executed& x) {
                   ++(x.result == outcome::committed ? committed_ : failed_);
                   if (!ending_ && x.result == outcome::committed)
                     send();
                   --under_way_;
                 });
  }

  client::blocking_client& user_;
  std::atomic<bool> ending_ = false;
  std::atomic<int> under_way_ = 0;
  std::atomic<std::size_t> committed_ = 0;
  std::atomic<std::size_t> failed_ = 0;
};

struct members_fixture : process_fixture {
  static constexpr std::size_t addresses = 10;

  members_fixture() : process_fixture{addresses - 3} {
    client::client_options options;
    options.server_deadline = std::chrono::seconds{1};
    user = std::make_unique<client::blocking_client>(where, options);
  }

  std::string id(std::size_t i) const {
    return std::to_string(i + 1);
  }

  std::string alone(std::size_t i) const {
    return id(i) + "=" + to_text(where[i]);
  }

  /// Founds a cluster with the first ones.
  void found(std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i)
      all += (i > 0 ? "," : "") + alone(i);
    for (std::size_t i = 0; i < count; ++i)
      start(i, all, with(flags, "--bootstrap"));
    // Whom the leader has not heard yet does not count for a majority.
    const auto leader = wait_for_leader();
    BOOST_REQUIRE(eventually([&] {
      const auto x = look_at(leader);
      return x && x->others.size() + 1 == count
          && std::ranges::all_of(x->others, [&](const peer_progress& y) {
               return y.connected && y.match == x->last;
             });
    }));
  }

  void join(std::size_t i) {
    start(i, alone(i), with(flags, "--join"));
  }

  /// As ever, whoever founded or joined.
  void restart(std::size_t i) {
    start(i, alone(i), flags);
  }

  static flag_list with(flag_list all, const std::string& more) {
    all.push_back(more);
    return all;
  }

  /// Runs raftctl.
  /// @returns its exit code; what it has said is in `said`.
  int ctl(const std::string& arguments) {
    std::string peers;
    for (const auto& x : where)
      peers += (peers.empty() ? "" : ",") + to_text(x);
    const auto out = directory.path("out");
    const auto status
      = std::system((std::string{RAFTCTL} + " --timeout "
                     + std::to_string(ctl_timeout) + " --peers " + peers + " "
                     + arguments + " >" + out + " 2>&1 </dev/null")
                      .c_str());
    std::ifstream in{out};
    said = {std::istreambuf_iterator<char>{in}, {}};
    return WEXITSTATUS(status);
  }

  bool member(const std::string& arguments) {
    const auto done = ctl("member " + arguments + " --wait") == 0;
    BOOST_TEST(done, "member " << arguments << ": " << said);
    return done;
  }

  bool has_said(const std::string& text) const {
    const auto found = said.find(text) != std::string::npos;
    BOOST_TEST(found, "no \"" << text << "\" in: " << said);
    return found;
  }

  bool add(std::size_t i) {
    return member("add " + id(i) + " " + to_text(where[i]));
  }

  bool replace(std::size_t old, std::size_t i) {
    return member("replace " + id(old) + " " + id(i) + " " + to_text(where[i]));
  }

  bool remove(std::size_t i) {
    return member("remove " + id(i));
  }

  /// The members that the leader has, all of whom must have a vote.
  std::vector<std::uint64_t> voters() {
    const auto now = state_of(wait_for_leader()).configuration;
    BOOST_TEST(now.learners.empty());
    std::vector<std::uint64_t> result;
    for (const auto x : now.voters)
      result.push_back(x.value);
    return result;
  }

  /// Whether those that run have the same state, with so many letters.
  bool agree(const std::vector<std::size_t>& who, std::size_t letters) {
    const auto answer
      = user->execute(kv::encode(kv::append{"letters", ""}), patience);
    BOOST_REQUIRE(answer.result == outcome::committed);
    BOOST_TEST(kv::decode_reply(answer.reply)->count == letters);
    return eventually([&] {
      std::optional<std::uint64_t> hash;
      for (const auto i : who) {
        const auto digest = look_at_data(i);
        if (!digest || hash.value_or(digest->hash) != digest->hash)
          return false;
        hash = digest->hash;
      }
      return true;
    });
  }

  void end(std::size_t i) {
    processes[i]->send(SIGTERM);
    BOOST_TEST(processes[i]->wait(patience) == 0);
  }

  int ctl_timeout = 60; // seconds
  /// Rather long timeouts, so that load alone brings no election; and no level
  /// rises in the middle of a test.
  flag_list flags{"--log-level",
                  "info",
                  "--level-after",
                  "86400000",
                  "--election-timeout-min",
                  "1000",
                  "--election-timeout-max",
                  "2000"};
  std::string said;
};

} // namespace raft::cluster
