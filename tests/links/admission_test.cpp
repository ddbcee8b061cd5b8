// Who may come to a peer whose members change, and whom a new peer belongs to.

#include <raft/consensus/acquaintances.hpp>
#include <raft/links/introductions.hpp>
#include <raft/links/link.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::links;
using consensus::acquaintances;

namespace {

constexpr cluster_id ours{50};
const std::vector<peer_id> founders{{1}, {2}, {3}};

/// Voters 1 to 3 and 5, of whom 5 was added with a store of its own.
membership four() {
  membership result;
  result.index = {7};
  result.voters = {{1}, {2}, {3}, {5}};
  result.details = {{{5}, {105}, "host:7005", false, {}}};
  return result;
}

credentials shown_by(std::uint64_t store, cluster_id cluster = ours) {
  credentials result;
  result.founders = founders;
  result.cluster = cluster;
  result.incarnation = {store};
  result.starts = {{1000 + store}};
  return result;
}

struct admission_fixture {
  admission_fixture() {
    us.members_are(four());
  }

  exclusion place(std::uint64_t who, const credentials& theirs,
                  bool led = true) const {
    const auto found = us.judge_place({who}, theirs, ours, led);
    refused = !found.text.empty();
    return found.reason;
  }

  acquaintances us{{1}, {101}, founders, {{{9}}, {}, false}};
  mutable bool refused = false;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(admission_suite, admission_fixture)

// It has no reason that others are told, and is one nevertheless.
BOOST_AUTO_TEST_CASE(who_cannot_be_remembered_is_not_linked) {
  BOOST_TEST(!no_space_to_remember());
  BOOST_TEST(!no_space_to_join());
  BOOST_TEST(!!consensus::finding{});
}

BOOST_AUTO_TEST_CASE(members_come_with_the_store_that_was_added) {
  BOOST_TEST((place(2, shown_by(102)) == exclusion::none));
  BOOST_TEST(!refused);
  BOOST_TEST((place(5, shown_by(105)) == exclusion::none));
  BOOST_TEST(!refused);
  BOOST_TEST((place(5, shown_by(106)) == exclusion::other_store));
  BOOST_TEST(refused);
}

BOOST_AUTO_TEST_CASE(who_was_a_member_is_told) {
  auto less = four();
  std::erase(less.voters, peer_id{3});
  us.members_are(less);
  us.learn({{{8}, {108}, {}, {}}});
  for (const auto who : {3u, 8u}) {
    BOOST_TEST((place(who, shown_by(100 + who)) == exclusion::removed));
    // Nobody could tell us that it is one again.
    BOOST_TEST((place(who, shown_by(100 + who), false) == exclusion::none));
    BOOST_TEST(!refused);
  }
}

BOOST_AUTO_TEST_CASE(who_is_unknown_comes_with_our_clusters_id_only) {
  BOOST_TEST((place(9, shown_by(109)) == exclusion::none));
  BOOST_TEST(!refused);
  BOOST_TEST((place(9, shown_by(109, {51})) == exclusion::other_cluster));
  BOOST_TEST(refused);
  BOOST_TEST((place(9, shown_by(109, {})) == exclusion::none));
  BOOST_TEST(refused);
}

BOOST_AUTO_TEST_CASE(a_store_of_before_counts_no_more) {
  us.learn({{{5}, {104}, {1104}, {}}});
  BOOST_TEST(!!us.judge({5}, shown_by(105), ours));
  BOOST_TEST(us.shown(ours).knows.empty());
  // Nor is it a matter between others.
  auto theirs = shown_by(102);
  theirs.knows = {{{5}, {103}, {}, {}}};
  BOOST_TEST(!!us.judge({2}, theirs, ours));
}

BOOST_AUTO_TEST_CASE(a_new_peer_joins_whom_it_was_no_part_of) {
  acquaintances fresh{{6}, {106}, {}, {{{9}}, {}, false}};
  fresh.wait_to_join();
  BOOST_TEST((fresh.own_standing().reason == exclusion::joining));
  auto theirs = shown_by(101);
  BOOST_TEST(!!fresh.judge_joining({1}, theirs));
  theirs.knows = {{{6}, {106}, {}, {}}};
  BOOST_TEST(!!fresh.judge_joining({1}, theirs));
  theirs.knows = {{{6}, {107}, {}, {}}};
  BOOST_TEST(
    (fresh.judge_joining({1}, theirs).reason == exclusion::other_store));
  acquaintances wiped{{3}, {106}, {}, {{{9}}, {}, false}};
  BOOST_TEST(
    (wiped.judge_joining({1}, shown_by(101)).reason == exclusion::other_store));
  BOOST_TEST(
    (fresh.judge_joining({1}, shown_by(101, {})).reason == exclusion::joining));
  theirs = shown_by(101);
  theirs.stage = admission::asks;
  BOOST_TEST((fresh.judge_joining({1}, theirs).reason == exclusion::joining));
}

BOOST_AUTO_TEST_CASE(who_was_removed_knows_it) {
  BOOST_TEST((us.own_standing().reason == exclusion::none));
  auto less = four();
  std::erase(less.voters, peer_id{1});
  us.members_are(less);
  BOOST_TEST((us.own_standing().reason == exclusion::removed));
  // Who joins reads of members before it was one.
  acquaintances fresh{{6}, {106}, founders, {{{9}}, {}, false}};
  fresh.members_are(less);
  BOOST_TEST((fresh.own_standing().reason == exclusion::none));
}

BOOST_AUTO_TEST_CASE(a_restored_store_asks_those_who_are_members_now) {
  acquaintances copy{{1}, {101}, founders, {{{9}}, {}, true}};
  copy.members_are(four());
  BOOST_TEST((copy.unheard() == std::vector<peer_id>{{2}, {3}, {5}}));
}

BOOST_AUTO_TEST_CASE(links_lead_where_the_log_says) {
  const std::vector<member> configured{{{2}, {"host", 7002}},
                                       {{5}, {"host", 1}}};
  BOOST_TEST((place_of({5}, four(), configured) == address{"host", 7005}));
  BOOST_TEST((place_of({2}, four(), configured) == address{"host", 7002}));
  BOOST_TEST(place_of({3}, four(), configured).port == 0u);
  auto broken = four();
  broken.details[0].address = "nonsense";
  BOOST_TEST(place_of({5}, broken, configured).port == 0u);
}

BOOST_AUTO_TEST_CASE(who_has_a_vote_connects_first) {
  auto now = four();
  now.learners = {{4}, {6}};
  BOOST_TEST(connects_first({1}, {2}, now));
  BOOST_TEST(!connects_first({2}, {1}, now));
  BOOST_TEST(connects_first({5}, {4}, now));
  BOOST_TEST(!connects_first({4}, {5}, now));
  BOOST_TEST(connects_first({4}, {6}, now));
}

BOOST_AUTO_TEST_SUITE_END()
