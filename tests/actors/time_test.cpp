// A peer and its clock.

#include "cluster.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

/// One peer of three; the test plays the other two, and time.
struct time_fixture : cluster {
  time_fixture() : cluster{ground{"memory"}} {
    stores[{1}] = persistence::make_memory_store({"test", {1}, {101}});
    peer_options options;
    options.store = stores[{1}];
    options.machine = journal::make;
    options.bootstrap = members;
    options.on_failure = failures.handler();
    options.on_note = notes.of({1});
    options.time.now = [this] { return now.load(); };
    // No alarm goes off before the test is over.
    options.settings.heartbeat_interval = std::chrono::seconds{1000};
    options.settings.election_timeout_min = std::chrono::seconds{5000};
    options.settings.election_timeout_max = std::chrono::seconds{5000};
    alone = spawn_peer(system, std::move(options));
  }

  ~time_fixture() {
    ask_handle<stopped>(alone, raft::stop{{1}});
  }

  /// Peer 2 leads, and appends its first entry.
  void follow() {
    append_request msg;
    msg.header = {{1}, {2}, {1}, {102}};
    msg.term = {1};
    msg.entries.emplace_back();
    msg.entries.back().term = {1};
    msg.entries.back().index = {1};
    send_anonymously(alone, msg);
    // A disk that took as long as the jumps of this clock would count as hung.
    BOOST_REQUIRE(
      eventually([&] { return state_of_peer().durable.value == 1; }));
  }

  void beat() {
    append_request msg;
    msg.header = {{1}, {2}, {1}, {102}};
    msg.term = {1};
    msg.previous = {{1}, {1}};
    send_anonymously(alone, msg);
  }

  peer_state state_of_peer() {
    return ask_handle<peer_state>(alone, get_state{{1}});
  }

  std::atomic<consensus::instant> now{consensus::instant{1'000'000}};
  peer_actor alone;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(peers_and_time, time_fixture)

BOOST_AUTO_TEST_CASE(mail_is_read_before_a_timeout_is_believed) {
  follow();
  // The election is due, but not for long; the heartbeat is there before the
  // alarm.
  now = now.load() + std::chrono::milliseconds{5'000'100};
  beat();
  BOOST_TEST(state_of_peer().leader.value == 2u);
  BOOST_TEST(notes.count({1}, consensus::note_kind::became_pre_candidate)
             == 0u);
}

BOOST_AUTO_TEST_CASE(an_early_or_old_alarm_does_no_harm) {
  follow();
  for (std::uint64_t number = 0; number < 5; ++number)
    send_anonymously(alone, wake{number});
  BOOST_TEST(state_of_peer().leader.value == 2u);
  BOOST_TEST(notes.count({1}, consensus::note_kind::became_pre_candidate)
             == 0u);
}

BOOST_AUTO_TEST_CASE(an_alarm_lets_the_core_act) {
  follow();
  now = now.load() + std::chrono::milliseconds{5'000'100};
  for (std::uint64_t number = 0; number < 5; ++number)
    send_anonymously(alone, wake{number});
  BOOST_TEST(eventually(
    [&] { return state_of_peer().role == peer_role::pre_candidate; }));
}

BOOST_AUTO_TEST_SUITE_END()
