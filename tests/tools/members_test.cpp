// What raftctl makes of a wish for other members, and of the answers.

#include <raft/tools/lib/members.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::tools;

namespace {

using kind = member_change::kind;

/// Three voters and a learner, 4.
membership four() {
  membership result;
  result.index = {7};
  result.voters = {{1}, {2}, {3}};
  result.learners = {{4}};
  return result;
}

member_change asked(kind what, std::uint64_t who) {
  member_change result;
  result.what = what;
  result.who = {who};
  return result;
}

membership made(const member_change& what, const membership& from = four()) {
  auto result = members_wanted(what, from, {99});
  BOOST_REQUIRE(std::holds_alternative<membership>(result));
  return std::get<membership>(result);
}

exit_code refused(const member_change& what) {
  auto result = members_wanted(what, four(), {99});
  BOOST_REQUIRE(std::holds_alternative<verdict>(result));
  return std::get<verdict>(result).code;
}

peer_state leading(const membership& now, std::uint64_t commit = 100) {
  peer_state result;
  result.id = {1};
  result.role = peer_role::leader;
  result.commit = {commit};
  result.cluster = {5};
  result.last = {110};
  result.configuration = now;
  result.others = {{{2}, {105}, {106}, true}, {{4}, {110}, {111}, false}};
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(members_suite)

BOOST_AUTO_TEST_CASE(who_is_added_learns_first) {
  auto what = asked(kind::add, 5);
  what.address = "host:7005";
  const auto x = made(what);
  BOOST_TEST((x.voters == four().voters));
  BOOST_TEST(is_in(x.learners, peer_id{5}));
  BOOST_TEST(
    (details_of(x, {5}) == member_details{{5}, {99}, "host:7005", true, {}}));
  what.learner = true;
  BOOST_TEST(!details_of(made(what), {5}).joins);
}

BOOST_AUTO_TEST_CASE(who_replaces_a_voter_takes_its_vote_later) {
  auto what = asked(kind::replace, 5);
  what.old = {3};
  const auto x = made(what);
  BOOST_TEST((x.voters == four().voters));
  BOOST_TEST((details_of(x, {5}).replaces == peer_id{3}));
  // One without a vote leaves none.
  what.old = {4};
  const auto y = made(what);
  BOOST_TEST((y.learners == std::vector<peer_id>{{5}}));
  BOOST_TEST(!details_of(y, {5}).joins);
}

BOOST_AUTO_TEST_CASE(who_is_removed_leaves_no_trace) {
  auto joins = asked(kind::replace, 5);
  joins.old = {3};
  const auto x = made(asked(kind::remove, 3), made(joins));
  BOOST_TEST((x.voters == std::vector<peer_id>{{1}, {2}}));
  BOOST_TEST((details_of(x, {5}).replaces == peer_id{}));
  BOOST_TEST(details_of(x, {5}).joins);
  const auto y = made(asked(kind::remove, 5), x);
  BOOST_TEST(y.details.empty());
}

BOOST_AUTO_TEST_CASE(votes_are_given_and_taken) {
  auto up = asked(kind::promote, 4);
  BOOST_TEST(details_of(made(up), {4}).joins);
  BOOST_TEST((made(up).voters == four().voters));
  up.force = true;
  BOOST_TEST(is_in(made(up).voters, peer_id{4}));
  BOOST_TEST(!details_of(made(up), {4}).joins);
  const auto down = made(asked(kind::demote, 1));
  BOOST_TEST((down.voters == std::vector<peer_id>{{2}, {3}}));
  BOOST_TEST(is_in(down.learners, peer_id{1}));
  auto moves = asked(kind::update, 2);
  moves.address = "host:1";
  BOOST_TEST(details_of(made(moves), {2}).address == "host:1");
}

BOOST_AUTO_TEST_CASE(wishes_that_make_no_sense_are_refused) {
  BOOST_TEST((refused(asked(kind::add, 2)) == exit_code::no));
  BOOST_TEST((refused(asked(kind::remove, 9)) == exit_code::usage));
  BOOST_TEST((refused(asked(kind::promote, 9)) == exit_code::usage));
  BOOST_TEST((refused(asked(kind::promote, 1)) == exit_code::no));
  BOOST_TEST((refused(asked(kind::demote, 4)) == exit_code::no));
  auto what = asked(kind::replace, 5);
  what.old = {9};
  BOOST_TEST((refused(what) == exit_code::usage));
}

BOOST_AUTO_TEST_CASE(stages_are_told_apart) {
  auto what = asked(kind::add, 5);
  BOOST_TEST((stage_of(what, leading(four())) == change_stage::none));
  auto now = made(what);
  BOOST_TEST((stage_of(what, leading(now)) == change_stage::under_way));
  std::erase(now.learners, peer_id{5});
  now.voters.push_back({5});
  now.outgoing = four().voters;
  BOOST_TEST((stage_of(what, leading(now)) == change_stage::under_way));
  now.outgoing.clear();
  BOOST_TEST((stage_of(what, leading(now, 6)) == change_stage::under_way));
  BOOST_TEST((stage_of(what, leading(now)) == change_stage::done));
  // The one before is there until the new set alone decides.
  auto takes = asked(kind::replace, 5);
  takes.old = {3};
  now.voters = {{1}, {2}, {5}};
  now.outgoing = four().voters;
  BOOST_TEST((stage_of(takes, leading(now)) == change_stage::under_way));
  const auto gone = made(asked(kind::remove, 2));
  BOOST_TEST(
    (stage_of(asked(kind::remove, 2), leading(four())) == change_stage::none));
  BOOST_TEST(
    (stage_of(asked(kind::remove, 2), leading(gone)) == change_stage::done));
}

BOOST_AUTO_TEST_CASE(a_new_peer_is_who_it_should_be) {
  const auto what = asked(kind::add, 5);
  const auto leader = leading(four());
  peer_state fresh;
  fresh.id = {5};
  fresh.kept_out = {exclusion::joining, "waits"};
  const auto code = [&] { return judge_new_peer(what, fresh, leader).code; };
  BOOST_TEST((code() == exit_code::ok));
  fresh.id = {6};
  BOOST_TEST((code() == exit_code::usage));
  fresh.id = {5};
  fresh.kept_out = {exclusion::not_founded, "empty"};
  BOOST_TEST((code() == exit_code::usage));
  // It comes back, with what it had.
  fresh.members = {{1}, {2}};
  fresh.cluster = {5};
  BOOST_TEST((code() == exit_code::ok));
  fresh.cluster = {6};
  BOOST_TEST((code() == exit_code::usage));
}

BOOST_AUTO_TEST_CASE(answers_have_exit_codes) {
  const auto code = [](change_result x) {
    members_changed answer;
    answer.result = x;
    return judge(answer, asked(kind::add, 5)).code;
  };
  BOOST_TEST((code(change_result::begun) == exit_code::ok));
  BOOST_TEST((code(change_result::id_was_used) == exit_code::usage));
  BOOST_TEST((code(change_result::duplicate_address) == exit_code::usage));
  BOOST_TEST((code(change_result::loses_quorum) == exit_code::no));
  BOOST_TEST((code(change_result::too_old) == exit_code::no));
  BOOST_TEST((code(change_result::under_way) == exit_code::no));
  BOOST_TEST((code(change_result::not_ready) == exit_code::unreachable));
  BOOST_TEST(passes(change_result::busy));
  BOOST_TEST(!passes(change_result::loses_quorum));
}

BOOST_AUTO_TEST_CASE(an_even_number_draws_a_warning) {
  BOOST_TEST(warning_about(four()).empty());
  BOOST_TEST(!warning_about(made(asked(kind::promote, 4))).empty());
  BOOST_TEST(!warning_about(made(asked(kind::add, 5))).empty());
  auto same = asked(kind::replace, 5);
  same.old = {3};
  BOOST_TEST(warning_about(made(same)).empty());
}

BOOST_AUTO_TEST_CASE(members_are_shown) {
  auto what = asked(kind::replace, 5);
  what.old = {3};
  what.address = "host:7005";
  const auto state = leading(made(what));
  BOOST_TEST(member_table(state, {{{1}, "host:7001"}})
             == "peer  address    role         connected  lacks\n"
                "   1  host:7001  voter        leads          0\n"
                "   2  -          voter        yes            5\n"
                "   3  -          voter        no             -\n"
                "   4  -          learner      no             0\n"
                "   5  host:7005  joins for 3  no             -\n");
  const auto json = member_json(state, {});
  BOOST_TEST(json.find("\"replaces\": 3") != std::string::npos);
  BOOST_TEST(json.find("\"under_way\": false") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
