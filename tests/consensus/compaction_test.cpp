// Which entries are dropped from the log, and when.

#include "support.hpp"
#include <raft/consensus/soundness.hpp>

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

settings eager() {
  settings result;
  result.compaction_bytes_min = 1;
  result.log_bytes_kept = 0;
  return result;
}

void put_on_disk(lone_peer& x, std::uint64_t index) {
  x.input([index](core& c) { c.applied(c.handed_out(), log_index{index}); });
}

/// A follower with three committed entries.
lone_peer make_follower(const settings& config) {
  lone_peer x{2, voters(3), {1, 1, 1}, {}, config};
  x.receive(make_append(1, 2, 1, at(3, 1), {}, 3));
  return x;
}

void tell_lowest_match(lone_peer& x, std::uint64_t index) {
  auto msg = make_append(1, 2, 1, at(3, 1), {}, 3);
  msg.lowest_match = log_index{index};
  x.receive(msg);
}

} // namespace

BOOST_AUTO_TEST_SUITE(compaction)

BOOST_AUTO_TEST_CASE(a_leader_knows_what_everyone_has) {
  auto x = make_leader();
  x.start();
  x.persist();
  x.receive(make_accept(2, 1, 1, 2));
  x.take<append_request>();
  x.wake();
  BOOST_TEST(x.take<append_request>().front().lowest_match.value == 1u);
  x.receive(make_accept(3, 1, 1, 2));
  x.wake();
  BOOST_TEST(x.take<append_request>().front().lowest_match.value == 2u);
}

BOOST_AUTO_TEST_CASE(its_own_disk_counts_too) {
  auto x = make_leader();
  x.start();
  x.receive(make_accept(2, 1, 1, 2));
  x.receive(make_accept(3, 1, 1, 2));
  x.take<append_request>();
  x.wake();
  BOOST_TEST(x.take<append_request>().front().lowest_match.value == 1u);
  x.persist();
  x.wake();
  BOOST_TEST(x.take<append_request>().front().lowest_match.value == 2u);
}

BOOST_AUTO_TEST_CASE(both_the_state_machine_and_everyone_must_have_it) {
  auto x = make_follower(eager());
  tell_lowest_match(x, 2);
  BOOST_TEST(!x.batch); // the state machine keeps nothing
  put_on_disk(x, 3);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(2, 1));
  BOOST_TEST(x->log().compacted() == at(0, 0)); // not before it is durable
  x.persist();
  BOOST_TEST(x->log().compacted() == at(2, 1));
  tell_lowest_match(x, 1); // from an older time
  BOOST_TEST(!x.batch);
  tell_lowest_match(x, 3);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(3, 1));
}

BOOST_AUTO_TEST_CASE(a_state_machine_can_not_be_ahead_of_what_it_applied) {
  auto x = make_follower(eager());
  tell_lowest_match(x, 3);
  x.input([](core& c) { c.applied(log_index{2}, log_index{9}); });
  BOOST_TEST(x->applied_durable().value == 2u);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(2, 1));
}

BOOST_AUTO_TEST_CASE(little_is_not_worth_it_and_some_is_kept) {
  auto config = eager();
  config.compaction_bytes_min = 2 * cost_of_one;
  config.log_bytes_kept = cost_of_one;
  lone_peer x{2, voters(3), {1, 1}, {}, config};
  x.receive(make_append(1, 2, 1, at(2, 1), {}, 2));
  put_on_disk(x, 2);
  auto msg = make_append(1, 2, 1, at(2, 1), {}, 2);
  msg.lowest_match = log_index{2};
  x.receive(msg);
  BOOST_TEST(!x.batch); // one could go
  x.receive(make_append(1, 2, 1, at(2, 1), {1}, 3));
  BOOST_REQUIRE(x.batch); // two can go, with what is written anyway
  BOOST_TEST(x.batch->batch.entries.size() == 1u);
  BOOST_TEST(x.batch->batch.compacted == at(2, 1));
}

