// Transfers of leadership (thesis, section 3.10), and priorities.

#include "support.hpp"
#include <raft/consensus/soundness.hpp>

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

namespace {

settings with_leases() {
  settings result;
  result.lease_drift_ppm = 100;
  return result;
}

settings with_priority(std::uint8_t priority) {
  settings result;
  result.priority = priority;
  return result;
}

transfer_begun transfer(lone_peer& x, std::uint64_t target,
                        instant limit = 0us) {
  transfer_begun result;
  x.input([&](core& c) { result = c.transfer(peer_id{target}, limit); });
  return result;
}

transfer_result refusal_of(lone_peer& x, std::uint64_t target) {
  const auto result = transfer(x, target);
  BOOST_TEST(!result.target);
  BOOST_TEST(!x->handing_over_to());
  return result.refusal;
}

/// Why no command is taken; `none` if one is, and it is appended.
reject_reason try_command(lone_peer& x) {
  started answer;
  x.input(
    [&](core& c) { answer = c.start(entry_kind::command, {}, bytes{"x"}, 0); });
  return answer.reason;
}

/// The others answer what came out.
struct answers {
  std::uint64_t match = 1;
  std::uint64_t promised_ms = 0;
  std::map<std::uint64_t, std::uint8_t> priorities = {};
};

void answer_appends(lone_peer& x, const answers& how) {
  for (const auto& msg : x.take<append_request>()) {
    const auto from = msg.header.to.value;
    auto reply = make_accept(from, msg.header.from.value, msg.term.value,
                             how.match, msg.round.value);
    reply.frame = msg.frame;
    reply.promised_ms = msg.hands_over ? 0 : how.promised_ms;
    if (const auto i = how.priorities.find(from); i != how.priorities.end())
      reply.priority = i->second;
    x.receive(reply);
  }
}

/// Lets time pass while the others answer.
void lead_on(lone_peer& x, instant time, const answers& how = {}) {
  const auto end = x.now + time;
  while (x->leads() && x->wake_at() <= end) {
    x.wake();
    answer_appends(x, how);
  }
  if (x.now < end)
    x.advance(end - x.now);
}

/// A leader in term 1 that has a lease.
lone_peer make_leader_with_lease() {
  auto x = make_leader(with_leases());
  x.read_and_apply();
  x.wake();
  answer_appends(x, {1, 300});
  BOOST_REQUIRE(x->has_lease());
  return x;
}

/// A voter that has just heard peer 2 lead in term 1, in this round.
lone_peer make_voter(std::uint64_t round, const settings& config = {}) {
  lone_peer x{1, voters(3), {}, {}, config};
  auto heard = make_append(2, 1, 1, {}, {1}, 1);
  heard.round = {round};
  x.receive(heard);
  x.persist_all();
  x.read_and_apply();
  x.messages.clear();
  return x;
}

timeout_now make_timeout_now(std::uint64_t from, std::uint64_t term,
                             std::uint64_t round) {
  return {header(from, 1), term_number{term}, round_number{round}};
}

vote_request make_transfer_vote(std::uint64_t term, std::uint64_t released) {
  auto result = make_vote_request(3, 1, term, at(1, 1));
  result.transfer = true;
  result.released = {released};
  return result;
}

bool grants(lone_peer& x, const vote_request& asked) {
  x.messages.clear();
  x.receive(asked);
  x.persist_all();
  return x.take_one<vote_reply>(3).granted;
}

} // namespace

BOOST_AUTO_TEST_SUITE(transfers)

// -- a leader -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(who_has_all_is_told_at_once) {
  auto x = make_leader();
  const auto begun = transfer(x, 3);
  BOOST_TEST(begun.target == peer_id{3});
  BOOST_TEST((begun.refusal == transfer_result::transferred));
  BOOST_TEST(x->handing_over_to() == peer_id{3});
  const auto told = x.take_one<timeout_now>();
  BOOST_TEST(told.header.to == peer_id{3});
  BOOST_TEST(told.term == term_number{1});
  BOOST_TEST(told.round == round_number{1});
  BOOST_TEST(x.noted(note_kind::hands_over));
}

BOOST_AUTO_TEST_CASE(
  commands_are_refused_meanwhile_with_a_reason_of_their_own) {
  auto x = make_leader();
  BOOST_TEST((try_command(x) == reject_reason::none));
  transfer(x, 2);
  BOOST_TEST((try_command(x) == reject_reason::handing_over));
  BOOST_TEST(x->log().last().index == log_index{2});
}

