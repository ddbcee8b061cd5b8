// Peers that join a cluster of raftd processes, take the place of others, move
// and leave, while a client writes.

#include <raft/tests/cluster/members_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <numeric>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;
using test::undisturbed;

namespace {

using numbers = std::vector<std::uint64_t>;

std::vector<std::size_t> first(std::size_t count) {
  std::vector<std::size_t> result(count);
  std::iota(result.begin(), result.end(), 0);
  return result;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(members_suite, members_fixture)

BOOST_AUTO_TEST_CASE(a_lost_machine_is_replaced_under_load) {
  found(3);
  letter_load load{*user};
  BOOST_REQUIRE(load.goes_on());
  const auto lost = wait_for_leader() == 0 ? 1u : 0u;
  processes[lost]->kill();
  std::filesystem::remove_all(data(lost));
  join(3);
  BOOST_REQUIRE(replace(lost, 3));
  BOOST_TEST(load.goes_on());
  BOOST_TEST(voters() == (lost == 0 ? numbers{2, 3, 4} : numbers{1, 3, 4}));
  BOOST_TEST(says(3, "joined the cluster"));
  // With the new one, the two that were there are more than enough.
  processes[2]->kill();
  BOOST_TEST(load.goes_on());
  const auto letters = load.end();
  BOOST_TEST(load.failed() == 0u);
  BOOST_TEST(agree({1 - lost, 3}, letters));
}

BOOST_AUTO_TEST_CASE(a_cluster_grows_from_one_to_five_and_shrinks_to_one) {
  found(1);
  letter_load load{*user};
  for (std::size_t i = 1; i < 5; ++i) {
    join(i);
    BOOST_REQUIRE(add(i));
    BOOST_TEST(load.goes_on());
    BOOST_TEST(voters().size() == i + 1);
  }
  BOOST_TEST(agree(first(5), load.end()));
  // What was added knows the others after a restart, and they know it.
  for (std::size_t i = 0; i < 5; ++i)
    end(i);
  for (std::size_t i = 0; i < 5; ++i)
    restart(i);
  letter_load more{*user};
  BOOST_TEST(more.goes_on());
  for (std::size_t i = 4; i > 0; --i) {
    BOOST_REQUIRE(remove(i));
    BOOST_TEST(more.goes_on());
    BOOST_TEST(voters().size() == i);
  }
  BOOST_TEST(voters() == numbers{1});
  BOOST_TEST(more.failed() == 0u);
}

BOOST_AUTO_TEST_CASE(a_newcomer_gets_a_snapshot_where_the_log_has_begun_later) {
  const auto usual = flags;
  for (const auto* x : {"--log-kept", "0", "--compaction-bytes", "200",
                        "--checkpoint-after", "100"})
    flags.emplace_back(x);
  found(1);
  letter_load load{*user};
  BOOST_REQUIRE(load.goes_on(200));
  const auto has_dropped_some = [&](std::size_t i) {
    const auto x = look_at(i);
    return x && x->first.value > 1;
  };
  BOOST_REQUIRE(eventually([&] { return has_dropped_some(0); }, 2 * patience));
  // It keeps all that it gets.
  flags = usual;
  join(1);
  BOOST_REQUIRE(add(1));
  BOOST_TEST(load.goes_on());
  BOOST_TEST(has_dropped_some(1));
  BOOST_TEST(agree(first(2), load.end()));
}

BOOST_AUTO_TEST_CASE(five_peers_move_to_five_others_under_load) {
  BOOST_TEST(undisturbed([&] {
    for (std::size_t i = 0; i < addresses; ++i) {
      processes.erase(i);
      std::filesystem::remove_all(data(i));
    }
    found(5);
    // It is told of five, and learns where the others are.
    client::blocking_client narrow{{where.begin(), where.begin() + 5}, {}};
    letter_load load{narrow};
    BOOST_REQUIRE(load.goes_on());
    const auto leader = wait_for_leader();
    const auto term = state_of(leader).term;
    std::size_t next = 5;
    // The leader goes last, though any order does.
    auto order = first(5);
    std::swap(order[leader], order[4]);
    for (const auto old : order) {
      join(next);
      BOOST_REQUIRE(replace(old, next));
      BOOST_TEST(load.goes_on());
      ++next;
    }
    for (const auto old : order)
      end(old);
    BOOST_TEST(load.goes_on());
    BOOST_TEST(voters() == (numbers{6, 7, 8, 9, 10}));
    const auto letters = load.end();
    BOOST_TEST(load.failed() == 0u);
    BOOST_TEST(agree({5, 6, 7, 8, 9}, letters));
    return state_of(wait_for_leader()).term <= term.next();
  }));
}

BOOST_AUTO_TEST_CASE(a_peer_moves_to_another_address_with_its_store) {
  found(3);
  letter_load load{*user};
  const auto moved = wait_for_leader() == 2 ? 1u : 2u;
  end(moved);
  BOOST_REQUIRE(member("update " + id(moved) + " " + to_text(where[5])));
  std::filesystem::rename(data(moved), data(5));
  processes.erase(moved);
  flag_list all{"--id",      id(moved),
                "--members", id(moved) + "=" + to_text(where[5]),
                "--data",    data(5)};
  all.insert(all.end(), flags.begin(), flags.end());
  processes[5]
    = std::make_unique<raftd_process>(all, log_file(5), environment[5]);
  BOOST_REQUIRE(processes[5]->read_line(patience)
                == "listening on " + to_text(where[5]));
  // The others have found it there.
  BOOST_TEST(eventually([&] {
    const auto all = state_of(wait_for_leader()).others;
    return std::ranges::all_of(all, &peer_progress::connected);
  }));
  BOOST_TEST(load.goes_on());
  const auto letters = load.end();
  BOOST_TEST(agree({0, 3u - moved, 5}, letters));
}

BOOST_AUTO_TEST_CASE(a_leader_that_is_removed_hands_over_and_is_told) {
  found(3);
  letter_load load{*user};
  const auto old = wait_for_leader();
  BOOST_REQUIRE(remove(old));
  BOOST_TEST(load.goes_on());
  BOOST_TEST(says(old, "hands over to "));
  BOOST_TEST(says(old, "it is no member of its cluster any more"));
  const auto leader = state_of(wait_for_leader()).leader;
  BOOST_TEST(leader.value != old + 1);
  BOOST_TEST(voters().size() == 2u);
  BOOST_TEST(eventually(
    [&] { return state_of(old).kept_out.reason == exclusion::removed; }));
  BOOST_TEST(load.failed() == 0u);
}

BOOST_AUTO_TEST_CASE(who_is_removed_while_it_is_away_is_told_later) {
  found(3);
  const auto leader = wait_for_leader();
  const auto away = (leader + 1) % 3;
  processes[away]->kill();
  BOOST_REQUIRE(remove(away));
  const auto term = state_of(wait_for_leader()).term;
  start(away, members(), flags);
  BOOST_TEST(says(away, "it was removed"));
  BOOST_TEST(eventually(
    [&] { return state_of(away).kept_out.reason == exclusion::removed; }));
  // It has disturbed nobody.
  letter_load load{*user};
  BOOST_TEST(load.goes_on());
  BOOST_TEST((state_of(wait_for_leader()).term == term));
}

BOOST_AUTO_TEST_CASE(a_learner_gets_everything_and_has_no_vote) {
  found(1);
  letter_load load{*user};
  join(1);
  BOOST_REQUIRE(member("add 2 " + to_text(where[1]) + " --learner"));
  BOOST_TEST(load.goes_on());
  BOOST_TEST(ctl("member list") == 0);
  has_said("learner");
  // Nobody waits for it.
  processes[1]->kill();
  BOOST_TEST(load.goes_on());
  restart(1);
  BOOST_REQUIRE(member("promote 2"));
  BOOST_TEST(voters() == (numbers{1, 2}));
  BOOST_REQUIRE(member("demote 2"));
  BOOST_TEST(agree({0, 1}, load.end()));
}

BOOST_AUTO_TEST_SUITE_END()