BOOST_AUTO_TEST_CASE(a_refused_compaction_is_tried_again) {
  auto x = make_follower(eager());
  tell_lowest_match(x, 3);
  put_on_disk(x, 3);
  BOOST_REQUIRE(x.batch);
  const auto number = x.batch->number;
  x.batch.reset();
  x.input([number](core& c) { c.refused(number); });
  BOOST_TEST(x->log().compacted() == at(0, 0));
  BOOST_TEST(!x.batch);
  x.advance(settings{}.disk_retry_interval);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(3, 1));
}

BOOST_AUTO_TEST_CASE(on_a_full_disk_nothing_is_kept_for_who_lags_behind) {
  auto x = make_follower({});
  tell_lowest_match(x, 2);
  put_on_disk(x, 3);
  BOOST_TEST(!x.batch); // little, and it is kept
  x.receive(make_append(1, 2, 1, at(3, 1), {1}, 3));
  BOOST_REQUIRE(x.batch);
  const auto number = x.batch->number;
  x.batch.reset();
  x.input([number](core& c) { c.refused(number); });
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.entries.empty()); // it needs no room
  BOOST_TEST(x.batch->batch.compacted == at(2, 1));
  x.persist();
  BOOST_REQUIRE(x.batch); // at once
  BOOST_TEST(x.batch->batch.entries.size() == 1u);
  x.persist();
  BOOST_TEST(x->log().durable().value == 4u);
}

BOOST_AUTO_TEST_CASE(who_lacks_dropped_entries_is_named_once) {
  auto x = make_leader(eager());
  x.start();
  x.persist();
  x.receive(make_accept(2, 1, 1, 2));
  x.receive(make_accept(3, 1, 1, 2));
  put_on_disk(x, 2);
  x.persist();
  BOOST_TEST(x->log().compacted() == at(2, 1));
  disconnect(x, 3);
  connect(x, 3);
  // It comes back without its data.
  x.take<append_request>();
  auto count = [&x] {
    return std::ranges::count(x.notes, note_kind::lacks_dropped_entries,
                              &note::kind);
  };
  for (int i = 0; i < 3; ++i)
    x.receive(make_refusal(3, 1, 1, 2, at(1, 0)));
  BOOST_TEST(count() == 1);
  x.start();
  BOOST_TEST(x.take<append_request>(3).empty());
  x.wake();
  const auto beat = x.take_one<append_request>(3);
  BOOST_TEST(beat.entries.empty());
  // Perhaps somebody brings its data back.
  x.receive(make_accept(3, 1, 1, 2, beat.round.value));
  BOOST_TEST(x.take_one<append_request>(3).entries.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_refusal_from_before_is_no_loss) {
  auto x = make_leader(eager());
  x.start();
  x.persist();
  x.receive(make_accept(2, 1, 1, 2));
  x.receive(make_accept(3, 1, 1, 2));
  put_on_disk(x, 2);
  x.persist();
  x.wake();
  x.receive(make_refusal(3, 1, 1, 2, at(1, 0))); // to an earlier round
  BOOST_TEST(!x.noted(note_kind::lacks_dropped_entries));
}

// -- for whom it does not wait ------------------------------------------------

namespace {

/// A leader that waits for nobody who is absent, with `count` more entries that
/// peer 2 has, too. Peer 3 has heard of nothing since the first, which is
/// dropped.
lone_peer make_impatient_leader(settings config, int count) {
  config.log_waits_for_absent = false;
  auto x = make_leader(config);
  for (int i = 0; i < count; ++i) {
    x.start();
    x.persist_all();
    x.receive(make_accept(2, 1, 1, x->log().last().index.value));
  }
  put_on_disk(x, 1);
  x.persist_all();
  BOOST_REQUIRE(x->log().compacted() == at(1, 1));
  return x;
}

} // namespace

BOOST_AUTO_TEST_CASE(an_absent_member_holds_nothing_back) {
  auto x = make_impatient_leader(eager(), 3);
  put_on_disk(x, 4);
  BOOST_TEST(!x.batch); // it is there, and may catch up
  disconnect(x, 3);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(4, 1));
}