BOOST_AUTO_TEST_CASE(who_lacks_something_gets_it_first) {
  auto x = make_leader();
  x.start();
  x.start();
  transfer(x, 2);
  BOOST_TEST(x.take<timeout_now>().empty());
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 2));
  BOOST_TEST(x.take<timeout_now>().empty());
  x.persist_all();
  x.receive(make_accept(2, 1, 1, 3));
  BOOST_TEST(x.take_one<timeout_now>().header.to == peer_id{2});
}

/// So that those who wait for them are told that they took effect.
BOOST_AUTO_TEST_CASE(all_entries_are_committed_first) {
  auto x = make_leader({}, 5);
  x.start();
  transfer(x, 2);
  x.receive(make_accept(2, 1, 1, 2));
  BOOST_TEST(x.take<timeout_now>().empty());
  x.receive(make_accept(3, 1, 1, 2));
  BOOST_TEST(x.take<timeout_now>().empty());
  x.receive(make_accept(4, 1, 1, 2));
  BOOST_TEST(x->commit() == log_index{2});
  BOOST_TEST(x.take_one<timeout_now>().header.to == peer_id{2});
}

BOOST_AUTO_TEST_CASE(it_is_told_again_with_each_heartbeat) {
  auto x = make_leader();
  transfer(x, 2);
  for (auto i = 0; i < 3; ++i) {
    BOOST_TEST(x.take<timeout_now>().size() == 1u);
    answer_appends(x, {});
    x.wake();
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_taken_up_ends_after_an_election_timeout) {
  for (const auto limit : {0us, instant{1ms}, instant{200ms}, instant{10s}}) {
    const settings config;
    const instant longest = config.election_timeout_max;
    const auto end = limit == 0us ? longest : std::min(limit, longest);
    auto x = make_leader();
    transfer(x, 2, limit);
    lead_on(x, end - 1us);
    BOOST_TEST((try_command(x) == reject_reason::handing_over));
    lead_on(x, 1us);
    BOOST_TEST(x->leads());
    BOOST_TEST(!x->handing_over_to());
    BOOST_TEST(x.noted(note_kind::leads_on));
    BOOST_TEST((try_command(x) == reject_reason::none));
    // And can be tried again.
    BOOST_TEST(transfer(x, 2).target == peer_id{2});
  }
}

BOOST_AUTO_TEST_CASE(it_ends_with_the_link_to_the_successor) {
  auto x = make_leader();
  transfer(x, 2);
  disconnect(x, 3);
  BOOST_TEST(x->handing_over_to() == peer_id{2});
  disconnect(x, 2);
  BOOST_TEST(!x->handing_over_to());
  BOOST_TEST((try_command(x) == reject_reason::none));
}

BOOST_AUTO_TEST_CASE(it_ends_with_the_store_of_the_successor) {
  auto x = make_leader();
  x.input([](core& c) { c.link_up(peer_id{2}, incarnation_id{7}); });
  transfer(x, 2);
  x.input([](core& c) { c.link_up(peer_id{2}, incarnation_id{7}); });
  BOOST_TEST(x->handing_over_to() == peer_id{2});
  x.input([](core& c) { c.link_up(peer_id{2}, incarnation_id{8}); });
  BOOST_TEST(!x->handing_over_to());
  BOOST_TEST((try_command(x) == reject_reason::none));
}

/// The flag is the office's: with the next one it is gone.
BOOST_AUTO_TEST_CASE(it_ends_with_the_office_whatever_ends_that) {
  const auto by_term = [](lone_peer& x) {
    x.receive(make_vote_request(3, 1, 2, at(1, 1)));
    x.receive(make_vote(3, 1, 2, 2, false));
  };
  const auto by_silence = [](lone_peer& x) {
    for (auto i = 0; x->leads() && i < 100; ++i)
      x.wake();
  };
  const auto by_successor
    = [](lone_peer& x) { x.receive(make_append(2, 1, 2, at(1, 1))); };
  for (const auto& end : std::vector<std::function<void(lone_peer&)>>{
         by_term, by_silence, by_successor}) {
    auto x = make_leader();
    transfer(x, 2);
    end(x);
    BOOST_TEST(!x->leads());
    BOOST_TEST(!x->handing_over_to());
    x.persist_all();
    x.messages.clear();
    x.elect();
    BOOST_TEST(!x->handing_over_to());
    BOOST_TEST((try_command(x) == reject_reason::none));
  }
}

BOOST_AUTO_TEST_CASE(one_transfer_at_a_time) {
  auto x = make_leader();
  transfer(x, 2);
  for (const auto same : {0, 2})
    BOOST_TEST(transfer(x, same).target == peer_id{2});
  const auto other = transfer(x, 3);
  BOOST_TEST(!other.target);
  BOOST_TEST((other.refusal == transfer_result::under_way));
  BOOST_TEST(x->handing_over_to() == peer_id{2});
}

// -- refusals -----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(only_a_leader_hands_over) {
  lone_peer x{1};
  BOOST_TEST((refusal_of(x, 2) == transfer_result::not_leader));
}

