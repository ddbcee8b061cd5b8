// What is said of a peer that cannot serve, in virtual time.

#include <raft/cluster/health.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::cluster;
using events::severity;
using namespace std::chrono_literals;

namespace {

struct health_fixture {
  health_fixture() {
    auto& state = view.state;
    state.id = {1};
    state.members = {{1}, {2}, {3}};
    state.leader = {2};
    state.commit = state.applied = state.durable = state.last = {10};
  }

  /// Lets time pass, with a look each second.
  /// @returns what was said.
  std::vector<std::string> pass(instant length) {
    std::vector<std::string> result;
    for (auto end = now + length; now < end; now += 1s)
      for (const auto& x : watcher.observe(now, view)) {
        auto how = severity_of(x);
        BOOST_TEST((how == severity::warning || how == severity::info));
        result.push_back((how == severity::info ? "info " : "") + to_text(x));
      }
    return result;
  }

  instant now{100s};
  peer_view view;
  health watcher{{{{2}, {"127.0.0.1", 7402}}, {{3}, {"127.0.0.1", 7403}}},
                 200 << 20};
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(health_suite, health_fixture)

BOOST_AUTO_TEST_CASE(who_is_well_is_silent) {
  BOOST_TEST(pass(10min).empty());
}

BOOST_AUTO_TEST_CASE(an_election_is_nothing_to_speak_of) {
  view.state.leader = {};
  BOOST_TEST(pass(3s).empty());
  view.state.leader = {3};
  BOOST_TEST(pass(10min).empty());
}

BOOST_AUTO_TEST_CASE(who_has_no_leader_says_why_now_and_then) {
  view.state.leader = {};
  view.links_down = {{{2}, "Connection refused"}, {{3}, "it is gone"}};
  auto said = pass(10s);
  BOOST_REQUIRE(said.size() == 1u);
  BOOST_TEST(said[0]
             == "this peer cannot serve: there is no leader. It reaches 1 of 3 "
                "members, itself included, and 2 are needed; not connected are "
                "peer 2 at 127.0.0.1:7402: Connection refused; peer 3 at "
                "127.0.0.1:7403: it is gone");
  said = pass(30s);
  BOOST_REQUIRE(said.size() == 1u);
  BOOST_TEST(has(said[0], "(for 33 s)"), said[0]);
  // Rarely after that, but not never.
  BOOST_TEST(pass(1h).size() <= 12u);
  BOOST_TEST(pass(1h).size() >= 5u);
  view.state.leader = {2};
  view.links_down.clear();
  said = pass(10s);
  BOOST_REQUIRE(said.size() == 1u);
  BOOST_TEST(has(said[0], "info this peer can serve: there is a leader (after"),
             said[0]);
}

BOOST_AUTO_TEST_CASE(an_empty_store_is_named) {
  view.state.leader = {};
  view.state.members.clear();
  BOOST_TEST(has(pass(10s).at(0), "its store is empty"));
}

BOOST_AUTO_TEST_CASE(who_is_kept_out_says_why) {
  view.state.leader = {};
  view.state.kept_out = {exclusion::older_copy, "its directory is an old copy"};
  BOOST_TEST(pass(10s).at(0)
             == "this peer cannot serve, because it is kept out: its directory "
                "is an old copy");
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_named) {
  view.disk_full = true;
  view.state.last = {11}; // it waits for room, not for a slow disk
  auto said = pass(10s);
  BOOST_REQUIRE(said.size() == 1u);
  BOOST_TEST(has(said[0], "the disk is full"));
  view.disk_full = false;
  view.state.durable = {11};
  BOOST_TEST((pass(10s).at(0).starts_with("info there is room")));
}

BOOST_AUTO_TEST_CASE(a_stuck_state_machine_is_named) {
  view.state.commit = view.state.last = view.state.durable = {30};
  auto said = pass(10s);
  BOOST_REQUIRE(said.size() == 1u);
  BOOST_TEST(has(said[0], "the state machine does not take entry 11, and 20 "
                          "committed ones wait"),
             said[0]);
  view.state.applied = {30};
  BOOST_TEST(pass(10s).at(0).starts_with("info the state machine goes on"));
}

BOOST_AUTO_TEST_CASE(who_is_slow_but_moves_is_not_stuck) {
  view.state.commit = view.state.last = {1000};
  for (int i = 0; i < 100; ++i) {
    view.state.applied = view.state.durable = {10u + i};
    BOOST_TEST(pass(2s).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_disk_that_hangs_is_named) {
  view.state.last = {12};
  auto said = pass(10s);
  BOOST_REQUIRE(said.size() == 1u);
  BOOST_TEST(has(said[0], "the log's disk does not take entry 11"));
}

BOOST_AUTO_TEST_CASE(a_leader_that_commits_nothing_is_named) {
  view.state.role = peer_role::leader;
  view.state.leader = {1};
  view.state.last = view.state.durable = {12};
  BOOST_TEST(has(pass(10s).at(0), "this peer leads, but entry 11 is not "
                                  "committed"));
}

BOOST_AUTO_TEST_CASE(what_a_log_is_kept_for_is_named) {
  view.state.role = peer_role::leader;
  view.state.leader = {1};
  view.state.first = {3};
  view.state.others = {{{2}, {10}, {11}, true}, {{3}, {5}, {6}, false}};
  view.state.log_bytes = 200 << 20;
  BOOST_TEST(pass(10min).empty());
  view.state.log_bytes += 1 << 20;
  auto said = pass(10s);
  BOOST_REQUIRE(said.size() == 1u);
  BOOST_TEST(
    said[0]
    == "the logs of all peers grow: entries from 3 on, 201.0 MiB of "
       "them here, are kept for peer 3, which has those up to 5 and is "
       "not connected. Bring it back, or make sure that there is room");
  view.state.others[1] = {{3}, {10}, {11}, true};
  BOOST_TEST(pass(10s).at(0).starts_with("info the log is not kept"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_answer_is_named) {
  std::size_t said = 0;
  for (int i = 0; i < 10; ++i, now += 1s)
    said += watcher.observe_silence(now).size();
  BOOST_TEST(said == 1u);
  BOOST_TEST(pass(1s).at(0).starts_with("info this peer answers again"));
}

BOOST_AUTO_TEST_SUITE_END()
