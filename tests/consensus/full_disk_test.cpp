// What a peer does whose disk has no room.

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

void refuse(lone_peer& x) {
  BOOST_REQUIRE(x.batch.has_value());
  const auto number = x.batch->number;
  x.batch.reset();
  x.input([number](core& c) { c.refused(number); });
}

/// Lets time pass, with a disk that stays full.
void wait_for_a_campaign(lone_peer& x) {
  while (x->role() == peer_role::follower) {
    x.wake();
    if (x.batch)
      refuse(x);
  }
}

reject_reason rejection(lone_peer& x) {
  reject_reason result = reject_reason::none;
  x.input([&](core& c) {
    result = c.start(entry_kind::command, {}, bytes{"y"}, 0).reason;
  });
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(full_disk)

BOOST_AUTO_TEST_CASE(the_leader_steps_down_once) {
  auto x = make_leader();
  x.start();
  refuse(x);
  BOOST_TEST(!x->leads());
  BOOST_TEST(x.noted(note_kind::disk_is_full));
  BOOST_TEST(x.noted(note_kind::stepped_down_full_disk));
  BOOST_TEST((rejection(x) == reject_reason::not_leader));
}

BOOST_AUTO_TEST_CASE(alone_it_leads_on_and_refuses_commands) {
  lone_peer x{1, voters(1)};
  x.elect();
  x.persist_all();
  x.start();
  refuse(x);
  BOOST_TEST(x->leads());
  BOOST_TEST((rejection(x) == reject_reason::disk_full));
  // The one that was refused is tried again by itself, and again.
  BOOST_TEST(!x.batch);
  x.wake();
  refuse(x);
  BOOST_TEST((rejection(x) == reject_reason::disk_full));
  x.wake();
  x.persist();
  BOOST_TEST(x.noted(note_kind::disk_has_space));
  BOOST_TEST((rejection(x) == reject_reason::none));
}

BOOST_AUTO_TEST_CASE(another_number_refuses_nothing) {
  auto x = make_leader();
  x.start();
  x.input([&](core& c) { c.refused(x.batch->number.next()); });
  BOOST_TEST(x->leads());
  x.persist();
  BOOST_TEST(x->log().durable().value == 2u);
}

BOOST_AUTO_TEST_CASE(what_was_refused_is_not_answered) {
  lone_peer x{1, voters(3), {1}};
  x.receive(make_append(2, 1, 1, at(1, 1), {1}));
  refuse(x);
  BOOST_TEST(x.take<append_reply>().empty());
  // A heartbeat is answered with what is durable.
  x.receive(make_append(2, 1, 1, at(2, 1)));
  BOOST_TEST(x.take_one<append_reply>().match.value == 1u);
  x.wake();
  x.persist();
  BOOST_TEST(x.take_one<append_reply>().match.value == 2u);
}

BOOST_AUTO_TEST_CASE(the_term_is_written_at_once_and_without_the_entries) {
  lone_peer x{1, voters(3), {1}};
  x.receive(make_append(2, 1, 3, at(1, 1), {3}));
  refuse(x);
  BOOST_REQUIRE(x.batch);
  BOOST_TEST(x.batch->batch.hard.term.value == 3u);
  BOOST_TEST(x.batch->batch.entries.empty());
  x.persist();
  BOOST_TEST(!x.batch);
}

BOOST_AUTO_TEST_CASE(it_votes_and_grants_by_what_is_durable) {
  lone_peer x{1, voters(3), {1}};
  x.receive(make_append(2, 1, 1, at(1, 1), {1}));
  refuse(x);
  x.advance(500ms);
  x.batch.reset(); // the next attempt is under way
  x.receive(make_vote_request(3, 1, 2, at(1, 1), true));
  BOOST_TEST(x.take_one<vote_reply>().granted);
  x.receive(make_vote_request(3, 1, 2, at(0, 0), true));
  BOOST_TEST(!x.take_one<vote_reply>().granted);
}

BOOST_AUTO_TEST_CASE(it_campaigns_later_and_with_what_is_durable) {
  lone_peer x{1, voters(3), {1}};
  x.receive(make_append(2, 1, 1, at(1, 1), {1}));
  refuse(x);
  const settings config;
  x.advance(config.election_timeout_max + 1ms);
  refuse(x);
  BOOST_TEST(x->role() == peer_role::follower);
  wait_for_a_campaign(x);
  BOOST_TEST(x.now
             >= config.election_timeout_max + config.election_timeout_min);
  x.answer_votes();
  BOOST_TEST(x->log().last() == at(1, 1));
  x.persist();
  BOOST_TEST(x.take<vote_request>().front().last == at(1, 1));
}

BOOST_AUTO_TEST_CASE(committed_entries_are_kept_in_a_campaign) {
  lone_peer x{1, voters(3), {1}};
  x.receive(make_append(2, 1, 1, at(1, 1), {1, 1}, 2));
  refuse(x);
  wait_for_a_campaign(x);
  x.answer_votes();
  BOOST_TEST(x->log().last() == at(2, 1));
}

/// Whoever is asked late, when there is room again and the log is on its way to
/// the disk, hears no more than what is there.
BOOST_AUTO_TEST_CASE(a_late_vote_request_tells_what_is_durable) {
  settings config;
  config.batch_bytes_max = 1;
  lone_peer x{1, voters(3), {1}, {}, config};
  x.receive(make_append(2, 1, 1, at(1, 1), {1, 1, 1}, 4));
  refuse(x);
  wait_for_a_campaign(x);
  x.answer_votes();
  x.persist();
  BOOST_TEST(x.take<vote_request>().front().last == at(1, 1));
  x.advance(config.disk_retry_interval);
  x.persist();
  BOOST_TEST((x->role() == peer_role::candidate));
  BOOST_TEST(x->log().last() == at(4, 1));
  x.take<vote_request>();
  x.input([](core& c) { c.link_down(peer_id{3}); });
  x.input([](core& c) { c.link_up(peer_id{3}); });
  BOOST_TEST(x.take_one<vote_request>().last == at(2, 1));
}

BOOST_AUTO_TEST_CASE(an_empty_reserve_is_left_alone_for_a_while) {
  lone_peer x{1};
  x.receive(make_vote_request(2, 1, 1, at(0, 0)));
  refuse(x);
  BOOST_TEST(!x.batch);
  BOOST_TEST(x.take<vote_reply>().empty());
  x.advance(settings{}.disk_retry_interval - 1ms);
  BOOST_TEST(!x.batch);
  x.advance(1ms);
  x.persist();
  BOOST_TEST(x.take_one<vote_reply>().granted);
}

// -- the disk of the state machine -------------------------------------------

namespace {

/// A peer that is alone, leads, and whose state machine has told how much room
/// it has behind all that is in the log.
struct alone : lone_peer {
  explicit alone(const space_left& room) : lone_peer{1, voters(1)} {
    elect();
    persist_all();
    read_and_apply();
    tell(room);
  }

  void tell(const space_left& room) {
    input([&](core& c) { c.told_space(c.applied(), room); });
  }

  reject_reason ask(const space_needed& what) {
    reject_reason result = reject_reason::none;
    input([&](core& c) {
      result = c.start(entry_kind::command, {}, bytes{"y"}, 0, what).reason;
    });
    return result;
  }

  /// Makes it durable and applies it.
  void carry_out() {
    persist_all();
    read_and_apply();
  }
};

constexpr auto taken = reject_reason::none;
constexpr auto refused_full = reject_reason::disk_full;

} // namespace

BOOST_AUTO_TEST_CASE(alone_it_refuses_what_its_machine_has_no_room_for) {
  alone x{{100, 150}};
  BOOST_TEST((x.ask({101, false}) == refused_full));
  BOOST_TEST(x.noted(note_kind::machine_lacks_space));
  BOOST_TEST(x->log().last().index.value == 1u);
  BOOST_TEST((x.ask({100, false}) == taken));
  // What is under way counts.
  BOOST_TEST((x.ask({1, false}) == refused_full));
  BOOST_TEST((x.ask({50, true}) == taken));
  BOOST_TEST((x.ask({1, true}) == refused_full));
  x.carry_out();
  BOOST_TEST((x.ask({1, true}) == refused_full));
  x.tell({0, 20});
  BOOST_TEST((x.ask({1, false}) == refused_full));
  BOOST_TEST((x.ask({20, true}) == taken));
  BOOST_TEST(!x.noted(note_kind::machine_has_space));
}

BOOST_AUTO_TEST_CASE(what_was_applied_no_longer_counts) {
  alone x{{100, 100}};
  BOOST_TEST((x.ask({60, false}) == taken));
  const auto before = x->log().last().index;
  x.carry_out();
  BOOST_TEST((x.ask({60, false}) == refused_full));
  BOOST_TEST((x.ask({30, false}) == taken));
  // It speaks of the first of the two.
  x.input([&](core& c) { c.told_space(before, {70, 70}); });
  BOOST_TEST((x.ask({41, false}) == refused_full));
  BOOST_TEST((x.ask({40, false}) == taken));
  // What is older than what is known is not believed, nor what never was.
  x.input([&](core& c) { c.told_space({1}, {1000, 1000}); });
  x.input([&](core& c) { c.told_space({99}, {1000, 1000}); });
  BOOST_TEST((x.ask({1, false}) == refused_full));
}

BOOST_AUTO_TEST_CASE(with_room_it_takes_everything_again) {
  alone x{{0, 10}};
  BOOST_TEST((x.ask({5, false}) == refused_full));
  x.notes.clear();
  BOOST_TEST((x.ask({5, false}) == refused_full));
  BOOST_TEST(!x.noted(note_kind::machine_lacks_space));
  x.tell({});
  BOOST_TEST(x.noted(note_kind::machine_has_space));
  BOOST_TEST((x.ask({1 << 30, false}) == taken));
}

BOOST_AUTO_TEST_CASE(entries_that_a_leader_found_are_applied_before_more_come) {
  lone_peer x{1, voters(1), {1, 1}};
  x.input([](core& c) { c.told_space({}, {1000, 1000}); });
  x.elect();
  x.persist_all();
  const auto ask = [&x](bool sparing) {
    reject_reason result = reject_reason::none;
    x.input([&](core& c) {
      result
        = c.start(entry_kind::command, {}, bytes{"y"}, 0, {1, sparing}).reason;
    });
    return result;
  };
  // Nobody knows what they need.
  BOOST_TEST((ask(false) == refused_full));
  BOOST_TEST((ask(true) == refused_full));
  x.read_and_apply();
  x.input([](core& c) { c.told_space({2}, {1000, 1000}); });
  BOOST_TEST((ask(false) == taken));
}

BOOST_AUTO_TEST_CASE(with_others_beside_it_nothing_is_refused_for_its_machine) {
  auto x = make_leader();
  x.read_and_apply();
  x.input([](core& c) { c.told_space({1}, {0, 0}); });
  x.input([](core& c) {
    BOOST_TEST(
      (c.start(entry_kind::command, {}, bytes{"y"}, 0, {1000, false}).reason
       == taken));
  });
}

BOOST_AUTO_TEST_SUITE_END()
