// A follower gets a snapshot: how, when, and what becomes of the log that it
// replaces.

#include "snapshots.hpp"

#include <algorithm>
#include <utility>

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

void give(lone_peer& x, const install_request& msg) {
  x.input([&](core& c) { c.receive(msg); });
}

/// Gives all of a snapshot in chunks of at most 10 bytes, and stores them.
void give_all(lone_peer& x, const snapshot_head& head, std::uint64_t term = 2) {
  std::uint64_t number = 0;
  for (std::uint64_t i = 0; i < head.size; i += 10)
    give(x, make_chunk(head, ++number, i,
                       std::min<std::uint64_t>(10, head.size - i), term));
  store_all(x);
}

void finish(lone_peer& x) {
  BOOST_REQUIRE(x.install.has_value());
  const auto head = *std::exchange(x.install, std::nullopt);
  x.input([&](core& c) { c.installed(head); });
}

/// Peer 2, a follower of peer 1 in term 2 with entries of these terms.
lone_peer make_follower(const std::vector<std::uint64_t>& terms,
                        std::uint64_t commit = 0) {
  lone_peer x{2, voters(3), terms, {term_number{2}, {}}, with_snapshots()};
  x.receive(make_append(1, 2, 2, at(0, 0), {}, 0));
  if (commit)
    x.receive(make_append(1, 2, 2, at(commit, terms[commit - 1]), {}, commit));
  x.take<append_reply>();
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(snapshots_received)

BOOST_AUTO_TEST_CASE(a_snapshot_takes_the_place_of_log_and_state) {
  auto x = make_follower({1, 1}, 2);
  const auto head = make_head(9, 2);
  give_all(x, head);
  // It is on the disk: now the log, and nothing else with it.
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(
    (x.batch->batch == reset_to(head, {term_number{2}, {}}, voters(3))));
  BOOST_TEST(!x.install);
  BOOST_TEST(x->log().last() == at(2, 1)); // not before that is durable
  x.persist();
  BOOST_TEST(x->log().compacted() == at(9, 2));
  BOOST_TEST(x->log().last() == at(9, 2));
  BOOST_TEST(x->commit().value == 9u);
  // Then the state machine, and only then the leader hears of it.
  BOOST_REQUIRE(x.install.has_value());
  BOOST_TEST((*x.install == head));
  for (const auto& y : x.install_replies)
    BOOST_TEST(y.match.value < 9u);
  x.install_replies.clear();
  finish(x);
  BOOST_REQUIRE(x.install_replies.size() == 1u);
  BOOST_TEST(x.install_replies.front().match.value == 9u);
  BOOST_TEST(x->applied().value == 9u);
  BOOST_TEST(x->applied_durable().value == 9u);
  // And the store forgets that it was under way.
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.installed);
  x.persist();
  BOOST_TEST(!x.batch);
  // It may be sent to others.
  BOOST_TEST(x->needs_snapshot(head));
  x.receive(make_append(1, 2, 2, at(9, 2), {2}, 10));
  BOOST_TEST(x->commit().value == 10u);
}

BOOST_AUTO_TEST_CASE(chunks_count_once_and_in_order) {
  auto x = make_follower({1, 1}, 2);
  const auto head = make_head(9, 2);
  give(x, make_chunk(head, 1, 0, 10));
  give(x, make_chunk(head, 1, 0, 10)); // doubled
  give(x, make_chunk(head, 3, 20, 5)); // one too early
  give(x, make_chunk(head, 2, 5, 10)); // cut in another way
  BOOST_TEST(x.chunks_to_store.size() == 1u);
  BOOST_REQUIRE(!x.install_replies.empty());
  BOOST_TEST(x.install_replies.back().received == 10u);
  BOOST_TEST(x.install_replies.back().stored == 0u);
  store_all(x);
  BOOST_TEST(x.install_replies.back().stored == 10u);
  give(x, make_chunk(head, 4, 10, 10));
  give(x, make_chunk(head, 5, 20, 5));
  const auto last = x.chunks_to_store.back();
  x.chunks_to_store.pop_back();
  store_all(x);
  give(x, make_chunk(head, 6, 25, 0));
  BOOST_TEST(!x.batch); // all of it came, but is not on the disk
  x.chunks_to_store = {last};
  store_all(x);
  BOOST_TEST(x.batch.has_value());
}

