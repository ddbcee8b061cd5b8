// The rules by which peers tell each other apart, without any network.

#include <raft/consensus/acquaintances.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

using namespace raft;
using raft::consensus::acquaintances;
using raft::consensus::finding;

namespace {

bool says(const finding& x, const std::string& part) {
  BOOST_TEST_MESSAGE(x.text);
  return x.text.find(part) != std::string::npos;
}

/// Peers with stores that can be started, copied and wiped.
class fixture {
public:
  struct disk {
    incarnation_id incarnation;
    std::vector<peer_id> founders;
    cluster_id cluster;
    store_memory memory;
  };

  fixture() {
    for (std::uint64_t i = 1; i <= 3; ++i)
      found(i, {{1}, {2}, {3}});
  }

  /// A new store for a peer; without members if it was not told to found.
  void found(std::uint64_t who, std::vector<peer_id> members) {
    disks[who] = {{++drawn_}, std::move(members), {}, {}};
    start(who);
  }

  void start(std::uint64_t who) {
    auto& x = disks[who];
    x.memory.starts.push_back({++drawn_});
    running[who] = {{who}, x.incarnation, x.founders, x.memory};
  }

  /// Brings a copy back. @pre Its process had ended in order.
  void restore(std::uint64_t who, disk copy) {
    disks[who] = std::move(copy);
    disks[who].memory.restored = true;
    start(who);
  }

  finding judge(std::uint64_t who, std::uint64_t other) {
    return running[who].judge({other}, shown(other), disks[who].cluster);
  }

  credentials shown(std::uint64_t who) {
    return running[who].shown(disks[who].cluster);
  }

  /// One side of a meeting: compares, and makes durable what it must remember.
  finding hear(std::uint64_t who, std::uint64_t other) {
    auto theirs = shown(other);
    auto result = judge(who, other);
    running[who].hear({other}, theirs, result);
    if (result || result.reason == exclusion::restored) {
      auto news = running[who].news_of({other}, theirs);
      for (auto& x : news) {
        auto& known = disks[who].memory.others;
        std::erase_if(known, [&](auto& y) { return y.peer == x.peer; });
        known.push_back(x);
      }
      std::ranges::sort(disks[who].memory.others, {}, &acquaintance::peer);
      running[who].learn(news);
    }
    if (running[who].may_settle()) {
      running[who].settle();
      disks[who].memory.restored = false;
    }
    return result;
  }

  /// Both sides. @returns whether they are linked.
  bool meet(std::uint64_t a, std::uint64_t b) {
    auto first = hear(b, a);
    auto second = hear(a, b);
    return first && second;
  }

