// What a client does when peers answer and refuse, and when time is up, in
// virtual time.

#include "support.hpp"

using namespace raft;
using namespace raft::client;
using namespace raft::client::test;

BOOST_FIXTURE_TEST_SUITE(client_state_suite, client_fixture)

BOOST_AUTO_TEST_CASE(opens_a_session_when_the_first_command_comes) {
  connect();
  collect();
  BOOST_TEST(requests.empty());
  BOOST_TEST(!client.wake_at().has_value()); // idle means idle
  auto what = submit("put");
  auto open = next();
  BOOST_TEST(open.what == 0u);
  BOOST_TEST(requests.empty());
  reply(open, committed(9));
  auto sent = next();
  BOOST_TEST(sent.what == what);
  BOOST_TEST((sent.tag == command_tag{{9}, what, what}));
  BOOST_TEST(sent.command.view() == "put");
  reply(sent, committed(10, "done"));
  auto result = take_answer(what);
  BOOST_TEST(result.result == outcome::committed);
  BOOST_TEST(result.reply.view() == "done");
  BOOST_TEST(client.outstanding() == 0u);
}

BOOST_AUTO_TEST_CASE(prefers_its_home) {
  client_state near{settings, 1, {2}};
  for (std::uint64_t i = 1; i <= 3; ++i)
    near.peer_up({i}, now);
  BOOST_TEST(near.target().value == 2u);
  near.peer_down({2}, now);
  BOOST_TEST(near.target().value != 2u);
}

BOOST_AUTO_TEST_CASE(sends_many_at_once_and_tells_what_it_has) {
  open_session();
  auto a = submit();
  auto b = submit();
  auto c = submit();
  auto ra = next();
  auto rb = next();
  auto rc = next();
  BOOST_TEST(rc.tag.lowest_unanswered == a);
  reply(rb, committed(8));
  auto rd = (submit(), next());
  BOOST_TEST(rd.tag.lowest_unanswered == a); // a is still open
  reply(ra, committed(7));
  auto re = (submit(), next());
  BOOST_TEST(re.tag.lowest_unanswered == c);
  BOOST_TEST(take_answer(b).index.value == 8u);
  BOOST_TEST(take_answer(a).index.value == 7u);
}

BOOST_AUTO_TEST_CASE(follows_the_leader_at_once) {
  open_session();
  auto what = submit();
  auto first = next();
  reply(first, rejected(reject_reason::not_leader, {3}));
  auto second = next();
  BOOST_TEST(second.to.value == 3u);
  BOOST_TEST((second.tag == first.tag));
  reply(second, committed(9));
  BOOST_TEST(take_answer(what).result == outcome::committed);
  submit();
  BOOST_TEST(next().to.value == 3u);
}

BOOST_AUTO_TEST_CASE(asks_all_then_pauses_while_nobody_leads) {
  open_session();
  submit();
  std::set<peer_id> asked;
  for (int i = 0; i < 3; ++i) {
    auto x = next();
    asked.insert(x.to);
    reply(x, rejected(reject_reason::not_leader));
  }
  BOOST_TEST(asked.size() == 3u);
  BOOST_TEST(requests.empty());
  auto before = now;
  wake();
  BOOST_TEST((now > before && now - before <= settings.pause_max));
  BOOST_TEST(requests.size() == 1u);
}

BOOST_AUTO_TEST_CASE(two_that_name_each_other_do_not_spin) {
  open_session();
  submit("x", 1h);
  for (int i = 0; i < 100; ++i) {
    auto x = wait();
    reply(x, rejected(reject_reason::not_leader, {x.to.value == 1 ? 2u : 1u}));
  }
  BOOST_TEST((now > 1s + 100ms));
}

BOOST_AUTO_TEST_CASE(one_scout_looks_for_the_leader) {
  open_session();
  for (int i = 0; i < 10; ++i)
    submit();
  collect();
  BOOST_TEST(requests.size() == 10u);
  auto sent = std::exchange(requests, {});
  for (auto& x : sent)
    reply(x, rejected(reject_reason::not_leader));
  BOOST_TEST(requests.size() == 1u); // not ten
  reply(next(), rejected(reject_reason::not_leader, {3}));
  BOOST_TEST(requests.size() == 10u); // a hint is worth trying for all
  for (auto& x : std::exchange(requests, {})) {
    BOOST_TEST(x.to.value == 3u);
    reply(x, committed(20));
  }
  BOOST_TEST(answers.size() == 10u);
}