BOOST_AUTO_TEST_CASE(who_cannot_lead_is_refused) {
  membership members = voters(3);
  members.learners.push_back(peer_id{4});
  lone_peer x{1, members};
  x.elect();
  x.persist_all();
  for (std::uint64_t id = 2; id <= 4; ++id)
    x.receive(make_accept(id, 1, 1, 1));
  BOOST_TEST((refusal_of(x, 1) == transfer_result::leads_already));
  BOOST_TEST((refusal_of(x, 9) == transfer_result::unknown_peer));
  BOOST_TEST((refusal_of(x, 4) == transfer_result::not_a_voter));
  BOOST_TEST((try_command(x) == reject_reason::none));
}

BOOST_AUTO_TEST_CASE(who_does_not_answer_is_refused) {
  auto x = make_leader();
  disconnect(x, 2);
  BOOST_TEST((refusal_of(x, 2) == transfer_result::unreachable));
  // Peer 3 is connected, but silent.
  connect(x, 2);
  while (x.now < 2s) {
    x.wake();
    for (const auto& msg : x.take<append_request>(2))
      x.receive(make_accept(2, 1, 1, 1, msg.round.value));
  }
  BOOST_REQUIRE(x->leads());
  BOOST_TEST((refusal_of(x, 3) == transfer_result::unreachable));
  BOOST_TEST(transfer(x, 0).target == peer_id{2});
}

BOOST_AUTO_TEST_CASE(who_lags_far_behind_is_refused) {
  settings config;
  config.bytes_in_flight_max = 10 * cost_of_one;
  auto x = make_leader(config);
  for (auto i = 0; i < 11; ++i) {
    x.start();
    x.persist_all();
    x.receive(make_accept(3, 1, 1, x->log().last().index.value));
  }
  BOOST_TEST((refusal_of(x, 2) == transfer_result::lags));
  BOOST_TEST(transfer(x, 0).target == peer_id{3});
}

BOOST_AUTO_TEST_CASE(who_should_not_lead_is_refused) {
  auto x = make_leader();
  x.wake();
  answer_appends(x, {1, 0, {{2, 0}, {3, 0}}});
  BOOST_TEST((refusal_of(x, 2) == transfer_result::should_not_lead));
  BOOST_TEST((refusal_of(x, 0) == transfer_result::nobody_fit));
}

/// Messages of a release without transfers say nothing of priorities.
BOOST_AUTO_TEST_CASE(who_knows_no_transfers_is_refused) {
  auto x = make_leader();
  x.wake();
  for (const auto& msg : x.take<append_request>()) {
    auto reply = make_accept(msg.header.to.value, 1, 1, 1, msg.round.value);
    if (msg.header.to.value == 2)
      reply.priority = append_reply{}.priority;
    x.receive(reply);
  }
  BOOST_TEST((refusal_of(x, 2) == transfer_result::too_old));
  BOOST_TEST(transfer(x, 0).target == peer_id{3});
}

BOOST_AUTO_TEST_CASE(who_is_alone_has_nobody_to_hand_over_to) {
  auto x = make_leader({}, 1);
  BOOST_TEST((refusal_of(x, 0) == transfer_result::nobody_fit));
  BOOST_TEST((refusal_of(x, 1) == transfer_result::leads_already));
}