BOOST_AUTO_TEST_CASE(a_restart_goes_on_with_what_is_there) {
  auto x = make_follower({1, 1}, 2);
  const auto head = make_head(9, 2);
  x.input([&](core& c) { c.snapshot_found(head, 20); });
  give(x, make_chunk(head, 1, 0, 0));
  BOOST_TEST(x.install_replies.back().stored == 20u);
  give(x, make_chunk(head, 2, 20, 5));
  store_all(x);
  BOOST_TEST(x.batch.has_value());
}

BOOST_AUTO_TEST_CASE(another_leader_goes_on_if_it_has_the_same) {
  auto x = make_follower({1, 1}, 2);
  const auto head = make_head(9, 2);
  give(x, make_chunk(head, 1, 0, 10));
  store_all(x);
  x.install_replies.clear();
  give(x, make_chunk(head, 1, 0, 0, 3, 3));
  x.persist();
  BOOST_REQUIRE(!x.install_replies.empty());
  BOOST_TEST(x.install_replies.back().header.to.value == 3u);
  BOOST_TEST(x.install_replies.back().stored == 10u);
}

BOOST_AUTO_TEST_CASE(the_newer_one_wins) {
  auto x = make_follower({1, 1}, 2);
  give(x, make_chunk(make_head(9, 2), 1, 0, 10));
  give(x, make_chunk(make_head(12, 2), 2, 0, 10));
  BOOST_TEST(!x->needs_snapshot(make_head(9, 2)));
  give(x, make_chunk(make_head(9, 2), 1, 10, 10)); // late
  BOOST_TEST(x->needs_snapshot(make_head(12, 2)));
  BOOST_TEST(x.chunks_to_store.size() == 2u);
  // What was stored of the other one says nothing of this one.
  store_all(x);
  BOOST_TEST(x.install_replies.back().snapshot == at(12, 2));
  BOOST_TEST(x.install_replies.back().stored == 10u);
}

BOOST_AUTO_TEST_CASE(a_snapshot_older_than_what_is_committed_is_refused) {
  auto x = make_follower({1, 1, 2}, 3);
  give_all(x, make_head(2, 1));
  BOOST_TEST(x.noted(note_kind::refused_old_snapshot));
  BOOST_TEST(!x.batch);
  BOOST_TEST(x.chunks_to_store.empty());
  BOOST_TEST(x.install_replies.back().match.value == 3u);
}

BOOST_AUTO_TEST_CASE(one_that_was_overtaken_while_it_came_is_not_installed) {
  auto x = make_follower({1, 1}, 2);
  const auto head = make_head(3, 2);
  for (auto i : {0u, 10u})
    give(x, make_chunk(head, i / 10 + 1, i, 10));
  x.receive(make_append(1, 2, 2, at(2, 1), {2, 2}, 4));
  x.persist_all();
  give(x, make_chunk(head, 3, 20, 5));
  store_all(x);
  BOOST_TEST(!x.batch);
  BOOST_TEST(x->log().last() == at(4, 2));
}

// By then its last entry is not even in the log any more.
BOOST_AUTO_TEST_CASE(one_that_is_stored_too_late_is_not_installed) {
  auto x = make_follower({1, 1}, 2);
  const auto head = make_head(3, 2);
  for (auto i : {0u, 10u})
    give(x, make_chunk(head, i / 10 + 1, i, 10));
  give(x, make_chunk(head, 3, 20, 5));
  x.receive(make_append(1, 2, 2, at(2, 1), {2, 2}, 4));
  x.persist_all();
  x.input([](core& c) { c.applied(log_index{4}, log_index{4}); });
  x.persist_all();
  BOOST_REQUIRE(x->log().compacted() == at(4, 2));
  store_all(x);
  BOOST_TEST(!x.batch);
  BOOST_TEST(x->log().last() == at(4, 2));
}

