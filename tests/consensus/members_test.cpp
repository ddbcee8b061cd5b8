// Changes of members: joint consensus, learners, and whoever leaves.

#include "changes.hpp"
#include <raft/consensus/soundness.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

/// Its log ends in term 2, its leader is gone.
lone_peer learner_of(std::vector<peer_id> voters) {
  lone_peer x{1};
  auto msg = append_members(1, 2, those(std::move(voters), {{1}}));
  msg.entries.push_back(make_entry(2, 2));
  msg.commit = {1};
  x.receive(msg);
  x.persist_all();
  x.wake();
  BOOST_TEST(!x->leader());
  BOOST_CHECK(x->wake_at() == instant::max());
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(members)

// -- two sets -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(it_takes_a_majority_of_each_set) {
  auto x = leader_of(3);
  BOOST_CHECK(change(x, those({{1}, {4}, {5}}), true) == change_result::begun);
  BOOST_TEST(is_joint(x->members()));
  BOOST_TEST(x->members().index.value == 2u);
  connect(x, 4);
  x.persist_all();
  accept(x, 2, 2); // 1 and 2, of three; but 1 alone, of the new three
  BOOST_TEST(x->commit().value == 1u);
  accept(x, 4, 2);
  BOOST_TEST(x->commit().value == 2u);
  // Then the old ones are not asked any more.
  BOOST_TEST(!is_joint(x->members()));
  BOOST_TEST(x->members().index.value == 3u);
  x.persist_all();
  accept(x, 2, 3);
  accept(x, 3, 3);
  BOOST_TEST(x->commit().value == 2u);
  accept(x, 4, 3);
  BOOST_TEST(x->commit().value == 3u);
}

BOOST_AUTO_TEST_CASE(the_new_set_alone_decides_nothing_before) {
  auto x = leader_of(3);
  change(x, those({{4}, {5}, {6}}), true);
  for (auto id : {4, 5, 6})
    connect(x, id);
  x.persist_all();
  for (auto id : {4, 5, 6})
    accept(x, id, 2);
  BOOST_TEST(x->commit().value == 1u);
  accept(x, 3, 2);
  BOOST_TEST(x->commit().value == 2u);
}

BOOST_AUTO_TEST_CASE(a_candidate_needs_votes_of_both) {
  auto both = those({{1}, {4}, {5}});
  both.outgoing = {{1}, {2}, {3}};
  lone_peer x{1, both};
  for (auto id : {2, 3, 4, 5})
    connect(x, id);
  x.wake();
  const auto ask = x.take<vote_request>();
  BOOST_TEST(ask.size() == 4u);
  x.receive(make_vote(4, 1, 0, 1, true, true));
  x.receive(make_vote(5, 1, 0, 1, true, true));
  BOOST_CHECK(x->role() == peer_role::pre_candidate);
  x.receive(make_vote(2, 1, 0, 1, true, true));
  BOOST_CHECK(x->role() == peer_role::candidate);
}

BOOST_AUTO_TEST_CASE(learners_come_without_a_second_set) {
  auto x = leader_of(3);
  BOOST_CHECK(change(x, those({{1}, {2}, {3}}, {{4}})) == change_result::begun);
  BOOST_TEST(!is_joint(x->members()));
  BOOST_TEST(x->members().index.value == 2u);
}

// -- objections ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(nothing_changes_before_an_entry_of_the_own_term) {
  lone_peer x{1, voters(3), {}, {}, with_snapshots()};
  BOOST_CHECK(change(x, those({{1}, {2}})) == change_result::not_leader);
  x.elect();
  BOOST_CHECK(change(x, those({{1}, {2}})) == change_result::not_ready);
  x.persist_all();
  accept(x, 2, 1);
  BOOST_CHECK(change(x, those({{1}, {2}})) == change_result::begun);
}

