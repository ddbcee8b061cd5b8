// The checker is known to work: it finds what is wrong between two states. What
// cannot be brought about from outside is covered by mutants of the core.

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

/// Shows one checker first one core, then another that claims to be the same.
std::string says(lone_peer& before, lone_peer& after) {
  invariant_checker checker;
  BOOST_REQUIRE(!checker.check(*before.x));
  return checker.check(*after.x).value_or("");
}

lone_peer in_term(std::uint64_t term, std::uint64_t vote = 0) {
  return lone_peer{1, voters(3), {}, {term_number{term}, peer_id{vote}}};
}

lone_peer follower_with(const std::vector<std::uint64_t>& terms,
                        std::uint64_t commit, std::uint64_t leader = 2) {
  lone_peer x{1, voters(3), terms};
  const auto& last = x->log().last();
  x.receive(make_append(leader, 1, last.term.value, last, {}, commit));
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(invariants)

BOOST_AUTO_TEST_CASE(what_stays_the_same_is_fine) {
  auto x = follower_with({1, 1}, 1);
  BOOST_TEST(says(x, x) == "");
}

BOOST_AUTO_TEST_CASE(a_term_that_goes_back_is_found) {
  auto before = in_term(5);
  auto after = in_term(4);
  BOOST_TEST(says(before, after) == "The term never goes back.");
}

BOOST_AUTO_TEST_CASE(a_vote_that_changes_is_found) {
  auto before = in_term(5, 2);
  auto after = in_term(5, 3);
  BOOST_TEST(says(before, after) == "A vote does not change within a term.");
}

BOOST_AUTO_TEST_CASE(a_vote_that_is_forgotten_is_found) {
  auto before = in_term(5, 2);
  auto after = in_term(5);
  BOOST_TEST(says(before, after) == "A vote does not change within a term.");
}

BOOST_AUTO_TEST_CASE(a_commit_index_that_goes_back_is_found) {
  auto before = follower_with({1, 1}, 2);
  auto after = follower_with({1, 1}, 1);
  BOOST_TEST(says(before, after) == "The commit index never goes back.");
}

BOOST_AUTO_TEST_CASE(a_committed_entry_that_is_replaced_is_found) {
  auto before = follower_with({1, 1, 2}, 2);
  auto after = follower_with({1, 2, 2}, 2);
  BOOST_TEST(says(before, after)
             == "A committed entry is never lost or replaced.");
}

BOOST_AUTO_TEST_CASE(a_second_leader_of_a_term_is_found) {
  auto before = follower_with({1}, 1, 2);
  auto after = follower_with({1}, 1, 3);
  BOOST_TEST(says(before, after) == "A term has at most one leader.");
}

BOOST_AUTO_TEST_CASE(a_leader_that_rewrites_its_log_is_found) {
  lone_peer before{1, voters(3), {1}};
  before.elect();
  before.start();
  lone_peer after{1, voters(3), {1}};
  after.elect();
  BOOST_TEST(says(before, after) == "A leader never rewrites its log.");
}

BOOST_AUTO_TEST_CASE(a_leader_that_forgets_a_match_is_found) {
  lone_peer before{1};
  before.elect();
  lone_peer after{1};
  after.elect();
  before.receive(make_accept(2, 1, 1, 1));
  BOOST_TEST(says(before, after) == "A follower's match never goes back.");
}

BOOST_AUTO_TEST_CASE(a_campaign_without_a_new_term_is_found) {
  lone_peer before{1, voters(3), {}, {term_number{1}, peer_id{1}}};
  lone_peer after{1};
  after.wake();
  after.answer_votes();
  BOOST_REQUIRE(after->role() == peer_role::candidate);
  BOOST_REQUIRE(after->term() == before->term());
  const auto found = says(before, after);
  BOOST_TEST((found == "Every campaign begins a new term."
              || found == "The durable term never goes back."));
}

BOOST_AUTO_TEST_SUITE_END()