BOOST_AUTO_TEST_CASE(the_best_is_chosen) {
  // First of all by priority, then by the log.
  auto x = make_leader({}, 5);
  x.start();
  x.persist_all();
  x.receive(make_accept(4, 1, 1, 2));
  BOOST_TEST(transfer(x, 0).target == peer_id{4});
  auto y = make_leader({}, 5);
  y.wake();
  answer_appends(y, {1, 0, {{3, 6}}});
  BOOST_TEST(transfer(y, 0).target == peer_id{3});
}

// -- leases -------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_lease_ends_before_anybody_is_told) {
  auto x = make_leader_with_lease();
  x.start(); // so that nobody is told yet
  transfer(x, 2);
  BOOST_TEST(x.take<timeout_now>().empty());
  BOOST_TEST(!x->has_lease());
  x.messages.clear();
  x.receive(read_index_request{header(3, 1), {1}, {7}, true});
  BOOST_TEST(x.take<read_index_reply>().empty());
}

BOOST_AUTO_TEST_CASE(who_hands_over_asks_for_no_promise_and_takes_none) {
  auto x = make_leader_with_lease();
  transfer(x, 2);
  x.wake();
  for (const auto& msg : x.take<append_request>()) {
    BOOST_TEST(msg.hands_over);
    auto reply = make_accept(msg.header.to.value, 1, 1, 1, msg.round.value);
    reply.promised_ms = 300;
    x.receive(reply);
  }
  BOOST_TEST(!x->has_lease());
}

BOOST_AUTO_TEST_CASE(who_leads_on_relies_on_later_rounds_only) {
  auto x = make_leader_with_lease();
  transfer(x, 2, 50ms);
  const auto told = x.take_one<timeout_now>().round;
  x.advance(50ms);
  BOOST_REQUIRE(!x->handing_over_to());
  // A promise in a round that may have been released comes late.
  auto reply = make_accept(2, 1, 1, 1, told.value);
  reply.promised_ms = 300;
  x.receive(reply);
  BOOST_TEST(!x->has_lease());
  x.messages.clear();
  x.wake();
  const auto next = x.take<append_request>(2).back();
  BOOST_TEST(next.round > told);
  BOOST_TEST(!next.hands_over);
  reply.round = next.round;
  x.receive(reply);
  BOOST_TEST(x->has_lease());
}

// -- a voter ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_leader_that_is_alive_is_passed_over) {
  auto x = make_voter(4);
  BOOST_TEST(!grants(x, make_vote_request(3, 1, 2, at(1, 1))));
  BOOST_TEST(grants(x, make_transfer_vote(2, 4)));
}

BOOST_AUTO_TEST_CASE(no_transfer_makes_up_for_a_shorter_log) {
  auto x = make_voter(4);
  auto asked = make_transfer_vote(2, 4);
  asked.last = {};
  BOOST_TEST(!grants(x, asked));
  BOOST_TEST(x.noted(note_kind::refused_vote_log_behind));
}

BOOST_AUTO_TEST_CASE(a_promise_ends_when_its_leader_gives_it_up) {
  auto x = make_voter(4, with_leases());
  BOOST_TEST(!grants(x, make_transfer_vote(2, 3)));
  BOOST_TEST(x.noted(note_kind::refused_vote_promised));
  BOOST_TEST(x->term() == term_number{1});
  BOOST_TEST(grants(x, make_transfer_vote(2, 4)));
}

/// The leader of term 4 was elected: nobody before it has a lease.
BOOST_AUTO_TEST_CASE(a_promise_to_an_earlier_leader_ends_as_well) {
  auto x = make_voter(9, with_leases());
  BOOST_TEST(grants(x, make_transfer_vote(5, 1)));
}

BOOST_AUTO_TEST_CASE(a_promise_in_the_term_of_the_campaign_stays) {
  auto x = make_voter(4, with_leases());
  auto later = make_append(2, 1, 2, at(1, 1));
  x.receive(later);
  x.persist_all();
  BOOST_TEST(!grants(x, make_transfer_vote(2, 9)));
}

BOOST_AUTO_TEST_CASE(who_hands_over_is_promised_nothing) {
  auto x = make_voter(4, with_leases());
  auto heard = make_append(2, 1, 1, at(1, 1));
  heard.round = {5};
  heard.hands_over = true;
  x.receive(heard);
  BOOST_TEST(x.take_one<append_reply>(2).promised_ms == 0u);
  BOOST_TEST(grants(x, make_transfer_vote(2, 4)));
}

