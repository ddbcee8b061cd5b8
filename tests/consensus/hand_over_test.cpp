// Leaders that should not lead, and elections on slow disks.

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

/// Answers heartbeats for all others, who have the log up to `match` on their
/// disks and have applied it up to `applied`.
void answer_heartbeats(lone_peer& x, std::uint64_t match,
                       std::uint64_t applied) {
  for (const auto& msg : x.take<append_request>()) {
    auto reply = make_accept(
      msg.header.to.value, x->self().id.value, msg.term.value,
      std::min(match, x->log().last().index.value), msg.round.value);
    reply.applied = log_index{applied};
    x.receive(reply);
  }
}

/// Lets time pass while the others answer.
void lead_on(lone_peer& x, instant time, std::uint64_t match,
             std::uint64_t applied) {
  const auto end = x.now + time;
  while (x->leads() && x->wake_at() <= end) {
    x.wake();
    answer_heartbeats(x, match, applied);
  }
  if (x.now < end)
    x.advance(end - x.now);
}

bool takes_commands(lone_peer& x) {
  auto answer = x->start(entry_kind::command, {}, bytes{"y"}, 0);
  return answer.reason == reject_reason::none;
}

/// A leader that has handed out entry 2, which its state machine did not apply.
lone_peer make_stuck_leader() {
  auto x = make_leader();
  x.input([](core& c) { c.applied(log_index{1}, {}); });
  x.start();
  x.persist_all();
  for (std::uint64_t id = 2; id <= 3; ++id)
    x.receive(make_accept(id, 1, 1, 2));
  BOOST_REQUIRE(x->handed_out() == log_index{2});
  return x;
}

