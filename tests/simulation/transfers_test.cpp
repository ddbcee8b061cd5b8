// Leaders that are asked to hand over.

#include <raft/simulation/schedule.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

peer_id elect(simulation::cluster& x) {
  BOOST_REQUIRE(
    x.run_until([&] { return !x.leaders().empty(); }, x.now() + 10s));
  x.run_for(1s);
  return x.leaders().back();
}

} // namespace

BOOST_AUTO_TEST_SUITE(transfers)

BOOST_AUTO_TEST_CASE(a_fault_asks_the_leader_to_hand_over) {
  simulation::cluster x{cluster_options{}};
  const auto leader = elect(x);
  fault what;
  what.what = fault_kind::transfer;
  what.other = {leader.value % 3 + 1};
  BOOST_TEST(describe(what)
             == "transfer the leader to peer " + to_text(what.other));
  inflict(x, what);
  BOOST_TEST(x.counts().transfers_begun == 1u);
  BOOST_TEST(
    x.run_until([&] { return x.state(what.other).role == peer_role::leader; },
                x.now() + 100ms));
  BOOST_TEST(x.counts().transfers_told == 1u);
  // Now to anybody else, once the others have answered the new leader.
  x.run_for(1s);
  what.other = {};
  inflict(x, what);
  x.run_for(100ms);
  BOOST_TEST(x.counts().transfers_begun == 2u);
  BOOST_TEST((x.leaders().back() != peer_id{leader.value % 3 + 1}));
}

BOOST_AUTO_TEST_SUITE_END()