/// It does not know in which round the process before it has promised.
BOOST_AUTO_TEST_CASE(who_was_started_since_keeps_its_promise) {
  lone_peer x{1, voters(3), {1}, {}, with_leases()};
  BOOST_TEST(!grants(x, make_transfer_vote(2, 1000)));
  // To a leader of an earlier term it cannot have been of any use by then.
  BOOST_TEST(grants(x, make_transfer_vote(3, 1)));
}

BOOST_AUTO_TEST_CASE(a_leader_that_is_still_in_office_votes_as_well) {
  auto x = make_leader();
  BOOST_TEST(!grants(x, make_vote_request(3, 1, 2, at(1, 1))));
  BOOST_TEST(grants(x, make_transfer_vote(2, 1)));
  BOOST_TEST(!x->leads());
}

BOOST_AUTO_TEST_CASE(transfers_that_cannot_be_are_not_sound) {
  auto asked = make_transfer_vote(2, 4);
  BOOST_TEST(is_sound(asked));
  asked.pre_vote = true;
  BOOST_TEST(!is_sound(asked));
  asked = make_transfer_vote(2, 0);
  BOOST_TEST(!is_sound(asked));
  asked = make_vote_request(3, 1, 2, at(1, 1));
  asked.released = {1};
  BOOST_TEST(!is_sound(asked));
  BOOST_TEST(is_sound(make_timeout_now(2, 1, 1)));
  BOOST_TEST(!is_sound(make_timeout_now(2, 0, 1)));
  BOOST_TEST(!is_sound(make_timeout_now(2, 1, 0)));
  BOOST_TEST(!is_sound(make_timeout_now(2, term_max.value, 1)));
  auto reply = make_accept(2, 1, 1, 1);
  reply.priority = priority_max + 1;
  BOOST_TEST(!is_sound(reply));
}

// -- the successor ------------------------------------------------------------

BOOST_AUTO_TEST_CASE(who_is_told_campaigns_at_once_without_a_pre_vote) {
  for (const auto& config : {settings{}, with_leases()}) {
    auto x = make_voter(4, config);
    x.receive(make_timeout_now(2, 1, 4));
    BOOST_TEST(x->role() == peer_role::candidate);
    BOOST_TEST(x->term() == term_number{2});
    // Its own vote is on its disk first.
    BOOST_TEST(x.take<vote_request>().empty());
    x.persist_all();
    BOOST_TEST((x.hard == hard_state{{2}, {1}}));
    const auto asked = x.take<vote_request>();
    BOOST_TEST(asked.size() == 2u);
    for (const auto& msg : asked) {
      BOOST_TEST(!msg.pre_vote);
      BOOST_TEST(msg.transfer);
      BOOST_TEST(msg.released == round_number{4});
      BOOST_TEST(msg.last == at(1, 1));
    }
    x.receive(make_vote(3, 1, 2, 2, true));
    BOOST_TEST(x->leads());
  }
}

BOOST_AUTO_TEST_CASE(it_asks_again_with_the_same_words) {
  auto x = make_voter(4);
  x.receive(make_timeout_now(2, 1, 4));
  x.persist_all();
  x.messages.clear();
  x.wake();
  BOOST_TEST(x.take<vote_request>(3).back().transfer);
  x.messages.clear();
  connect(x, 3);
  BOOST_TEST(x.take_one<vote_request>(3).transfer);
}

/// A later one is its own.
BOOST_AUTO_TEST_CASE(only_the_campaign_at_once_is_by_transfer) {
  auto x = make_voter(4);
  x.receive(make_timeout_now(2, 1, 4));
  x.persist_all();
  x.wake_for_campaign();
  BOOST_TEST(x->role() == peer_role::pre_candidate);
  for (const auto& msg : x.take<vote_request>())
    BOOST_TEST((!msg.pre_vote || !msg.transfer));
  x.receive(make_vote(3, 1, 2, 3, true, true));
  x.persist_all();
  const auto asked = x.take<vote_request>(3).back();
  BOOST_TEST(asked.term == term_number{3});
  BOOST_TEST(!asked.transfer);
  BOOST_TEST(!asked.released);
}

