// Three raftd processes that get killed.

#include <raft/cluster/client.hpp>
#include <raft/kv/command.hpp>
#include <raft/scenarios/raftd_process.hpp>
#include <raft/tests/cluster/server.hpp>
#include <raft/tests/support/outcomes.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>

using namespace raft;
using namespace raft::cluster;
using scenarios::raftd_process;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

/// A new leader must be there within this time in every test.
constexpr auto failover_max = 5s;

struct raftd_fixture {
  raftd_fixture() {
    std::vector<test_socket> held(3);
    for (std::uint64_t i = 0; i < 3; ++i) {
      where.push_back({"127.0.0.1", held[i].bind()});
      members
        += (i > 0 ? "," : "") + std::to_string(i + 1) + "=" + to_text(where[i]);
    }
  }

  std::vector<std::string> flags(std::size_t i) const {
    // Rather long timeouts, so that load alone brings no election.
    return {"--id",        std::to_string(i + 1),
            "--members",   members,
            "--data",      directory.path(std::to_string(i + 1)),
            "--cluster",   "test",
            "--bootstrap", "--log-level",
            "error",       "--election-timeout-min",
            "700",         "--election-timeout-max",
            "1400"};
  }

  void start(std::size_t i) {
    processes[i] = std::make_unique<raftd_process>(flags(i));
    BOOST_TEST(processes[i]->read_line(10s)
               == "listening on " + to_text(where[i]));
  }

  void start_all() {
    for (std::size_t i = 0; i < 3; ++i)
      start(i);
    user = std::make_unique<client>(where, options());
  }

  static client_options options() {
    client_options result;
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

  std::size_t wait_for_leader() {
    std::optional<std::size_t> result;
    BOOST_REQUIRE(eventually(
      [&] { return (result = find_leader()).has_value(); }, failover_max));
    return *result;
  }

  /// Writes a range of keys, all at once.
  void write(int first, int last) {
    std::vector<std::future<executed>> answers;
    for (int i = first; i < last; ++i)
      answers.push_back(
        user->submit(kv::encode(kv::put{"k" + std::to_string(i), "v"}), 30s));
    for (auto& x : answers) {
      BOOST_REQUIRE((x.wait_for(40s) == std::future_status::ready));
      BOOST_TEST(x.get().result == outcome::committed);
    }
  }

  std::uint64_t count() {
    auto result = user->execute(kv::encode(kv::count{}), 30s);
    BOOST_REQUIRE(result.result == outcome::committed);
    return kv::decode_reply(result.reply)->count;
  }

  /// Whether all three have the same state, of so many keys.
  bool agree(std::uint64_t keys) {
    return eventually([&] {
      std::optional<std::uint64_t> hash;
      for (auto& x : where) {
        kv::digest digest;
        try {
          digest
            = *kv::decode_digest(user->query(x, kv::digest_request()).reply);
        } catch (const client_error&) {
          return false;
        }
        if (digest.keys != keys || hash.value_or(digest.hash) != digest.hash)
          return false;
        hash = digest.hash;
      }
      return true;
    });
  }

  test::temporary_directory directory;
  std::vector<address> where;
  std::string members;
  std::map<std::size_t, std::unique_ptr<raftd_process>> processes;
  std::unique_ptr<client> user;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(process_suite, raftd_fixture)

BOOST_AUTO_TEST_CASE(a_killed_leader_is_replaced_and_comes_back) {
  start_all();
  write(0, 100);
  auto leader = wait_for_leader();
  processes[leader]->kill();
  auto begin = clock_type::now();
  write(100, 200);
  BOOST_TEST((clock_type::now() - begin < failover_max));
  BOOST_TEST(wait_for_leader() != leader);
  start(leader);
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
    start(i);
  wait_for_leader();
  BOOST_TEST(count() == 200u);
  BOOST_TEST(agree(200));
}

BOOST_AUTO_TEST_CASE(a_kill_in_the_middle_of_writes_loses_nothing) {
  start_all();
  auto leader = wait_for_leader();
  std::vector<std::future<executed>> answers;
  for (int i = 0; i < 1000; ++i) {
    answers.push_back(user->submit(kv::encode(kv::append{"log", "x"}), 30s));
    if (i == 500)
      processes[leader]->kill();
  }
  for (auto& x : answers) {
    BOOST_REQUIRE((x.wait_for(40s) == std::future_status::ready));
    BOOST_TEST(x.get().result == outcome::committed);
  }
  start(leader);
  auto result = user->execute(kv::encode(kv::append{"log", ""}), 30s);
  BOOST_REQUIRE(result.result == outcome::committed);
  BOOST_TEST(kv::decode_reply(result.reply)->count == 1000u);
  BOOST_TEST(agree(1));
}

BOOST_AUTO_TEST_CASE(a_frozen_leader_is_replaced_and_comes_back) {
  start_all();
  write(0, 100);
  auto leader = wait_for_leader();
  processes[leader]->send(SIGSTOP);
  auto begin = clock_type::now();
  write(100, 200);
  BOOST_TEST((clock_type::now() - begin < failover_max));
  auto successor = wait_for_leader();
  BOOST_TEST(successor != leader);
  auto keys = 200;
  for (; clock_type::now() - begin < 10s; keys += 100)
    write(keys, keys + 100);
  // Long enough that the others give up the connection.
  BOOST_TEST(eventually([&] {
    for (auto& x : user->state(where[successor]).others)
      if (x.peer.value == leader + 1)
        return !x.connected;
    return false;
  }));
  BOOST_TEST(user->states()[leader].error != "");
  successor = wait_for_leader();
  auto term = user->state(where[successor]).term;
  processes[leader]->send(SIGCONT);
  BOOST_TEST(agree(keys));
  // It has stepped down, and deposed nobody.
  auto old = user->state(where[leader]);
  BOOST_TEST((old.role == peer_role::follower));
  BOOST_TEST(old.leader.value == successor + 1);
  BOOST_TEST((old.term == term));
}

BOOST_AUTO_TEST_CASE(signals_end_it_cleanly) {
  start_all();
  write(0, 10);
  processes[0]->send(SIGTERM);
  processes[1]->send(SIGINT);
  BOOST_TEST(processes[0]->wait(10s) == 0);
  BOOST_TEST(processes[1]->wait(10s) == 0);
  start(0);
  BOOST_TEST(count() == 10u);
}

BOOST_AUTO_TEST_CASE(errors_end_it_with_the_right_code) {
  raftd_process no_flags{{}};
  BOOST_TEST(no_flags.wait(10s) == 2);
  raftd_process help{{"--help"}};
  BOOST_TEST(help.wait(10s) == 0);
  start(0);
  raftd_process twice{flags(0)};
  BOOST_TEST(twice.wait(10s) == 1);
  auto other = flags(1);
  other.insert(other.end(), {"--listen", to_text(where[0])});
  raftd_process same_port{other};
  BOOST_TEST(same_port.wait(10s) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