BOOST_AUTO_TEST_CASE(a_log_that_goes_on_behind_it_is_kept) {
  auto x = make_follower({1, 1, 2, 2}, 2);
  give(x, make_chunk(make_head(3, 2), 1, 0, 10));
  BOOST_TEST(x.chunks_to_store.empty());
  BOOST_TEST(!x.batch);
  BOOST_TEST(x->log().last() == at(4, 2));
  BOOST_TEST(x->commit().value == 3u);
  BOOST_TEST(x.install_replies.back().match.value == 3u);
}

BOOST_AUTO_TEST_CASE(a_log_that_contradicts_it_is_dropped) {
  auto x = make_follower({1, 1, 1, 1, 1}, 2);
  give_all(x, make_head(4, 2));
  x.persist();
  finish(x);
  x.persist();
  BOOST_TEST(x->log().last() == at(4, 2));
  BOOST_TEST(x->log().term_at(log_index{5}).has_value() == false);
  // Else the leader would send it again, forever.
  x.receive(make_append(1, 2, 2, at(4, 2), {}, 4));
  BOOST_TEST(x.take_one<append_reply>().accepted);
}

BOOST_AUTO_TEST_CASE(what_was_given_away_for_good_is_not_contradicted) {
  auto x = make_follower({1, 1, 1}, 3);
  give(x, make_chunk(make_head(3, 2), 1, 0, 10));
  BOOST_TEST(x.distrusted.size() == 1u);
  BOOST_TEST(x.chunks_to_store.empty());
}