BOOST_AUTO_TEST_CASE(waits_while_the_leader_is_busy) {
  open_session();
  submit();
  reply(next(), rejected(reject_reason::busy));
  BOOST_TEST(requests.empty());
  wake();
  auto again = next();
  BOOST_TEST(again.to.value == 1u);
}

BOOST_AUTO_TEST_CASE(waits_while_the_disk_of_the_leader_is_full) {
  open_session();
  submit();
  reply(next(), rejected(reject_reason::disk_full));
  BOOST_TEST(requests.empty());
  wake();
  auto again = next();
  BOOST_TEST(again.to.value == 1u);
}

BOOST_AUTO_TEST_CASE(retries_an_unknown_outcome_with_the_same_number) {
  open_session();
  auto what = submit();
  auto first = next();
  reply(first, unknown());
  auto second = next();
  BOOST_TEST((second.tag == first.tag));
  BOOST_TEST(second.attempt != first.attempt);
  reply(second, committed(11));
  BOOST_TEST(take_answer(what).result == outcome::committed);
}

BOOST_AUTO_TEST_CASE(deadline_after_an_attempt_is_unknown) {
  open_session();
  auto what = submit("x", 300ms);
  next();
  wake();
  BOOST_TEST((now == 1300ms));
  BOOST_TEST(take_answer(what).result == outcome::unknown);
  BOOST_TEST(requests.empty());
}

BOOST_AUTO_TEST_CASE(deadline_without_a_possible_effect_is_rejected) {
  open_session();
  auto what = submit("x", 100ms);
  refuse_all();
  auto result = take_answer(what);
  BOOST_TEST(result.result == outcome::rejected);
  BOOST_TEST(result.reason == reject_reason::not_leader);
  BOOST_TEST((now == 1100ms));
}

BOOST_AUTO_TEST_CASE(deadline_without_any_connection_is_rejected) {
  auto what = submit("x", 100ms);
  wake();
  BOOST_TEST(take_answer(what).result == outcome::rejected);
}

BOOST_AUTO_TEST_CASE(an_unknown_attempt_followed_by_refusals_stays_unknown) {
  open_session();
  auto what = submit("x", 500ms);
  reply(next(), unknown());
  refuse_all();
  BOOST_TEST(take_answer(what).result == outcome::unknown);
}

BOOST_AUTO_TEST_CASE(an_expired_session_is_replaced) {
  open_session();
  auto what = submit();
  auto first = next();
  reply(first, rejected(reject_reason::session_expired));
  auto open = next();
  BOOST_TEST(open.what == 0u);
  reply(open, committed(50));
  auto second = next();
  BOOST_TEST(second.tag.session.value == 50u);
  reply(second, committed(51));
  BOOST_TEST(take_answer(what).result == outcome::committed);
}

BOOST_AUTO_TEST_CASE(an_expired_session_makes_a_retried_command_unknown) {
  open_session();
  auto what = submit();
  reply(next(), unknown());
  reply(next(), rejected(reject_reason::session_expired));
  BOOST_TEST(take_answer(what).result == outcome::unknown);
  submit();
  BOOST_TEST(next().what == 0u); // the next one opens a session
}

BOOST_AUTO_TEST_CASE(all_commands_of_an_expired_session_move_over) {
  open_session();
  auto a = submit();
  auto b = submit();
  auto ra = next();
  auto rb = next();
  reply(ra, rejected(reject_reason::session_expired));
  reply(next(), committed(50));
  auto again = next();
  BOOST_TEST(again.what == a);
  reply(rb, rejected(reject_reason::session_expired));
  // The new session stays: it was the old one that had expired.
  auto moved = next();
  BOOST_TEST(moved.what == b);
  BOOST_TEST(moved.tag.session.value == 50u);
  BOOST_TEST(requests.empty());
}

