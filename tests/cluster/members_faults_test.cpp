// What goes wrong while the members of a cluster of raftd processes change, and
// what is refused.

#include <raft/tests/cluster/members_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>
#include <future>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(members_faults, members_fixture)

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_refused) {
  found(3);
  join(3);
  const auto here = to_text(where[3]);
  const auto refused
    = [&](const std::string& arguments, int code, const std::string& why) {
        BOOST_TEST(ctl("member " + arguments) == code, said);
        has_said(why);
      };
  refused("add 2 " + here, 1, "peer 2 is a member of the cluster already");
  refused("add 5 " + here, 2, "is peer 4, not peer 5");
  ctl_timeout = 3; // it waits for a peer that does not listen yet
  refused("add 5 " + to_text(where[5]), 3, "--id 5 --join");
  ctl_timeout = 60;
  refused("add 4 nonsense", 2, "nonsense");
  refused("remove 9", 2, "peer 9 is no member of the cluster");
  refused("replace 9 4 " + here, 2, "peer 9 is no member of the cluster");
  refused("promote 1", 1, "has a vote already");
  refused("update 2 " + to_text(where[0]), 2, "the same address");
  BOOST_TEST((state_of(wait_for_leader()).configuration.index == log_index{}));
  // One that was not told to join.
  end(3);
  std::filesystem::remove_all(data(3));
  start(3, alone(3), flags);
  refused("add 4 " + here, 2, "was started without --join");
}

BOOST_AUTO_TEST_CASE(an_even_number_of_voters_draws_a_warning) {
  found(1);
  join(1);
  BOOST_REQUIRE(add(1));
  has_said("warning: 2 peers have a vote then");
}

BOOST_AUTO_TEST_CASE(what_loses_the_quorum_is_refused_and_can_be_forced) {
  found(3);
  const auto leader = wait_for_leader();
  const auto away = (leader + 1) % 3, here = (leader + 2) % 3;
  processes[away]->kill();
  BOOST_REQUIRE(eventually([&] {
    ctl("member demote " + id(here));
    return said.find("a majority of those who would have a vote does not "
                     "answer")
        != std::string::npos;
  }));
  BOOST_TEST(ctl("member demote " + id(here) + " --force") == 0, said);
  // It stands still, until that one is back.
  restart(away);
  BOOST_TEST(eventually([&] {
    const auto now = state_of(wait_for_leader());
    return is_in(now.configuration.learners, peer_id{here + 1})
        && !is_joint(now.configuration);
  }));
  letter_load load{*user};
  BOOST_TEST(load.goes_on());
}

BOOST_AUTO_TEST_CASE(a_wiped_peer_stays_out_and_comes_back_as_another_one) {
  found(3);
  const auto leader = wait_for_leader();
  const auto wiped = (leader + 1) % 3;
  processes[wiped]->kill();
  std::filesystem::remove_all(data(wiped));
  join(wiped);
  BOOST_TEST(says(wiped, "its id cannot be used again"));
  BOOST_TEST((state_of(wiped).members.empty()));
  end(wiped);
  std::filesystem::remove_all(data(wiped));
  join(3);
  BOOST_REQUIRE(replace(wiped, 3));
  letter_load load{*user};
  BOOST_TEST(load.goes_on());
  BOOST_TEST(voters().size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_leader_killed_in_the_middle_of_a_change) {
  found(3);
  letter_load load{*user};
  BOOST_REQUIRE(load.goes_on());
  join(3);
  auto asked = std::async(std::launch::async, [&] {
    return ctl("member add 4 " + to_text(where[3]) + " --wait");
  });
  const auto leader = wait_for_leader();
  BOOST_REQUIRE(eventually([&] {
    const auto now = look_at(leader);
    return now && now->configuration.index;
  }));
  processes[leader]->kill();
  BOOST_TEST(asked.get() == 0, said);
  BOOST_TEST(load.goes_on());
  BOOST_TEST(voters().size() == 4u);
  restart(leader);
  const auto letters = load.end();
  BOOST_TEST(load.failed() == 0u);
  BOOST_TEST(agree({0, 1, 2, 3}, letters));
}

BOOST_AUTO_TEST_CASE(a_peer_killed_while_it_joins_goes_on_joining) {
  found(3);
  letter_load load{*user};
  BOOST_REQUIRE(load.goes_on());
  join(3);
  BOOST_TEST(ctl("member add 4 " + to_text(where[3])) == 0, said);
  processes[3]->kill();
  BOOST_TEST(load.goes_on());
  join(3);
  BOOST_TEST(eventually([&] {
    return is_in(state_of(wait_for_leader()).configuration.voters, peer_id{4});
  }));
  const auto letters = load.end();
  BOOST_TEST(load.failed() == 0u);
  BOOST_TEST(agree({0, 1, 2, 3}, letters));
}

BOOST_AUTO_TEST_SUITE_END()