BOOST_AUTO_TEST_CASE(one_change_at_a_time) {
  auto x = leader_of(3);
  change(x, those({{1}, {2}}));
  BOOST_CHECK(change(x, those({{1}, {3}})) == change_result::under_way);
  x.persist_all();
  accept(x, 2, 2); // the joint one is committed, the last one is not
  BOOST_TEST(x->members().index.value == 3u);
  BOOST_CHECK(change(x, those({{1}, {3}})) == change_result::under_way);
  x.persist_all();
  accept(x, 2, 3);
  BOOST_CHECK(change(x, those({{1}})) == change_result::begun);
}

BOOST_AUTO_TEST_CASE(who_made_it_from_others_is_told) {
  auto x = leader_of(3);
  members_changed result;
  x.input([&](core& c) {
    result = c.change({group, {7}, those({{1}}), true});
  });
  BOOST_CHECK(result.result == change_result::outdated);
  BOOST_TEST(result.leader.value == 1u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_members_is_refused) {
  auto x = leader_of(3);
  BOOST_CHECK(change(x, voters(3)) == change_result::no_change);
  BOOST_CHECK(change(x, those({})) == change_result::no_voters);
  BOOST_CHECK(change(x, those({{1}, {1}})) == change_result::malformed);
  BOOST_CHECK(change(x, those({{1}, {2}}, {{2}})) == change_result::malformed);
  BOOST_CHECK(change(x, those({{1}, {0}})) == change_result::malformed);
  auto stranger = voters(3);
  stranger.details = {{{9}, {}, "h:1", false, {}}};
  BOOST_CHECK(change(x, stranger) == change_result::malformed);
  auto same = voters(3);
  same.details = {{{1}, {}, "h:1", false, {}}, {{2}, {}, "h:1", false, {}}};
  BOOST_CHECK(change(x, same) == change_result::duplicate_address);
  BOOST_CHECK(change(x, voters(members_max + 1), true)
              == change_result::malformed);
  BOOST_TEST(x->members().index.value == 0u);
}

BOOST_AUTO_TEST_CASE(who_takes_a_place_may_have_its_address) {
  auto x = leader_of(3);
  auto replaced = those({{1}, {2}, {3}}, {{4}});
  replaced.details
    = {{{3}, {}, "h:3", false, {}}, {{4}, {104}, "h:3", true, {3}}};
  auto other = replaced;
  other.details[1].replaces = {2};
  BOOST_CHECK(change(x, other) == change_result::duplicate_address);
  other.details[1] = {{4}, {104}, "h:3", false, {}};
  BOOST_CHECK(change(x, other) == change_result::duplicate_address);
  BOOST_CHECK(change(x, replaced) == change_result::begun);
}

BOOST_AUTO_TEST_CASE(an_id_is_never_used_for_another_store) {
  auto x = leader_of(3);
  x.input([](core& c) { c.link_up(peer_id{3}, incarnation_id{103}); });
  change(x, those({{1}, {2}}));
  x.persist_all();
  accept(x, 2, 2);
  x.persist_all();
  accept(x, 2, 3);
  auto back = those({{1}, {2}}, {{3}});
  BOOST_CHECK(change(x, back) == change_result::id_was_used);
  back.details = {{{3}, {999}, "", false, {}}};
  BOOST_CHECK(change(x, back) == change_result::id_was_used);
  back.details[0].incarnation = {103};
  BOOST_CHECK(change(x, back) == change_result::begun);
}

BOOST_AUTO_TEST_CASE(who_lags_gets_no_vote_unless_that_is_forced) {
  auto x = leader_of(3);
  BOOST_CHECK(change(x, those({{1}, {2}, {3}, {4}}))
              == change_result::not_caught_up);
  change(x, those({{1}, {2}, {3}}, {{4}}));
  x.persist_all();
  accept(x, 2, 2);
  BOOST_CHECK(change(x, those({{1}, {2}, {3}, {4}}))
              == change_result::not_caught_up);
  catch_up(x, 4);
  BOOST_CHECK(change(x, those({{1}, {2}, {3}, {4}})) == change_result::begun);
}

BOOST_AUTO_TEST_CASE(a_majority_must_be_there_unless_it_is_forced) {
  auto x = leader_of(3);
  x.input([](core& c) { c.link_down(peer_id{3}); });
  BOOST_CHECK(change(x, those({{1}, {3}})) == change_result::loses_quorum);
  BOOST_CHECK(change(x, those({{1}, {2}})) == change_result::begun);
  auto y = leader_of(3);
  y.input([](core& c) { c.link_down(peer_id{3}); });
  BOOST_CHECK(change(y, those({{1}, {3}}), true) == change_result::begun);
}

BOOST_AUTO_TEST_CASE(logs_that_wait_for_all_take_nobody_in) {
  auto x = make_leader();
  BOOST_CHECK(change(x, those({{1}, {2}, {3}}, {{4}}))
              == change_result::needs_snapshots);
}

// -- learners -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_learner_becomes_a_voter_when_it_has_caught_up) {
  auto x = leader_of(3);
  auto wanted = those({{1}, {2}, {3}}, {{4}});
  wanted.details = {{{4}, {104}, "h:4", true, {3}}};
  change(x, wanted);
  x.persist_all();
  accept(x, 2, 2);
  BOOST_TEST(!is_joint(x->members()));
  x.input([](core& c) { c.link_up(peer_id{4}, incarnation_id{104}); });
  // It takes longer than an election timeout to get there: not yet.
  const auto answer = [&x](std::uint64_t match) {
    auto reply = make_accept(4, 1, 1, match);
    reply.header.incarnation = {104};
    for (const auto& msg : x.take<append_request>(4)) {
      reply.round = msg.round;
      reply.frame = msg.frame;
    }
    x.receive(reply);
  };
  answer(1);
  x.start();
  x.persist_all();
  accept(x, 2, 3);
  x.advance(400ms);
  accept_all(x, 2);
  answer(2);
  BOOST_TEST(x->members().index.value == 2u);
  answer(3);
  // It takes the place of 3, whose address is not asked any more.
  BOOST_TEST(is_joint(x->members()));
  BOOST_TEST((x->members().voters == std::vector<peer_id>{{1}, {2}, {4}}));
  BOOST_TEST((x->members().outgoing == std::vector<peer_id>{{1}, {2}, {3}}));
  BOOST_TEST(!details_of(x->members(), {4}).joins);
  BOOST_TEST(details_of(x->members(), {4}).address == "h:4");
}