BOOST_AUTO_TEST_CASE(told_twice_it_campaigns_once) {
  auto x = make_voter(4);
  x.receive(make_timeout_now(2, 1, 4));
  x.receive(make_timeout_now(2, 1, 5));
  x.persist_all();
  x.receive(make_timeout_now(2, 1, 5));
  BOOST_TEST(x->term() == term_number{2});
  BOOST_TEST(x->role() == peer_role::candidate);
}

BOOST_AUTO_TEST_CASE(what_was_said_long_ago_is_ignored) {
  for (const auto& config : {settings{}, with_leases()}) {
    auto x = make_voter(4, config);
    x.receive(make_timeout_now(2, 1, 3));
    BOOST_TEST(x->role() == peer_role::follower);
    BOOST_TEST(x.noted(note_kind::refused_transfer));
  }
  // Also by who has forgotten its leader, or was started since.
  lone_peer again{1, voters(3), {1}, {}, with_leases()};
  again.receive(make_timeout_now(2, 1, 1000));
  BOOST_TEST(again->role() == peer_role::follower);
}

BOOST_AUTO_TEST_CASE(an_earlier_term_has_nothing_to_hand_over) {
  auto x = make_voter(4);
  x.receive(make_vote(3, 1, 5, 5, false));
  x.persist_all();
  x.receive(make_timeout_now(2, 1, 9));
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(x->term() == term_number{5});
}