  std::map<std::uint64_t, disk> disks;
  std::map<std::uint64_t, acquaintances> running;

private:
  std::uint64_t drawn_ = 1000;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(acquaintances_suite, fixture)

BOOST_AUTO_TEST_CASE(members_meet_and_meet_again_after_restarts) {
  for (int round = 0; round < 3; ++round) {
    BOOST_TEST(meet(1, 2));
    BOOST_TEST(meet(1, 3));
    BOOST_TEST(meet(2, 3));
    start(2);
    BOOST_TEST(meet(1, 2));
    BOOST_TEST(!running[1].own_standing().text.size());
  }
  BOOST_TEST((running[1].of({2}).start == disks[2].memory.starts.back()));
}

// What must be remembered of each takes a while to be durable. Meanwhile comes
// another handshake with the same id.
BOOST_AUTO_TEST_CASE(of_two_handshakes_that_cross_one_counts) {
  meet(1, 2);
  start(2);
  auto first = shown(2);
  auto news_of_first = running[1].news_of({2}, first);
  start(2);
  auto second = shown(2);
  auto news_of_second = running[1].news_of({2}, second);
  BOOST_TEST(!running[1].remembers({2}, first));
  running[1].learn(news_of_second);
  BOOST_TEST(running[1].remembers({2}, second));
  running[1].learn(news_of_first);
  BOOST_TEST(running[1].remembers({2}, first));
  BOOST_TEST(!running[1].remembers({2}, second));
  auto another = first;
  another.incarnation = {4711};
  BOOST_TEST(!running[1].remembers({2}, another));
  BOOST_TEST(!running[1].remembers({3}, first));
}

BOOST_AUTO_TEST_CASE(what_is_known_needs_no_second_write) {
  meet(1, 2);
  BOOST_TEST(running[1].news_of({2}, shown(2)).empty());
  start(2);
  BOOST_TEST(running[1].news_of({2}, shown(2)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(different_founders_are_refused_with_both_lists) {
  found(1, {{1}});
  BOOST_TEST(!meet(1, 2));
  for (auto [a, b] : {std::pair{1, 2}, {2, 1}}) {
    auto x = judge(a, b);
    BOOST_TEST((x.reason == exclusion::other_founders));
    BOOST_TEST(says(x, "peer 1"));
    BOOST_TEST(says(x, "1, 2, 3"));
    BOOST_TEST(!x.blames_us);
  }
}

BOOST_AUTO_TEST_CASE(different_clusters_are_refused_when_both_are_known) {
  disks[1].cluster = {71};
  BOOST_TEST(meet(1, 2));
  disks[2].cluster = {72};
  BOOST_TEST(!meet(1, 2));
  BOOST_TEST((judge(1, 2).reason == exclusion::other_cluster));
  BOOST_TEST(says(judge(2, 1), "the id 71"));
  BOOST_TEST(says(judge(2, 1), "the id 72"));
  disks[2].cluster = {71};
  BOOST_TEST(meet(1, 2));
}

BOOST_AUTO_TEST_CASE(who_was_founded_from_something_else_is_refused_by_both) {
  auto restore_from = [&](std::uint64_t who, std::uint64_t checksum) {
    found(who, {{1}, {2}, {3}});
    disks[who].memory.others = {founded_from(checksum)};
    start(who);
  };
  restore_from(1, 0xab);
  restore_from(2, 0xab);
  BOOST_TEST(meet(1, 2));
  for (auto who : {1, 2}) {
    for (auto [asks, answers] : {std::pair{who, 3}, std::pair{3, who}}) {
      auto found = judge(asks, answers);
      BOOST_TEST((found.reason == exclusion::other_founders));
      BOOST_TEST(says(found, "restored from the snapshot with the checksum "
                             "00000000000000ab"));
      BOOST_TEST(says(found, "peer 3 was not restored from any snapshot"));
    }
    // An old member knows an id, which says as little.
    disks[3].cluster = {77};
    BOOST_TEST((judge(who, 3).reason == exclusion::other_founders));
    BOOST_TEST((judge(3, who).reason == exclusion::other_founders));
    disks[3].cluster = {};
  }
  restore_from(3, 0xac);
  BOOST_TEST(says(judge(3, 1), "peer 1 was restored from the snapshot with the "
                               "checksum 00000000000000ab"));
  // What it was founded from is nobody who could be met.
  restore_from(3, 0xab);
  BOOST_TEST(meet(1, 3));
  BOOST_TEST(meet(2, 3));
  BOOST_TEST(running[3].unheard().empty());
}

// Then they are one cluster, however each of them came to it.
BOOST_AUTO_TEST_CASE(the_same_cluster_id_is_enough) {
  disks[1].memory.others = {founded_from(0xab)};
  start(1);
  disks[1].cluster = disks[2].cluster = {77};
  BOOST_TEST(meet(1, 2));
  BOOST_TEST(!meet(1, 3));
}

BOOST_AUTO_TEST_CASE(an_empty_store_is_nobody_and_is_not_remembered) {
  found(2, {});
  BOOST_TEST(!meet(1, 2));
  BOOST_TEST((judge(1, 2).reason == exclusion::not_founded));
  BOOST_TEST(!judge(1, 2).blames_us);
  BOOST_TEST(judge(2, 1).blames_us);
  BOOST_TEST((running[1].of({2}) == acquaintance{}));
  BOOST_TEST((running[2].own_standing().reason == exclusion::not_founded));
  // Told to found after all, it is welcome: nobody had ever met another one.
  disks[2].founders = {{1}, {2}, {3}};
  start(2);
  BOOST_TEST(meet(1, 2));
}

BOOST_AUTO_TEST_CASE(a_wiped_peer_founded_again_is_refused_by_who_met_it) {
  meet(1, 2);
  found(2, {{1}, {2}, {3}});
  BOOST_TEST(!meet(1, 2));
  BOOST_TEST((judge(1, 2).reason == exclusion::other_store));
  BOOST_TEST(says(judge(1, 2), "peer 2 comes with another store than peer 1 "
                               "remembers"));
  BOOST_TEST(!judge(1, 2).blames_us);
}

BOOST_AUTO_TEST_CASE(the_one_who_forgot_hears_of_it_from_the_other) {
  meet(1, 2);
  found(2, {{1}, {2}, {3}});
  auto x = judge(2, 1);
  BOOST_TEST((x.reason == exclusion::other_store));
  BOOST_TEST(x.blames_us);
}

// Peer 3 has not met peer 2, but peer 1 has.
BOOST_AUTO_TEST_CASE(others_pass_on_whom_they_have_met) {
  meet(1, 2);
  meet(1, 3);
  found(2, {{1}, {2}, {3}});
  BOOST_TEST(!meet(2, 3));
  BOOST_TEST((judge(3, 2).reason == exclusion::other_store));
}

// Peer 3 met the new store first; then it must not be of both clusters.
BOOST_AUTO_TEST_CASE(nobody_is_linked_to_two_stores_by_way_of_others) {
  meet(1, 2);
  found(2, {{1}, {2}, {3}});
  BOOST_TEST(meet(2, 3));
  BOOST_TEST(!meet(1, 3));
  BOOST_TEST((judge(3, 1).reason == exclusion::other_third));
  BOOST_TEST(says(judge(1, 3), "different stores of peer 2"));
}

BOOST_AUTO_TEST_CASE(the_directories_of_two_peers_of_two_clusters_do_not_mix) {
  fixture other;
  for (auto& [id, x] : other.disks)
    x.incarnation.value += 100;
  for (auto i : {1, 2, 3})
    other.start(i);
  other.meet(1, 2);
  other.meet(2, 3);
  meet(1, 3);
  meet(1, 2);
  disks[2] = other.disks[2];
  start(2);
  BOOST_TEST(!meet(1, 2));
  BOOST_TEST(!meet(2, 3));
}

BOOST_AUTO_TEST_CASE(a_copy_that_lacks_a_start_is_refused) {
  meet(1, 2);
  auto copy = disks[2];
  start(2);
  meet(1, 2);
  // Not even its files give it away.
  disks[2] = copy;
  start(2);
  BOOST_TEST(!meet(1, 2));
  BOOST_TEST((judge(1, 2).reason == exclusion::older_copy));
  BOOST_TEST(!judge(1, 2).blames_us);
  BOOST_TEST((judge(2, 1).reason == exclusion::older_copy));
  BOOST_TEST(judge(2, 1).blames_us);
  // It counts on, and lacks it forever.
  start(2);
  BOOST_TEST(!meet(1, 2));
}

BOOST_AUTO_TEST_CASE(a_start_that_nobody_saw_may_be_missing) {
  meet(1, 2);
  auto copy = disks[2];
  start(2);
  disks[2] = copy;
  start(2);
  BOOST_TEST(meet(1, 2));
}

// -- restored stores ----------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_restored_store_takes_part_when_all_have_confirmed) {
  meet(1, 2);
  meet(2, 3);
  meet(1, 3);
  restore(2, disks[2]);
  BOOST_TEST((running[2].own_standing().reason == exclusion::restored));
  BOOST_TEST(!meet(1, 2));
  BOOST_TEST(!meet(1, 2));
  BOOST_TEST((running[2].stage() == admission::asks));
  BOOST_TEST((running[1].of({2}).start != disks[2].memory.starts.back()));
  BOOST_TEST(!meet(2, 3));
  BOOST_TEST((running[2].stage() == admission::claims));
  BOOST_TEST(running[2].restored());
  // Now they remember this very start; and the last of them says so.
  for (int i = 0; i < 2; ++i) {
    meet(1, 2);
    meet(2, 3);
  }
  BOOST_TEST(!running[2].restored());
  BOOST_TEST(meet(1, 2));
  BOOST_TEST(meet(2, 3));
  BOOST_TEST((running[2].own_standing() == standing{}));
  start(2);
  BOOST_TEST(meet(1, 2));
}

// The third peer was away while the peer that the copy is of went on; nobody
// else is there to tell.
BOOST_AUTO_TEST_CASE(a_restored_store_waits_for_who_is_away) {
  meet(1, 2);
  meet(2, 3);
  auto copy = disks[2];
  start(2);
  meet(1, 2);
  restore(2, copy);
  for (int i = 0; i < 5; ++i)
    BOOST_TEST(!meet(2, 3));
  BOOST_TEST((running[2].unheard().size() == 2u));
  BOOST_TEST(says({exclusion::restored, true, running[2].own_standing().text},
                  "still to be heard: 1, 3"));
  // The one who knows better comes back.
  BOOST_TEST(!meet(1, 2));
  BOOST_TEST((judge(2, 1).reason == exclusion::older_copy));
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(!meet(2, 3));
    BOOST_TEST(!meet(1, 2));
  }
  BOOST_TEST(running[2].restored());
}

// Two processes run on two copies: one of them is shut out before the other
// takes part.
BOOST_AUTO_TEST_CASE(a_copy_beside_the_original_never_gets_in) {
  meet(1, 2);
  meet(2, 3);
  auto original = disks[2];
  restore(2, original);
  meet(1, 2);
  auto copy = std::pair{disks[2], running[2]};
  // The original starts and meets peer 3 before the copy does.
  disks[2] = original;
  start(2);
  BOOST_TEST(meet(2, 3));
  disks[2] = copy.first;
  running[2] = copy.second;
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(!meet(2, 3));
    BOOST_TEST(!meet(1, 2));
  }
  // It has not shut the original out meanwhile.
  BOOST_TEST((running[1].of({2}).start == original.memory.starts.back()));
}

BOOST_AUTO_TEST_CASE(a_whole_cluster_may_move) {
  meet(1, 2);
  meet(2, 3);
  meet(1, 3);
  for (auto i : {1, 2, 3})
    restore(i, disks[i]);
  for (int i = 0; i < 4; ++i) {
    meet(1, 2);
    meet(1, 3);
    meet(2, 3);
  }
  BOOST_TEST(meet(1, 2));
  BOOST_TEST(meet(1, 3));
  BOOST_TEST(meet(2, 3));
}

BOOST_AUTO_TEST_CASE(a_cluster_of_one_needs_nobody) {
  found(1, {{1}});
  restore(1, disks[1]);
  BOOST_TEST(running[1].may_settle());
}

BOOST_AUTO_TEST_SUITE_END()