/// A candidate that has asked, `times` elections after it last knew a leader.
lone_peer make_candidate(int times) {
  lone_peer x{1};
  for (auto i = 0; i < times; ++i) {
    while (x->role() != peer_role::pre_candidate)
      x.wake();
    x.answer_votes();
    x.persist_all();
    x.take<vote_request>();
  }
  BOOST_REQUIRE(x->role() == peer_role::candidate);
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(hand_over)

// -- the disk of the log ------------------------------------------------------

BOOST_AUTO_TEST_CASE(whose_disk_stands_still_while_others_write_hands_over) {
  auto x = make_leader();
  x.start();
  lead_on(x, 1100ms, 2, 0);
  BOOST_TEST(!x->handing_over_to());
  lead_on(x, 300ms, 2, 0);
  BOOST_TEST(x->handing_over_to());
  BOOST_TEST(x.noted(note_kind::stepped_down_slow_disk));
  BOOST_TEST(!takes_commands(x));
  BOOST_TEST(x.take<timeout_now>().front().header.to == x->handing_over_to());
  // If that one does not take over, another one may.
  lead_on(x, 600ms, 2, 0);
  BOOST_TEST(!x->leads());
  BOOST_TEST(x.noted(note_kind::stepped_down_untaken));
}

BOOST_AUTO_TEST_CASE(who_cannot_hand_over_steps_down_at_once) {
  auto x = make_leader();
  x.start();
  const auto began = x.now;
  while (x->leads() && x.now < 5s) {
    x.wake();
    for (const auto& msg : x.take<append_request>()) {
      auto reply = make_accept(msg.header.to.value, 1, 1, 2, msg.round.value);
      reply.priority = 0; // nor do the others want to
      x.receive(reply);
    }
  }
  BOOST_TEST((x.now - began < 1500ms));
  BOOST_TEST(!x.noted(note_kind::hands_over));
}

/// It is handed to whoever has what the own disk does not take.
BOOST_AUTO_TEST_CASE(it_goes_to_one_that_is_ahead) {
  auto x = make_leader();
  x.start();
  while (!x->handing_over_to() && x.now < 5s) {
    x.wake();
    for (const auto& msg : x.take<append_request>()) {
      const auto from = msg.header.to.value;
      auto reply = make_accept(from, 1, 1, from - 1, msg.round.value);
      reply.priority = from == 2 ? 9 : 1;
      x.receive(reply);
    }
  }
  BOOST_TEST(x->handing_over_to() == peer_id{3});
}

BOOST_AUTO_TEST_CASE(who_is_not_outdone_by_anybody_leads_on) {
  auto x = make_leader();
  x.start();
  lead_on(x, 60s, 1, 0);
  BOOST_TEST(x->leads());
}

BOOST_AUTO_TEST_CASE(who_is_gone_is_no_reason) {
  auto x = make_leader();
  x.start();
  for (auto i = 0; i < 100; ++i) {
    x.wake();
    // Peer 2 has it, and is not heard of any more.
    for (const auto& msg : x.take<append_request>())
      if (i == 0 || msg.header.to.value == 3)
        x.receive(make_accept(msg.header.to.value, 1, 1,
                              msg.header.to.value == 2 ? 2 : 1,
                              msg.round.value));
  }
  BOOST_TEST(x->leads());
}

BOOST_AUTO_TEST_CASE(whose_disk_moves_leads_on_behind_the_others) {
  auto x = make_leader();
  for (std::uint64_t i = 2; i < 20; ++i) {
    x.start();
    lead_on(x, 1s, i, 0);
    x.persist_all();
  }
  BOOST_TEST(x->leads());
}

BOOST_AUTO_TEST_CASE(who_stood_still_as_a_whole_process_leads_on) {
  auto x = make_leader();
  x.start();
  lead_on(x, 500ms, 2, 0);
  x.advance(10s);
  BOOST_TEST(x->leads());
  answer_heartbeats(x, 2, 0);
  lead_on(x, 500ms, 2, 0);
  BOOST_TEST(x->leads());
  x.persist_all();
  lead_on(x, 10s, 2, 0);
  BOOST_TEST(x->leads());
}

BOOST_AUTO_TEST_CASE(
  who_has_handed_over_campaigns_later_until_its_disk_is_fast) {
  const settings config;
  auto x = make_leader();
  x.start();
  lead_on(x, 2100ms, 2, 0);
  x.persist_all();
  const auto begin = x.now;
  while (x->role() == peer_role::follower)
    x.wake();
  BOOST_TEST((x.now - begin > config.election_timeout_max));
}

BOOST_AUTO_TEST_CASE(handing_over_again_takes_longer) {
  auto x = make_leader();
  x.start();
  lead_on(x, 2100ms, 2, 0);
  x.persist_all();
  while (x->role() == peer_role::follower)
    x.wake();
  x.answer_votes();
  x.advance(400ms); // not so fast, either
  x.persist_all();
  x.answer_votes();
  BOOST_REQUIRE(x->leads());
  answer_heartbeats(x, 3, 0);
  lead_on(x, 2s, 3, 0);
  BOOST_TEST(!x->handing_over_to());
  lead_on(x, 700ms, 3, 0);
  BOOST_TEST(x->handing_over_to());
}

BOOST_AUTO_TEST_CASE(whose_disk_hangs_promises_no_vote) {
  lone_peer x{1, voters(3), {1}};
  x.receive(make_append(2, 1, 1, at(1, 1), {1}));
  x.advance(601ms);
  x.receive(make_vote_request(3, 1, 2, at(2, 1), true));
  BOOST_TEST(!x.take_one<vote_reply>().granted);
  BOOST_TEST(x.noted(note_kind::refused_vote_disk_hangs));
  x.persist_all();
  x.receive(make_vote_request(3, 1, 2, at(2, 1), true));
  BOOST_TEST(x.take<vote_reply>().back().granted);
}

// -- the state machine --------------------------------------------------------

BOOST_AUTO_TEST_CASE(
  whose_machine_stands_still_while_another_moves_hands_over) {
  auto x = make_stuck_leader();
  lead_on(x, 1100ms, 2, 2);
  BOOST_TEST(!x->handing_over_to());
  lead_on(x, 300ms, 2, 2);
  BOOST_TEST(x->handing_over_to());
  BOOST_TEST(x.noted(note_kind::stepped_down_stuck_machine));
  BOOST_TEST(!x.take<timeout_now>().empty());
  lead_on(x, 600ms, 2, 2);
  BOOST_TEST(!x->leads());
}

BOOST_AUTO_TEST_CASE(with_all_machines_stuck_it_leads_on) {
  auto x = make_stuck_leader();
  lead_on(x, 60s, 2, 1);
  BOOST_TEST(x->leads());
  BOOST_TEST(takes_commands(x));
}

BOOST_AUTO_TEST_CASE(whose_machine_goes_on_leads_on) {
  auto x = make_stuck_leader();
  lead_on(x, 1s, 2, 2);
  x.input([](core& c) { c.applied(log_index{2}, {}); });
  lead_on(x, 10s, 2, 2);
  BOOST_TEST(x->leads());
}

BOOST_AUTO_TEST_CASE(before_it_hands_over_the_other_gets_all) {
  auto x = make_stuck_leader();
  x.start();
  x.persist_all();
  lead_on(x, 1450ms, 2, 2); // entry 3 does not get there
  BOOST_TEST(x->leads());
  BOOST_TEST(!takes_commands(x));
  BOOST_TEST(x.take<timeout_now>().empty());
  lead_on(x, 200ms, 3, 2);
  BOOST_TEST(!x.take<timeout_now>().empty());
  // And if it never does, that takes no longer than an election timeout.
  auto y = make_stuck_leader();
  y.start();
  y.persist_all();
  lead_on(y, 2100ms, 2, 2);
  BOOST_TEST(!y->leads());
}

BOOST_AUTO_TEST_CASE(it_takes_commands_again_when_its_machine_goes_on) {
  auto x = make_stuck_leader();
  x.start();
  x.persist_all();
  lead_on(x, 1450ms, 2, 2);
  BOOST_REQUIRE(!takes_commands(x));
  x.input([](core& c) { c.applied(log_index{2}, {}); });
  lead_on(x, 100ms, 2, 2);
  BOOST_TEST(takes_commands(x));
}

BOOST_AUTO_TEST_CASE(a_follower_whose_machine_stands_still_campaigns_later) {
  const settings config;
  lone_peer x{2, voters(3), {1}};
  x.receive(make_append(1, 2, 1, at(1, 1), {}, 1));
  BOOST_REQUIRE(x->handed_out() == log_index{1});
  for (auto i = 0; i < 10; ++i) {
    x.advance(100ms);
    x.receive(make_append(1, 2, 1, at(1, 1), {}, 1));
  }
  BOOST_TEST(x.take<append_reply>().back().applied == log_index{0});
  const auto begin = x.now;
  x.wake();
  BOOST_TEST(x->role() == peer_role::pre_candidate);
  BOOST_TEST((x.now - begin > config.election_timeout_max));
}

// -- patience -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(who_waits_for_its_own_vote_begins_no_other_term) {
  lone_peer x{1};
  x.wake();
  x.answer_votes();
  BOOST_REQUIRE(x->role() == peer_role::candidate);
  x.advance(550ms);
  x.wake();
  BOOST_TEST(x->role() == peer_role::candidate);
  const auto begin = x.now;
  x.persist_all();
  BOOST_TEST(x.take<vote_request>().size() == 2u);
  // Its patience begins here, and is as long as its own disk took.
  x.wake_for_campaign();
  BOOST_TEST(x->role() == peer_role::pre_candidate);
  BOOST_TEST((x.now - begin >= 550ms + 300ms));
}

