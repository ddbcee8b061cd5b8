// Whole groups of cores without faults of their own: they elect and replicate.

#include "small_cluster.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

BOOST_AUTO_TEST_SUITE(cluster)

BOOST_AUTO_TEST_CASE(three_peers_elect_one_leader_and_replicate) {
  small_cluster peers{3};
  peers.run(2s);
  const auto leader = peers.leader();
  BOOST_REQUIRE_NE(leader, 0u);
  for (int i = 0; i < 10; ++i)
    BOOST_CHECK(peers.start(leader, "x"));
  peers.run(500ms);
  for (auto& [id, p] : peers.peers) {
    BOOST_TEST(p->x->leader().value == leader);
    BOOST_TEST(p->committed.size() == 11u);
    BOOST_TEST(p->disk.size() == 11u);
  }
}

BOOST_AUTO_TEST_CASE(a_lone_voter_elects_itself) {
  small_cluster peers{1};
  peers.run(1s);
  BOOST_TEST(peers.leader() == 1u);
  peers.start(1, "x");
  peers.settle();
  BOOST_TEST(peers[1].committed.size() == 2u);
  BOOST_CHECK(peers[1]->wake_at() == instant::max());
}

BOOST_AUTO_TEST_SUITE_END()
