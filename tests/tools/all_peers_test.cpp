// Whom raftctl asks beside those that it was given, and whom it leaves out.

#include <raft/tools/lib/all_peers.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace raft;
using namespace raft::tools;

namespace {

links::address at(std::uint64_t id) {
  return {"127.0.0.1", static_cast<std::uint16_t>(7400 + id)};
}

/// Members 1 and 4, which took the place of 3.
membership one_and_four() {
  membership result;
  result.index = {9};
  result.voters = {{1}, {4}};
  member_details x;
  x.peer = {4};
  x.address = links::to_text(at(4));
  result.details = {x};
  return result;
}

client::server_state answering(std::uint64_t id, const membership& members) {
  client::server_state x;
  x.where = at(id);
  x.state.id = {id};
  x.state.members = members.voters;
  x.state.configuration = members;
  return x;
}

client::server_state silent(std::uint64_t id) {
  client::server_state x;
  x.where = at(id);
  x.error = "connection refused";
  return x;
}

/// What the founding members of the same cluster knew.
membership one_and_three() {
  membership result;
  result.voters = {{1}, {3}};
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(all_peers)

BOOST_AUTO_TEST_CASE(members_that_came_later_are_asked) {
  BOOST_TEST((not_asked({answering(1, one_and_four()), silent(3)})
              == std::vector{at(4)}));
  // Whoever has not heard of the change yet does not count.
  BOOST_TEST(
    (not_asked({answering(3, one_and_three()), answering(1, one_and_four())})
     == std::vector{at(4)}));
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_twice) {
  BOOST_TEST(not_asked({answering(1, one_and_four()), silent(4)}).empty());
  // It answers at another name of its address.
  auto elsewhere = answering(4, one_and_four());
  elsewhere.where.host = "localhost";
  BOOST_TEST(not_asked({answering(1, one_and_four()), elsewhere}).empty());
  BOOST_TEST(not_asked({silent(1), silent(2)}).empty());
}

BOOST_AUTO_TEST_CASE(who_is_gone_for_good_is_left_out) {
  server_states all{answering(1, one_and_four()), silent(3), silent(4)};
  leave_out_gone(all);
  BOOST_REQUIRE(all.size() == 2u);
  BOOST_TEST((all[1].where == at(4)));
}

// Where a founding member is, its address on the command line alone tells.
BOOST_AUTO_TEST_CASE(who_may_be_a_silent_member_stays) {
  server_states all{answering(1, one_and_three()), silent(2), silent(3)};
  leave_out_gone(all);
  BOOST_TEST(all.size() == 3u);
  server_states nobody{silent(1), silent(3)};
  leave_out_gone(nobody);
  BOOST_TEST(nobody.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
