// From whom raftctl has a snapshot, and what must be in it.

#include <raft/tools/lib/copy_snapshot.hpp>
#include <raft/tools/lib/live_backup.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::tools;

namespace {

using servers = std::vector<client::server_state>;

client::server_state server(std::uint64_t id, peer_role role,
                            std::uint64_t applied) {
  client::server_state x;
  x.where = {"127.0.0.1", static_cast<std::uint16_t>(7400 + id)};
  x.state.id = {id};
  x.state.role = role;
  x.state.term = {4};
  x.state.applied = {applied};
  x.state.commit = {applied};
  x.state.last = {applied + 5};
  x.state.cluster = {77};
  return x;
}

client::server_state follower(std::uint64_t id, std::uint64_t applied) {
  return server(id, peer_role::follower, applied);
}

client::server_state leader(std::uint64_t id, std::uint64_t applied) {
  return server(id, peer_role::leader, applied);
}

client::server_state silent(client::server_state x) {
  x.error = "no answer";
  return x;
}

client::server_state kept_out(client::server_state x) {
  x.state.kept_out = {exclusion::other_store, "it has another store"};
  return x;
}

std::string order(const servers& all, std::uint64_t which = 0) {
  std::string result;
  for (const auto& x : snapshot_sources(all, {which}))
    result += to_text(x.state.id) + ' ';
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(live_backups)

BOOST_AUTO_TEST_CASE(followers_that_have_most_are_asked_first) {
  BOOST_TEST(order({leader(1, 90), follower(2, 40), follower(3, 80)})
             == "3 2 1 ");
  BOOST_TEST(order({leader(1, 90), silent(follower(2, 85)), follower(3, 80)})
             == "3 1 ");
  BOOST_TEST(order({follower(1, 80), kept_out(follower(2, 99))}) == "1 ");
  BOOST_TEST(order({leader(1, 90)}) == "1 ");
  BOOST_TEST(order({silent(leader(1, 90))}).empty());
}

BOOST_AUTO_TEST_CASE(whoever_is_named_is_asked_alone) {
  const servers all{leader(1, 90), follower(2, 40), silent(follower(3, 80))};
  BOOST_TEST(order(all, 2) == "2 ");
  BOOST_TEST(order(all, 1) == "1 ");
  BOOST_TEST(order(all, 3).empty());
}

BOOST_AUTO_TEST_CASE(all_that_the_leader_has_is_needed) {
  auto found = needed_of({follower(1, 95), leader(2, 90), follower(3, 80)});
  BOOST_TEST(found.known);
  BOOST_TEST((found.index == log_index{95}));
  // Two that say so: the later term counts.
  auto old = leader(1, 200);
  old.state.term = {3};
  for (const auto& all :
       {servers{old, leader(2, 90)}, servers{leader(2, 90), old}}) {
    found = needed_of(all);
    BOOST_TEST(found.known);
    BOOST_TEST((found.index == log_index{95}));
  }
  // Nothing that is kept out counts.
  found = needed_of({follower(1, 80), kept_out(leader(2, 90))});
  BOOST_TEST(!found.known);
  BOOST_TEST((found.index == log_index{80}));
}

BOOST_AUTO_TEST_CASE(without_a_leader_all_that_is_known_is_needed) {
  auto found
    = needed_of({follower(1, 70), silent(leader(2, 90)), follower(3, 80)});
  BOOST_TEST(!found.known);
  BOOST_TEST((found.index == log_index{80}));
}

BOOST_AUTO_TEST_CASE(two_clusters_are_not_mixed) {
  auto other = follower(3, 80);
  other.state.cluster = {78};
  BOOST_TEST(mixed_clusters({leader(1, 90), follower(2, 80)}).empty());
  auto text = mixed_clusters({leader(1, 90), other});
  BOOST_TEST(text.find("peer 3 at 127.0.0.1:7403 of 78") != std::string::npos,
             text);
  // Who does not know yet, or says nothing, mixes nothing.
  BOOST_TEST(mixed_clusters({leader(1, 90), silent(other)}).empty());
  other.state.cluster = {};
  BOOST_TEST(mixed_clusters({leader(1, 90), other}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