BOOST_AUTO_TEST_CASE(another_store_of_a_member_is_not_heard) {
  auto members = voters(3);
  members.details = {{{2}, {102}, "", false, {}}};
  lone_peer x{1, members};
  auto msg = make_append(2, 1, 5, at(0, 0), {1});
  x.receive(msg);
  BOOST_TEST(x->term().value == 0u);
  BOOST_TEST(x.noted(note_kind::dropped_other_incarnation));
  msg.header.incarnation = {102};
  x.receive(msg);
  BOOST_TEST(x->term().value == 5u);
}

// -- along the log ------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_follower_goes_by_its_last_entry_committed_or_not) {
  lone_peer x{1};
  x.receive(append_members(1, 1, those({{2}, {3}}, {{1}})));
  BOOST_TEST((x->members().voters == std::vector<peer_id>{{2}, {3}}));
  x.persist_all();
  // Another leader has something else in that place.
  x.receive(make_append(3, 1, 2, at(0, 0), {2}));
  BOOST_TEST((x->members() == voters(3)));
}

BOOST_AUTO_TEST_CASE(the_disk_gets_them_with_their_entries) {
  lone_peer x{1};
  x.receive(append_members(1, 1, those({{2}, {3}}, {{1}})));
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.members_changed);
  BOOST_TEST((x.batch->batch.members.founding == voters(3)));
  BOOST_REQUIRE(x.batch->batch.members.later.size() == 1u);
  BOOST_TEST(x.batch->batch.members.later[0].index.value == 1u);
  x.persist_all();
  // And they go with them.
  x.receive(make_append(3, 1, 2, at(0, 0), {2}));
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.members_changed);
  BOOST_TEST(x.batch->batch.members.later.empty());
}