BOOST_AUTO_TEST_CASE(who_does_not_lead_has_nothing_to_hand_over) {
  auto x = make_voter(4);
  x.receive(make_timeout_now(3, 1, 9));
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(x.distrusted.size() == 1u);
  auto y = make_leader();
  y.receive(make_timeout_now(3, 1, 9));
  BOOST_TEST(y->leads());
  BOOST_TEST(y.distrusted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(who_should_not_lead_does_not_take_over) {
  auto x = make_voter(4, with_priority(0));
  x.receive(make_timeout_now(2, 1, 4));
  BOOST_TEST(x->role() == peer_role::follower);
  // Its disk hangs.
  auto y = make_voter(4);
  y.receive(make_append(2, 1, 1, at(1, 1), {1}));
  y.advance(601ms);
  y.receive(make_timeout_now(2, 1, 4));
  BOOST_TEST(y->role() == peer_role::follower);
  // It has no vote.
  membership members = voters(3);
  members.voters.erase(members.voters.begin());
  members.learners.push_back(peer_id{1});
  lone_peer z{1, members};
  z.receive(make_timeout_now(2, 1, 4));
  BOOST_TEST(z->role() == peer_role::follower);
}

// -- all together -------------------------------------------------------------

BOOST_AUTO_TEST_CASE(office_goes_to_whom_it_should) {
  for (const auto& config : {settings{}, with_leases()}) {
    small_cluster all{3, config};
    all.elect(1);
    all.run(200ms);
    for (const std::uint64_t target : {3, 2, 1, 2}) {
      auto& leader = all[all.leader()];
      leader.start();
      const auto term = leader->term();
      const auto last = leader->log().last().index;
      BOOST_TEST(transfer(leader, target).target == peer_id{target});
      // No time passes at all.
      all.settle();
      BOOST_TEST(all.leader() == target);
      BOOST_TEST(all[target]->term() == term.next());
      BOOST_TEST(all[target]->commit() == last.next());
    }
  }
}

BOOST_AUTO_TEST_CASE(the_successor_can_read_by_lease_soon) {
  small_cluster all{3, with_leases()};
  all.elect(1);
  all.run(200ms);
  BOOST_REQUIRE(all[1]->has_lease());
  transfer(all[1], 2);
  all.settle();
  BOOST_TEST(!all[1]->has_lease());
  all.run(200ms);
  BOOST_TEST(all[2]->has_lease());
}

// -- priorities ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(priorities_are_checked) {
  BOOST_TEST(complaint_about(with_priority(0)) == nullptr);
  BOOST_TEST(complaint_about(with_priority(priority_max)) == nullptr);
  BOOST_TEST(complaint_about(with_priority(priority_max + 1)) != nullptr);
}

BOOST_AUTO_TEST_CASE(who_has_none_votes_but_never_campaigns) {
  lone_peer x{1, voters(3), {1}, {}, with_priority(0)};
  BOOST_TEST((x->wake_at() == instant::max()));
  x.advance(1h);
  BOOST_TEST(x->role() == peer_role::follower);
  BOOST_TEST(grants(x, make_vote_request(3, 1, 2, at(1, 1))));
  BOOST_TEST((x->wake_at() == instant::max()));
  x.receive(make_append(3, 1, 2, at(1, 1)));
  BOOST_TEST(x.take<append_reply>().back().priority == 0u);
  x.advance(1h);
  BOOST_TEST(x->role() == peer_role::follower);
}

BOOST_AUTO_TEST_CASE(who_has_a_lower_one_campaigns_later) {
  const settings config;
  for (std::uint8_t i = 1; i <= priority_max; ++i) {
    lone_peer x{1, voters(3), {1}, {}, with_priority(i)};
    const auto later = x->wake_at() > config.election_timeout_max;
    BOOST_TEST(later == (i < priority_usual));
    BOOST_TEST((x->wake_at() <= 2 * config.election_timeout_max));
  }
}

BOOST_AUTO_TEST_CASE(a_leader_gives_way_to_who_is_preferred_for_long) {
  const answers better{1, 0, {{3, 6}}};
  auto x = make_leader();
  lead_on(x, 5900ms, better);
  BOOST_TEST(!x->handing_over_to());
  lead_on(x, 300ms, better);
  BOOST_TEST(x->handing_over_to() == peer_id{3});
  BOOST_TEST(x.take<timeout_now>().size() >= 1u);
  // It does not take over; then it is not asked again at once.
  lead_on(x, 700ms, better);
  BOOST_TEST(!x->handing_over_to());
  BOOST_TEST(x->leads());
  lead_on(x, 11s, better);
  BOOST_TEST(!x->handing_over_to());
  lead_on(x, 700ms, better);
  BOOST_TEST(x->handing_over_to() == peer_id{3});
}

BOOST_AUTO_TEST_CASE(a_leader_gives_way_to_nobody_else) {
  // The same, a lower one, a higher one that is far behind or comes and goes.
  auto x = make_leader();
  lead_on(x, 1min, {1, 0, {{2, 5}, {3, 1}}});
  BOOST_TEST(x->leads());
  BOOST_TEST(!x.noted(note_kind::hands_over));
  settings config;
  config.bytes_in_flight_max = cost_of_one;
  auto y = make_leader(config);
  for (auto i = 0; i < 3; ++i)
    y.start();
  y.persist_all();
  lead_on(y, 1min, {1, 0, {{3, 9}}});
  BOOST_TEST(!y.noted(note_kind::hands_over));
  auto z = make_leader();
  for (auto i = 0; i < 20; ++i) {
    lead_on(z, 3s, {1, 0, {{3, 9}}});
    disconnect(z, 3);
    connect(z, 3);
    lead_on(z, 200ms, {1, 0, {{3, 0}}}); // its disk is slow now and then
  }
  BOOST_TEST(z->leads());
  BOOST_TEST(!z.noted(note_kind::hands_over));
}

/// Whoever is preferred hands it back each time; that gets rare.
BOOST_AUTO_TEST_CASE(an_office_that_comes_back_is_kept_for_longer) {
  const answers better{1, 0, {{3, 6}}};
  std::vector<instant> kept;
  auto x = make_leader();
  for (auto i = 0; i < 4; ++i) {
    const auto began = x.now;
    while (!x->handing_over_to()) {
      x.wake();
      answer_appends(x, {x->log().last().index.value, 0, {{3, 6}}});
    }
    kept.push_back(x.now - began);
    x.receive(make_append(3, 1, x->term().value + 1, x->log().last()));
    x.persist_all();
    x.messages.clear();
    x.elect();
    x.persist_all();
  }
  for (std::size_t i = 1; i < kept.size(); ++i)
    BOOST_TEST((kept[i] > kept[i - 1] * 3 / 2));
}

BOOST_AUTO_TEST_CASE(in_the_end_the_preferred_one_leads) {
  small_cluster all{3};
  all.peers[2] = std::make_unique<lone_peer>(
    2, voters(3), std::vector<std::uint64_t>{}, hard_state{}, with_priority(7));
  all.elect(1);
  all.run(5s);
  BOOST_TEST(all.leader() == 1u);
  all.run(2s);
  BOOST_TEST(all.leader() == 2u);
  const auto term = all[2]->term();
  all.run(60s);
  BOOST_TEST(all[2]->term() == term);
}

BOOST_AUTO_TEST_SUITE_END()