BOOST_AUTO_TEST_CASE(opening_a_session_is_retried_like_a_command) {
  connect();
  submit();
  reply(next(), rejected(reject_reason::not_leader, {2}));
  auto open = next();
  BOOST_TEST(open.what == 0u);
  BOOST_TEST(open.to.value == 2u);
  auto again = wait(); // silence
  BOOST_TEST(again.what == 0u);
  // The first one was only late.
  reply(open, committed(4));
  auto sent = next();
  BOOST_TEST(sent.tag.session.value == 4u);
  reply(again, committed(5));
  reply(sent, committed(6));
  BOOST_TEST(answers.size() == 1u);
  BOOST_TEST(requests.empty());
}

BOOST_AUTO_TEST_CASE(too_large_is_final) {
  open_session();
  auto what = submit();
  reply(next(), rejected(reject_reason::too_large));
  auto result = take_answer(what);
  BOOST_TEST(result.result == outcome::rejected);
  BOOST_TEST(result.reason == reject_reason::too_large);
}

BOOST_AUTO_TEST_CASE(too_many_are_busy) {
  settings.outstanding_max = 2;
  client = client_state{settings, 1};
  connect();
  submit();
  submit();
  auto what = submit();
  auto result = take_answer(what);
  BOOST_TEST(result.result == outcome::rejected);
  BOOST_TEST(result.reason == reject_reason::busy);
}

BOOST_AUTO_TEST_CASE(few_bytes_are_under_way_to_a_peer) {
  settings.under_way_bytes_max = 5;
  client = client_state{settings, 1};
  open_session();
  for (auto* command : {"abc", "de", "f", "more than five", "g"})
    submit(command);
  auto first = next();
  auto second = next();
  BOOST_TEST(second.command.view() == "de");
  BOOST_TEST(requests.empty());
  reply(first, committed(7));
  auto third = next();
  BOOST_TEST(third.command.view() == "f");
  BOOST_TEST(requests.empty());
  // A larger one goes alone.
  reply(second, committed(8));
  BOOST_TEST(requests.empty());
  reply(third, committed(9));
  auto large = next();
  BOOST_TEST(large.command.view() == "more than five");
  BOOST_TEST(requests.empty());
  reply(large, committed(10));
  BOOST_TEST(next().command.view() == "g");
}

BOOST_AUTO_TEST_CASE(as_much_as_there_is_goes_to_the_peer_at_home) {
  settings.under_way_bytes_max = 1;
  client = client_state{settings, 1, {1}};
  open_session();
  submit("abc");
  submit("de");
  BOOST_TEST(requests.size() == 2u);
}

BOOST_AUTO_TEST_CASE(too_many_bytes_are_busy_but_one_large_goes) {
  settings.bytes_max = 3;
  client = client_state{settings, 1};
  submit("large");
  BOOST_TEST(answers.empty());
  BOOST_TEST(take_answer(submit("y")).reason == reject_reason::busy);
}

BOOST_AUTO_TEST_CASE(numbers_on_the_way_stay_within_the_window) {
  settings.window = 10;
  client = client_state{settings, 1};
  open_session();
  for (int i = 0; i < 30; ++i)
    submit();
  BOOST_TEST(requests.size() == 10u);
  auto slow = next();
  for (auto& x : std::exchange(requests, {}))
    reply(x, committed(10));
  // The oldest holds up the others, or its retry might find its reply gone.
  BOOST_TEST(requests.empty());
  reply(slow, committed(9));
  BOOST_TEST(requests.size() == 10u);
}

BOOST_AUTO_TEST_CASE(stop_answers_everything) {
  open_session();
  auto sent = submit();
  next();
  client.peer_down({1}, now);
  client.peer_down({2}, now);
  client.peer_down({3}, now);
  collect();
  requests.clear();
  auto unsent = submit();
  client.stop();
  BOOST_TEST(take_answer(sent).result == outcome::unknown);
  auto result = take_answer(unsent);
  BOOST_TEST(result.result == outcome::rejected);
  BOOST_TEST(result.reason == reject_reason::stopping);
}

BOOST_AUTO_TEST_CASE(nonsense_from_the_wire_counts_as_unknown) {
  open_session();
  submit();
  auto first = next();
  executed odd;
  odd.result = static_cast<outcome>(77);
  reply(first, odd);
  BOOST_TEST((next().tag == first.tag));
  client.answered(999, 1, committed(3), now);
  client.answered(0, 999, rejected(reject_reason::busy), now);
  collect();
  BOOST_TEST(answers.empty());
}

BOOST_AUTO_TEST_SUITE_END()
