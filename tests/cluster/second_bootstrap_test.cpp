// A peer that has lost its data and is started with --bootstrap all the same:
// it knows the members, so it would vote again. The others remember its store.

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <utility>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

struct second_bootstrap : process_fixture {
  void start_one(std::size_t i) {
    // Long timeouts, so that load alone brings no election.
    start(i, members(),
          {"--bootstrap", "--log-level", "info", "--election-timeout-min",
           "1000", "--election-timeout-max", "2000"});
  }

  void make_user() {
    client::client_options options;
    options.server_deadline = 1s;
    user = std::make_unique<client::blocking_client>(where, options);
  }

  void write(const std::string& key) {
    auto answer = user->execute(kv::encode(kv::put{key, "v"}), patience);
    BOOST_REQUIRE(answer.result == outcome::committed);
  }

  std::uint64_t keys() {
    auto answer = user->execute(kv::encode(kv::count{}), patience);
    BOOST_REQUIRE(answer.result == outcome::committed);
    return kv::decode_reply(answer.reply)->count;
  }

  /// The keys and the hash of a peer's own state.
  std::pair<std::uint64_t, std::uint64_t> digest(std::size_t i) {
    auto x = digest_of(i);
    return {x.keys, x.hash};
  }

  /// Whether a peer leads in one term all the time, while another one neither
  /// leads nor follows, and never campaigns.
  bool leads_without(std::size_t leader, std::size_t victim,
                     std::chrono::milliseconds length) {
    auto term = state_of(leader).term;
    auto until = std::chrono::steady_clock::now() + length;
    while (std::chrono::steady_clock::now() < until) {
      auto x = state_of(victim);
      BOOST_REQUIRE(
        (x.role != peer_role::candidate && x.role != peer_role::leader));
      BOOST_REQUIRE((x.leader == peer_id{} && x.term == term_number{}));
      auto y = state_of(leader);
      if (y.role != peer_role::leader || y.term != term)
        return false;
    }
    return true;
  }

  void lose_data(std::size_t i) {
    processes[i]->kill();
    std::filesystem::remove_all(data(i));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(second_bootstraps, second_bootstrap)

// The others tell it apart. The leader speaks before it campaigns; and with an
// empty log, nobody who has more would elect it.
BOOST_AUTO_TEST_CASE(beside_others_that_run_it_moves_nobody) {
  for (std::size_t i = 0; i < 3; ++i)
    start_one(i);
  make_user();
  for (int i = 0; i < 20; ++i)
    write(std::to_string(i));
  auto leader = wait_for_leader();
  auto victim = (leader + 1) % 3;
  auto other = (leader + 2) % 3;
  auto before = state_of(other).incarnation;
  auto lost = state_of(victim).incarnation;
  lose_data(victim);
  start_one(victim);
  for (auto i : {leader, other})
    BOOST_TEST(says(i, "peer " + std::to_string(victim + 1)
                         + " comes with another store than peer "
                         + std::to_string(i + 1) + " remembers"));
  BOOST_TEST((state_of(victim).incarnation != lost));
  BOOST_TEST((state_of(other).incarnation == before));
  // Nobody speaks with it; nobody else campaigns for many election timeouts.
  BOOST_TEST(test::undisturbed([&] {
    leader = wait_for_leader();
    other = 3 - leader - victim;
    return leads_without(leader, victim, 2s);
  }));
  write("20");
  // With the leader gone, it is no help to the other one, which waits.
  processes[leader]->kill();
  auto until = std::chrono::steady_clock::now() + 4s;
  while (std::chrono::steady_clock::now() < until)
    BOOST_REQUIRE((state_of(other).role != peer_role::leader
                   && state_of(victim).role != peer_role::leader));
  start_one(leader);
  BOOST_TEST(keys() == 21u);
  BOOST_TEST(eventually([&] { return digest(leader) == digest(other); }));
  BOOST_TEST((digest(victim) != digest(other)));
}

BOOST_AUTO_TEST_SUITE_END()
