// Connections that are replaced before anybody misses them.

#include <raft/simulation/schedule.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

struct renewing {
  peer_id elect() {
    BOOST_REQUIRE(
      x.run_until([&] { return !x.leaders().empty(); }, x.now() + 10s));
    return x.leaders().back();
  }

  simulation::cluster x{cluster_options{}};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(renewed_links, renewing)

BOOST_AUTO_TEST_CASE(what_was_lost_on_the_old_one_is_sent_again) {
  auto leader = elect();
  auto other = peer_id{leader.value % 3 + 1};
  x.run_for(1s);
  auto term = x.state(leader).term;
  x.cut(leader, other);
  auto begun = x.start(leader, bytes{"lost on the way"});
  x.run_for(5ms);
  x.heal(leader, other);
  x.renew_link(leader, other);
  BOOST_TEST(x.counts().renewed_links == 2u);
  BOOST_TEST(x.run_until([&] { return x.state(other).last >= begun.index; },
                         x.now() + 50ms));
  x.run_for(2s);
  BOOST_TEST((x.state(leader).term == term));
}

BOOST_AUTO_TEST_CASE(without_a_connection_there_is_nothing_to_renew) {
  auto leader = elect();
  auto other = peer_id{leader.value % 3 + 1};
  x.crash(other);
  x.run_for(1s);
  x.renew_link(leader, other);
  BOOST_TEST(x.counts().renewed_links == 0u);
}

BOOST_AUTO_TEST_CASE(a_fault_renews_them) {
  elect();
  x.run_for(1s);
  fault what;
  what.what = fault_kind::renew_link;
  what.other = {1};
  what.peer = {2};
  inflict(x, what);
  BOOST_TEST(x.counts().renewed_links == 2u);
  BOOST_TEST(describe(what) == "renew link peer 2 and peer 1");
}

BOOST_AUTO_TEST_SUITE_END()
