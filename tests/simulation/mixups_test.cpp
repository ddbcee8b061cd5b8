// Directories that are wiped, copied, brought back and mixed up, in virtual
// time: the rules of the product decide who is connected.

#include <raft/kv/command.hpp>
#include <raft/simulation/cluster.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

struct mixed_up {
  peer_id elect() {
    BOOST_REQUIRE(
      x.run_until([&] { return !x.leaders().empty(); }, x.now() + 10s));
    return x.leaders().back();
  }

  bool commits(peer_id leader) {
    auto begun = x.start(leader, bytes{"x"});
    return begun.index
        && x.run_until(
          [&] {
            return x.runs(leader) && x.state(leader).commit >= begun.index;
          },
          x.now() + 3s);
  }

  /// Whether somebody leads within a while.
  bool leads_again() {
    return x.run_until([&] { return !x.leaders().empty(); }, x.now() + 5s);
  }

  simulation::cluster x{cluster_options{}};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(simulated_mixups, mixed_up)

BOOST_AUTO_TEST_CASE(a_peer_that_is_founded_again_is_no_help) {
  auto leader = elect();
  BOOST_TEST(commits(leader));
  auto victim = peer_id{leader.value % 3 + 1};
  x.found_again(victim);
  x.restart(victim);
  BOOST_TEST(commits(leader));
  BOOST_TEST((x.state(victim).last == log_index{0}));
  x.crash(leader);
  BOOST_TEST(!leads_again());
  x.restart(leader);
  BOOST_TEST(leads_again());
}

// One has met only the first store of a peer, another one only the second.
BOOST_AUTO_TEST_CASE(who_remembers_another_store_than_the_majority_stays_out) {
  const peer_id a{1};
  const peer_id b{2};
  const peer_id c{3};
  x.break_link(a, b);
  x.break_link(a, c);
  x.run_for(100ms);
  x.mend_link(a, b);
  x.run_for(100ms);
  x.found_again(a);
  x.restart(a);
  x.mend_link(a, c);
  x.run_for(100ms);
  x.crash(c);
  x.restart(c);
  x.run_for(5s);
  BOOST_TEST(x.left_out(b));
  BOOST_TEST(!x.left_out(a));
  BOOST_TEST(!x.left_out(c));
  BOOST_TEST(commits(elect()));
}

BOOST_AUTO_TEST_CASE(an_older_copy_waits_for_who_was_away) {
  auto a = elect();
  auto b = peer_id{a.value % 3 + 1};
  auto c = peer_id{b.value % 3 + 1};
  BOOST_TEST(commits(a));
  x.run_for(1s);
  auto copy = x.copy_disk(b, true);
  BOOST_REQUIRE(copy.has_value());
  x.crash(c);
  a = elect();
  BOOST_REQUIRE(x.run_until([&] { return commits(a); }, x.now() + 5s));
  auto other = peer_id{6 - b.value - c.value};
  x.crash(other);
  copy->mark_restored();
  x.replace_disk(b, *copy);
  x.restart(b);
  x.restart(c);
  BOOST_TEST(!leads_again());
  x.restart(other);
  BOOST_TEST(leads_again());
  x.run_for(3s);
  BOOST_TEST((x.state(b).commit == log_index{0}));
}

// Nothing was promised since: once it has heard all, it is one of them again.
BOOST_AUTO_TEST_CASE(a_copy_that_lacks_nothing_takes_part) {
  auto a = elect();
  auto b = peer_id{a.value % 3 + 1};
  BOOST_TEST(commits(a));
  x.run_for(1s);
  // Nobody is met between the copy and its return.
  for (auto who : x.ids())
    if (who != b)
      x.break_link(b, who);
  auto copy = x.copy_disk(b, true);
  BOOST_REQUIRE(copy.has_value());
  copy->mark_restored();
  x.replace_disk(b, *copy);
  x.restart(b);
  for (auto who : x.ids())
    if (who != b)
      x.mend_link(b, who);
  BOOST_TEST(x.run_until(
    [&] {
      auto leader = x.leaders();
      return !leader.empty() && x.state(b).leader == leader.back();
    },
    x.now() + 10s));
}

BOOST_AUTO_TEST_CASE(the_disk_of_another_cluster_is_no_help) {
  auto leader = elect();
  BOOST_TEST(commits(leader));
  auto victim = peer_id{leader.value % 3 + 1};
  x.replace_disk(victim, x.foreign_disk(victim));
  x.restart(victim);
  BOOST_TEST(commits(leader));
  x.run_for(2s);
  BOOST_TEST((x.leaders() == std::vector{leader}));
}

BOOST_AUTO_TEST_CASE(swapped_disks_do_not_start_until_they_are_back) {
  auto leader = elect();
  auto y = peer_id{leader.value % 3 + 1};
  x.swap_disks(leader, y);
  for (auto who : x.ids())
    x.restart(who);
  BOOST_TEST(!x.runs(leader));
  BOOST_TEST(!x.runs(y));
  x.put_back(y);
  BOOST_TEST(leads_again());
}

BOOST_AUTO_TEST_SUITE_END()