BOOST_AUTO_TEST_CASE(malformed_ones_are_refused) {
  for (const auto& bad : {those({}), those({{1}, {1}}), those({{0}}),
                          those({{1}}, {{1}}), voters(members_max + 1)}) {
    lone_peer x{1};
    x.receive(append_members(1, 1, bad));
    BOOST_TEST(x.distrusted.size() == 1u);
    BOOST_TEST(x->log().last().index.value == 0u);
  }
  lone_peer x{1};
  auto msg = append_members(1, 1, those({{1}}));
  msg.entries[0].data = bytes{"no members"};
  x.receive(msg);
  BOOST_TEST(x.distrusted.size() == 1u);
}

// -- whoever leaves -----------------------------------------------------------

BOOST_AUTO_TEST_CASE(who_is_removed_hears_it_and_stops) {
  auto x = leader_of(3);
  change(x, those({{1}, {2}}));
  x.persist_all();
  accept(x, 2, 2);
  x.persist_all();
  accept(x, 2, 3);
  BOOST_TEST(x->commit().value == 3u);
  BOOST_TEST(x->members().voters.size() == 2u);
  // It is still sent to.
  BOOST_TEST(!x.take<append_request>(3).empty());
  accept(x, 3, 3);
  x.wake();
  accept_all(x, 2);
  accept(x, 3, 3);
  x.wake();
  accept_all(x, 2);
  accept(x, 3, 3);
  x.wake();
  BOOST_TEST(x.take<append_request>(3).empty());
  BOOST_TEST(x->state().others.size() == 1u);
  // And what it heard tells it.
  lone_peer removed{3};
  auto msg = append_members(1, 1, those({{1}, {2}}));
  msg.header.to = {3};
  msg.commit = {1};
  removed.receive(msg);
  removed.advance(60s);
  BOOST_CHECK(removed->role() == peer_role::follower);
  BOOST_TEST(removed.take<vote_request>().empty());
}

BOOST_AUTO_TEST_CASE(who_has_that_entry_alone_must_still_campaign) {
  auto without = those({{2}, {3}});
  lone_peer x{1};
  x.receive(append_members(1, 1, without));
  x.persist_all();
  x.wake();
  BOOST_CHECK(x->role() == peer_role::pre_candidate);
  // Those of the entry decide; it does not count itself.
  BOOST_TEST(x.take<vote_request>().size() == 2u);
  x.receive(make_vote(2, 1, 1, 2, true, true));
  BOOST_CHECK(x->role() == peer_role::pre_candidate);
  x.receive(make_vote(3, 1, 1, 2, true, true));
  BOOST_CHECK(x->role() == peer_role::candidate);
}

BOOST_AUTO_TEST_CASE(who_has_no_vote_stands_in_if_its_log_is_ahead) {
  // A learner has entries of term 2 that the voter 3, who knows of a change
  // that gives it a vote, does not have.
  auto x = learner_of({{2}, {3}, {4}});
  connect(x, 4);
  x.receive(make_vote_request(3, 1, 3, at(7, 1), true));
  x.wake();
  BOOST_CHECK(x->role() == peer_role::pre_candidate);
  BOOST_TEST(x.take<vote_request>().size() == 3u);
  // A majority of those of its log decide, not itself.
  x.receive(make_vote(3, 1, 2, 3, true, true));
  BOOST_CHECK(x->role() == peer_role::pre_candidate);
  x.receive(make_vote(4, 1, 2, 3, true, true));
  BOOST_CHECK(x->role() == peer_role::candidate);
  x.persist_all();
  x.receive(make_vote(3, 1, 3, 3, true));
  x.receive(make_vote(4, 1, 3, 3, true));
  BOOST_CHECK(x->role() == peer_role::leader);
  // Once two voters have its log, one of them can win.
  accept_all(x, 3);
  BOOST_CHECK(x->role() == peer_role::leader);
  accept_all(x, 4);
  BOOST_CHECK(x->role() == peer_role::follower);
  BOOST_CHECK(x->wake_at() == instant::max());
  // Whoever asks again, maybe of old members, can do without it.
  x.receive(make_vote_request(3, 1, 9, at(7, 1), true));
  BOOST_CHECK(x->wake_at() == instant::max());
}