BOOST_AUTO_TEST_CASE(a_candidate_steps_down_for_it) {
  lone_peer x{2, voters(3), {1, 1}, {term_number{1}, {}}, with_snapshots()};
  x.wake();
  x.answer_votes();
  x.persist();
  BOOST_REQUIRE(x->role() == peer_role::candidate);
  give(x, make_chunk(make_head(9, 2), 1, 0, 10));
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(x->leader().value == 1u);
  BOOST_TEST(x.chunks_to_store.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_leader_of_an_old_term_is_not_heard) {
  auto x = make_follower({1, 2}, 2);
  give(x, make_chunk(make_head(9, 1), 1, 0, 10, 1));
  BOOST_TEST(x.chunks_to_store.empty());
  BOOST_REQUIRE(x.install_replies.size() == 1u);
  BOOST_TEST(x.install_replies.front().term.value == 2u);
  BOOST_TEST(x.install_replies.front().snapshot == at(0, 0));
}

BOOST_AUTO_TEST_CASE(a_second_leader_is_not_heard) {
  auto x = make_follower({1, 2}, 2);
  give(x, make_chunk(make_head(9, 2), 1, 0, 10, 2, 3));
  BOOST_TEST(x.chunks_to_store.empty());
  BOOST_TEST(x.distrusted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(while_chunks_come_nobody_campaigns) {
  auto x = make_follower({1, 1}, 2);
  const auto head = make_head(9, 2, 1000);
  for (std::uint64_t i = 0; i < 20; ++i) {
    x.advance(settings{}.election_timeout_min - 1ms);
    give(x, make_chunk(head, i + 1, 10 * i, 10));
    BOOST_TEST(x->role() == peer_role::follower);
  }
  BOOST_TEST(x.take<vote_request>().empty());
}

BOOST_AUTO_TEST_CASE(while_it_is_installed_nobody_campaigns) {
  auto x = make_follower({1, 1}, 2);
  give_all(x, make_head(9, 2));
  for (int i = 0; i < 5; ++i)
    x.wake();
  BOOST_TEST(x->role() == peer_role::follower);
  x.persist();
  for (int i = 0; i < 5; ++i)
    x.wake();
  BOOST_TEST(x->role() == peer_role::follower);
  finish(x);
  x.persist();
  x.wake();
  x.wake();
  BOOST_TEST(x->role() == peer_role::pre_candidate);
}

BOOST_AUTO_TEST_CASE(entries_that_come_while_the_log_is_reset_are_not_taken) {
  auto x = make_follower({1, 1}, 2);
  give_all(x, make_head(9, 2));
  x.receive(make_append(1, 2, 2, at(2, 1), {2}, 3));
  BOOST_TEST(x->log().last() == at(2, 1));
  const auto reply = x.take_one<append_reply>();
  BOOST_TEST(reply.accepted);
  BOOST_TEST(reply.match.value == 2u);
  x.persist();
  BOOST_TEST(x->log().last() == at(9, 2));
}

BOOST_AUTO_TEST_CASE(nothing_is_applied_before_the_state_is_there) {
  auto x = make_follower({1, 1}, 2);
  give_all(x, make_head(9, 2));
  x.persist();
  x.committed.clear();
  x.receive(make_append(1, 2, 2, at(9, 2), {2}, 10));
  BOOST_TEST(x->commit().value == 10u);
  BOOST_TEST(x.committed.empty());
  x.persist_all();
  finish(x);
  BOOST_REQUIRE(x.committed.size() == 1u);
  BOOST_TEST(x.committed.front().index.value == 10u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_delays_the_reset) {
  auto x = make_follower({1, 1}, 2);
  give_all(x, make_head(9, 2));
  BOOST_REQUIRE(x.batch);
  const auto number = x.batch->number;
  x.batch.reset();
  x.input([number](core& c) { c.refused(number); });
  BOOST_TEST(x->log().last() == at(2, 1));
  x.advance(settings{}.disk_retry_interval);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST((x.batch->batch.install == make_head(9, 2)));
  x.persist();
  BOOST_TEST(x->log().last() == at(9, 2));
}

BOOST_AUTO_TEST_CASE(a_chunk_without_room_is_asked_for_again) {
  auto x = make_follower({1, 1}, 2);
  const auto head = make_head(9, 2);
  give(x, make_chunk(head, 1, 0, 10));
  x.chunks_to_store.clear();
  x.input([&](core& c) { c.chunk_refused(head); });
  give(x, make_chunk(head, 2, 10, 0));
  BOOST_TEST(x.install_replies.back().received == 0u);
  give(x, make_chunk(head, 3, 0, 10));
  BOOST_TEST(x.chunks_to_store.size() == 1u);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_what_the_head_says_are_sent_anew) {
  auto x = make_follower({1, 1}, 2);
  const auto head = make_head(9, 2);
  for (auto i : {0u, 10u})
    give(x, make_chunk(head, i / 10 + 1, i, 10));
  x.input([&](core& c) { c.snapshot_lost(head); });
  give(x, make_chunk(head, 3, 20, 5));
  BOOST_TEST(x.install_replies.back().received == 0u);
}

BOOST_AUTO_TEST_CASE(times_go_on_from_the_snapshot) {
  durable_state found;
  found.hard.term = term_number{2};
  found.members.founding.voters = {peer_id{2}};
  found.compacted = found.last = at(9, 2);
  found.last_time_ms = 5009;
  core y{{group, peer_id{2}, {}, 1},
         with_snapshots(),
         found,
         {},
         log_index{9},
         instant{0}};
  for (auto now = 100ms; now < 2s; now += 100ms) {
    y.advance(now);
    const auto out = y.take_output();
    if (!out.batch)
      continue;
    y.persisted(out.batch->number);
    for (const auto& e : out.batch->batch.entries)
      BOOST_TEST(e.time_ms >= 5009u);
  }
  BOOST_TEST(y.leads());
}

BOOST_AUTO_TEST_CASE(a_restart_in_the_middle_is_told_what_to_do) {
  durable_state found;
  found.hard.term = term_number{2};
  found.members.founding = voters(3);
  found.compacted = found.last = at(9, 2);
  found.installing = make_head(9, 2);
  const auto why = complaint_about(found, log_index{2});
  BOOST_TEST(why.find("reset to the snapshot of 9@2") != std::string::npos);
  BOOST_TEST(complaint_about(found, log_index{9}).empty());
  // The state machine has it by now, and the store is to hear of it.
  core x{{group, peer_id{2}, {}, 1},
         with_snapshots(),
         found,
         {},
         log_index{9},
         instant{0}};
  const auto out = x.take_output();
  BOOST_REQUIRE(out.batch);
  BOOST_TEST(out.batch->batch.installed);
  x.persisted(out.batch->number);
  BOOST_TEST(!x.take_output().batch);
}

BOOST_AUTO_TEST_SUITE_END()
