// Three raftd processes that get killed.

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <memory>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;
using test::undisturbed;

namespace {

struct raftd_fixture : process_fixture {
  void start_one(std::size_t i) {
    // Rather long timeouts, so that load alone brings no election.
    start(i, members(), flags);
  }

  void start_all() {
    for (std::size_t i = 0; i < 3; ++i)
      start_one(i);
    user = std::make_unique<client::blocking_client>(where, options());
  }

  static client::client_options options() {
    client::client_options result;
    result.cluster = "test";
    result.server_deadline = 1s;
    return result;
  }

  /// The leader that a majority agrees on, as a position.
  std::optional<std::size_t> find_leader() {
    std::map<peer_id, int> votes;
    for (auto& x : user->states())
      if (x.error.empty() && x.state.leader && ++votes[x.state.leader] == 2)
        return x.state.leader.value - 1;
    return std::nullopt;
  }

  std::size_t wait_for_agreed_leader() {
    std::optional<std::size_t> result;
    BOOST_REQUIRE(
      eventually([&] { return (result = find_leader()).has_value(); }));
    return *result;
  }

  /// Writes a range of keys, all at once.
  void write(int first, int last) {
    std::vector<std::future<executed>> answers;
    for (int i = first; i < last; ++i)
      answers.push_back(user->submit(
        kv::encode(kv::put{"k" + std::to_string(i), "v"}), patience));
    for (auto& x : answers) {
      BOOST_REQUIRE((x.wait_for(2 * patience) == std::future_status::ready));
      BOOST_TEST(x.get().result == outcome::committed);
    }
  }

  std::uint64_t count() {
    auto result = user->execute(kv::encode(kv::count{}), patience);
    BOOST_REQUIRE(result.result == outcome::committed);
    return kv::decode_reply(result.reply)->count;
  }

  /// Whether all three have the same state, of so many keys.
  bool agree(std::uint64_t keys) {
    return eventually([&] {
      std::optional<std::uint64_t> hash;
      for (std::size_t i = 0; i < 3; ++i) {
        auto digest = look_at_data(i);
        if (!digest || digest->keys != keys
            || hash.value_or(digest->hash) != digest->hash)
          return false;
        hash = digest->hash;
      }
      return true;
    });
  }

  const flag_list flags{"--cluster",   "test",
                        "--bootstrap", "--log-level",
                        "info",        "--election-timeout-min",
                        "1000",        "--election-timeout-max",
                        "2000"};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(process_suite, raftd_fixture)

BOOST_AUTO_TEST_CASE(a_killed_leader_is_replaced_and_comes_back) {
  start_all();
  write(0, 100);
  auto leader = wait_for_agreed_leader();
  processes[leader]->kill();
  write(100, 200);
  BOOST_TEST(wait_for_agreed_leader() != leader);
  start_one(leader);
  BOOST_TEST(agree(200));
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_when_all_are_killed_at_once) {
  start_all();
  write(0, 200);
  for (auto& [i, x] : processes)
    x->send(SIGKILL);
  for (auto& [i, x] : processes)
    x->kill();
  for (std::size_t i = 0; i < 3; ++i)
    start_one(i);
  wait_for_agreed_leader();
  BOOST_TEST(count() == 200u);
  BOOST_TEST(agree(200));
}

BOOST_AUTO_TEST_CASE(a_kill_in_the_middle_of_writes_loses_nothing) {
  start_all();
  auto leader = wait_for_agreed_leader();
  std::vector<std::future<executed>> answers;
  for (int i = 0; i < 1000; ++i) {
    answers.push_back(
      user->submit(kv::encode(kv::append{"log", "x"}), patience));
    if (i == 500)
      processes[leader]->kill();
  }
  for (auto& x : answers) {
    BOOST_REQUIRE((x.wait_for(2 * patience) == std::future_status::ready));
    BOOST_TEST(x.get().result == outcome::committed);
  }
  start_one(leader);
  auto result = user->execute(kv::encode(kv::append{"log", ""}), patience);
  BOOST_REQUIRE(result.result == outcome::committed);
  BOOST_TEST(kv::decode_reply(result.reply)->count == 1000u);
  BOOST_TEST(agree(1));
}

BOOST_AUTO_TEST_CASE(a_frozen_leader_is_replaced_and_comes_back) {
  start_all();
  auto keys = 0;
  auto write_more = [&] {
    write(keys, keys + 100);
    keys += 100;
  };
  write_more();
  BOOST_TEST(undisturbed([&] {
    auto leader = wait_for_agreed_leader();
    processes[leader]->send(SIGSTOP);
    write_more();
    BOOST_TEST(wait_for_agreed_leader() != leader);
    // Long enough that the others give up the connection.
    auto given_up = [&] {
      auto others = state_of(wait_for_agreed_leader()).others;
      return std::ranges::any_of(others, [&](const auto& x) {
        return x.peer.value == leader + 1 && !x.connected;
      });
    };
    BOOST_TEST(eventually([&] {
      write_more();
      return given_up();
    }));
    BOOST_TEST(user->states()[leader].error != "");
    auto successor = wait_for_agreed_leader();
    auto term = state_of(successor).term;
    processes[leader]->send(SIGCONT);
    BOOST_TEST(agree(keys));
    // It has stepped down, and deposed nobody.
    auto old = state_of(leader);
    return old.role == peer_role::follower && old.leader.value == successor + 1
        && old.term == term;
  }));
}

BOOST_AUTO_TEST_CASE(signals_end_it_cleanly) {
  start_all();
  write(0, 10);
  processes[0]->send(SIGTERM);
  processes[1]->send(SIGINT);
  BOOST_TEST(processes[0]->wait(patience) == 0);
  BOOST_TEST(processes[1]->wait(patience) == 0);
  start_one(0);
  BOOST_TEST(count() == 10u);
}

BOOST_AUTO_TEST_CASE(errors_end_it_with_the_right_code) {
  raftd_process no_flags{{}};
  BOOST_TEST(no_flags.wait(patience) == 2);
  raftd_process help{{"--help"}};
  BOOST_TEST(help.wait(patience) == 0);
  start_one(0);
  auto flags_of = [&](std::size_t i) {
    flag_list result{
      "--id", std::to_string(i + 1), "--members", members(), "--data", data(i)};
    result.insert(result.end(), flags.begin(), flags.end());
    return result;
  };
  raftd_process twice{flags_of(0)};
  BOOST_TEST(twice.wait(patience) == 1);
  auto other = flags_of(1);
  other.insert(other.end(), {"--listen", to_text(where[0])});
  raftd_process same_port{other};
  BOOST_TEST(same_port.wait(patience) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
