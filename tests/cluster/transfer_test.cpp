// Three raftd processes whose leader hands its office over.

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/tests/cluster/process_fixture.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

struct transfer_fixture : process_fixture {
  transfer_fixture() {
    for (std::size_t i = 0; i < 3; ++i)
      start(i, members(), flags);
    client::client_options options;
    options.server_deadline = 1s;
    user = std::make_unique<client::blocking_client>(where, options);
    write();
  }

  void write() {
    BOOST_TEST(user->execute(kv::encode(kv::put{"k", "v"}), patience).result
               == outcome::committed);
  }

  /// Who leads, as all say that answer, of whom there must be so many.
  std::optional<peer_id> leader(std::size_t answers) {
    std::optional<peer_id> result;
    std::size_t count = 0;
    for (auto& x : user->states()) {
      if (!x.error.empty())
        continue;
      ++count;
      if (!x.state.leader || result.value_or(x.state.leader) != x.state.leader)
        return std::nullopt;
      result = x.state.leader;
    }
    return count == answers ? result : std::nullopt;
  }

  peer_id agreed_leader(std::size_t answers) {
    std::optional<peer_id> result;
    BOOST_REQUIRE(
      eventually([&] { return (result = leader(answers)).has_value(); }));
    return *result;
  }

  /// So long that no election begins by itself while a test runs, save for the
  /// first one.
  const flag_list flags{"--bootstrap", "--log-level",
                        "info",        "--election-timeout-min",
                        "4000",        "--election-timeout-max",
                        "8000"};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(transfer_suite, transfer_fixture)

BOOST_AUTO_TEST_CASE(whoever_is_named_leads) {
  auto old = agreed_leader(3);
  auto term = state_of(old.value - 1).term;
  for (auto target : {old.value % 3 + 1, (old.value + 1) % 3 + 1, old.value}) {
    // By now somebody may still have to hear of the last one.
    auto from = agreed_leader(3);
    auto done
      = user->transfer(where[from.value - 1], peer_id{target}, patience);
    BOOST_TEST((done.result == transfer_result::transferred));
    BOOST_TEST(done.leader.value == target);
    BOOST_TEST((done.term == term.next()));
    term = done.term;
    write();
  }
  auto ask = [&](std::size_t i, std::uint64_t target) {
    return user->transfer(where[i], peer_id{target}, patience).result;
  };
  BOOST_TEST((ask(old.value - 1, 9) == transfer_result::unknown_peer));
  BOOST_TEST((ask(old.value - 1, old.value) == transfer_result::leads_already));
  BOOST_TEST((ask(old.value % 3, old.value) == transfer_result::not_leader));
}

BOOST_AUTO_TEST_CASE(a_leader_that_is_stopped_hands_over) {
  auto old = agreed_leader(3);
  auto& process = *processes[old.value - 1];
  process.send(SIGTERM);
  BOOST_TEST(process.wait(patience) == 0);
  auto next = agreed_leader(2);
  BOOST_TEST((next != old));
  write();
  // Nobody has waited for an election timeout.
  BOOST_TEST(count(old.value - 1, "hands over to ") == 1u);
  BOOST_TEST(count(next.value - 1, "is to take over from ") == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