BOOST_AUTO_TEST_CASE(who_is_not_asked_any_more_stands_in_no_longer) {
  auto x = learner_of({{2}, {3}, {4}});
  x.receive(make_vote_request(3, 1, 3, at(7, 1), true));
  while (x->wake_at() != instant::max())
    x.wake();
  BOOST_CHECK(x->role() == peer_role::follower);
  x.take<vote_request>();
  // Nor does it if a leader is there.
  x.receive(make_vote_request(3, 1, 3, at(7, 1), true));
  x.receive(make_append(2, 1, 3, at(1, 2)));
  x.advance(x->wake_at());
  BOOST_TEST(x.take<vote_request>().empty());
}

BOOST_AUTO_TEST_CASE(a_removed_leader_hands_over_first) {
  auto x = leader_of(3);
  accept_all(x, 2);
  change(x, those({{2}, {3}}));
  x.persist_all();
  accept(x, 2, 2);
  accept(x, 3, 2);
  BOOST_TEST(x->commit().value == 2u);
  BOOST_TEST(x->handing_over_to().value != 0u);
  BOOST_TEST(is_joint(x->members())); // its successor goes on
  const auto successor = x->handing_over_to().value;
  accept(x, successor, 2);
  BOOST_TEST(x.take<timeout_now>(successor).size() == 1u);
}

BOOST_AUTO_TEST_CASE(without_a_successor_it_leads_until_it_is_done) {
  auto x = leader_of(3);
  change(x, those({{2}, {3}}));
  x.persist_all();
  accept(x, 2, 2);
  accept(x, 3, 2);
  const auto first = x->handing_over_to();
  BOOST_TEST(first.value != 0u);
  x.input([&](core& c) { c.link_down(first); });
  BOOST_TEST(x->handing_over_to().value == 0u);
  BOOST_TEST(!is_joint(x->members()));
  x.persist_all();
  // It does not count itself.
  accept(x, 5 - first.value, 3);
  BOOST_TEST(x->leads());
  connect(x, first.value);
  accept(x, first.value, 3);
  BOOST_TEST(x->commit().value == 3u);
  BOOST_TEST(!x->leads());
  BOOST_TEST(x.noted(note_kind::stepped_down_removed));
}

BOOST_AUTO_TEST_CASE(a_snapshot_brings_its_members) {
  lone_peer x{1, voters(3), {}, {}, with_snapshots()};
  install_request msg;
  msg.header = header(2, 1);
  msg.term = {2};
  msg.snapshot.last = at(9, 2);
  msg.snapshot.members = those({{2}, {4}}, {{1}});
  msg.snapshot.members.index = {7};
  msg.snapshot.size = 1;
  msg.number = {1};
  msg.data = bytes{"x"};
  msg.level = protocol_version;
  x.input([&](core& c) { c.receive(msg); });
  BOOST_REQUIRE(!x.chunks_to_store.empty());
  store_all(x);
  x.persist_all();
  BOOST_TEST(x->members().index.value == 7u);
  BOOST_TEST(x->members().level == protocol_version);
  BOOST_TEST(x->members_at({9}).voters.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