BOOST_AUTO_TEST_CASE(who_waits_for_the_vote_it_gives_does_not_campaign) {
  lone_peer x{1};
  x.receive(make_vote_request(2, 1, 1, at(0, 0)));
  x.advance(550ms);
  x.wake();
  BOOST_TEST(x->role() == peer_role::follower);
  const auto begin = x.now;
  x.persist_all();
  BOOST_TEST(x.take_one<vote_reply>().granted);
  x.wake();
  BOOST_TEST(x->role() == peer_role::pre_candidate);
  BOOST_TEST((x.now - begin >= 300ms));
}

BOOST_AUTO_TEST_CASE(patience_grows_with_each_election_that_nobody_won) {
  const settings config;
  const auto patience = [](int times) {
    auto x = make_candidate(times);
    const auto begin = x.now;
    x.wake_for_campaign();
    return x.now - begin;
  };
  BOOST_TEST((patience(1) <= config.election_timeout_max));
  BOOST_TEST((patience(2) >= 2 * config.election_timeout_min));
  BOOST_TEST((patience(3) >= 4 * config.election_timeout_min));
  BOOST_TEST((patience(20) <= 4 * config.election_timeout_max));
}

BOOST_AUTO_TEST_CASE(a_leader_ends_impatience) {
  auto x = make_candidate(5);
  x.receive(make_append(2, 1, 9, at(0, 0)));
  x.persist_all();
  const settings config;
  while (x->role() != peer_role::pre_candidate)
    x.wake();
  x.answer_votes();
  x.persist_all();
  BOOST_REQUIRE(x->role() == peer_role::candidate);
  BOOST_TEST((x->wake_at() - x.now <= config.election_timeout_max));
}

BOOST_AUTO_TEST_SUITE_END()