BOOST_AUTO_TEST_CASE(by_default_it_does) {
  auto config = eager();
  BOOST_TEST(config.log_waits_for_absent);
  auto x = make_leader(config);
  x.start();
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 2));
  disconnect(x, 3);
  put_on_disk(x, 2);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(1, 1));
}

BOOST_AUTO_TEST_CASE(who_does_not_answer_holds_nothing_back) {
  auto x = make_impatient_leader(eager(), 3);
  put_on_disk(x, 4);
  BOOST_TEST(!x.batch);
  const auto end = x.now + settings{}.election_timeout_max;
  while (x.now < end && !x.batch) {
    x.wake();
    for (const auto& msg : x.take<append_request>(2))
      x.receive(make_accept(2, 1, 1, 4, msg.round.value));
  }
  BOOST_REQUIRE(x->leads());
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(4, 1));
}

BOOST_AUTO_TEST_CASE(who_is_too_slow_is_not_waited_for) {
  auto config = eager();
  config.lagging_bytes_max = 3 * cost_of_one;
  auto x = make_impatient_leader(config, 3);
  put_on_disk(x, 4);
  BOOST_TEST(!x.batch);
  x.start();
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(4, 1));
}

BOOST_AUTO_TEST_CASE(a_trail_is_kept_for_who_comes_back) {
  auto config = eager();
  config.log_bytes_kept = 2 * cost_of_one;
  auto x = make_impatient_leader(config, 3);
  put_on_disk(x, 4);
  disconnect(x, 3);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(2, 1));
}

// What a state machine has not on its disk, its own peer would lack.
BOOST_AUTO_TEST_CASE(the_state_machine_is_waited_for) {
  auto x = make_impatient_leader(eager(), 3);
  disconnect(x, 3);
  BOOST_TEST(!x.batch);
  put_on_disk(x, 2);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(2, 1));
}

BOOST_AUTO_TEST_CASE(a_follower_waits_for_its_own_state_machine_only) {
  auto config = eager();
  config.log_waits_for_absent = false;
  auto x = make_follower(config);
  put_on_disk(x, 3);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(3, 1));
}

BOOST_AUTO_TEST_CASE(a_long_prefix_goes_in_small_steps) {
  auto config = eager();
  config.compaction_entries_max = 10;
  auto x = make_impatient_leader(config, 34);
  disconnect(x, 3);
  put_on_disk(x, 35);
  auto batches = 0;
  for (std::uint64_t end = 11; x.batch;
       end = std::min(end + 10, std::uint64_t{35})) {
    ++batches;
    BOOST_TEST(x.batch->batch.compacted == at(end, 1));
    x.persist();
  }
  BOOST_TEST(batches == 4);
  BOOST_TEST(x->log().compacted() == at(35, 1));
}

BOOST_AUTO_TEST_CASE(what_is_new_goes_with_the_step_that_is_next) {
  auto config = eager();
  config.compaction_entries_max = 10;
  auto x = make_impatient_leader(config, 34);
  disconnect(x, 3);
  put_on_disk(x, 35);
  BOOST_REQUIRE(x.batch);
  x.start();
  x.persist();
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.compacted == at(21, 1));
  BOOST_TEST(x.batch->batch.entries.size() == 1u);
}

BOOST_AUTO_TEST_CASE(log_and_state_machine_must_fit_together) {
  durable_state log;
  log.compacted = at(5, 1);
  log.last = at(9, 2);
  BOOST_TEST(complaint_about(log, log_index{5}).empty());
  BOOST_TEST(complaint_about(log, log_index{9}).empty());
  const auto ahead = complaint_about(log, log_index{10});
  BOOST_TEST(ahead.find("entries up to 10, but the log ends at 9")
             != std::string::npos);
  const auto behind = complaint_about(log, log_index{4});
  BOOST_TEST(behind.find("begins after entry 5") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
