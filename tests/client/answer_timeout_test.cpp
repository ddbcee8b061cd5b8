// What a client does when peers are silent or go away, in virtual time.

#include "support.hpp"

using namespace raft;
using namespace raft::client;
using namespace raft::client::test;

BOOST_FIXTURE_TEST_SUITE(answer_timeout_suite, client_fixture)

BOOST_AUTO_TEST_CASE(a_lost_connection_means_retry_elsewhere) {
  open_session();
  auto what = submit();
  auto first = next();
  client.peer_down({1}, now);
  auto second = next();
  BOOST_TEST(second.to.value != 1u);
  BOOST_TEST((second.tag == first.tag));
  // The old answer arrives after all, and is as good as any.
  reply(first, committed(7));
  BOOST_TEST(take_answer(what).result == outcome::committed);
  reply(second, committed(7));
  BOOST_TEST(answers.empty());
}

BOOST_AUTO_TEST_CASE(a_new_connection_means_retry_too) {
  open_session();
  submit();
  auto first = next();
  client.peer_up({1}, now);
  collect();
  BOOST_TEST(requests.size() == 1u);
  BOOST_TEST((next().tag == first.tag));
}

BOOST_AUTO_TEST_CASE(silence_means_retry) {
  open_session();
  auto what = submit();
  auto first = next();
  wake();
  BOOST_TEST((now >= 2s));
  auto second = next();
  BOOST_TEST((second.tag == first.tag));
  reply(second, rejected(reject_reason::not_leader, {1}));
  reply(next(), committed(9));
  BOOST_TEST(take_answer(what).result == outcome::committed);
}

// Over a slow link, a large command is under way for seconds.
BOOST_AUTO_TEST_CASE(silence_is_judged_by_the_size_of_what_was_sent) {
  settings.bytes_per_ms_min = 1;
  client = client_state{settings, 1};
  open_session();
  submit(std::string(1500, 'x').c_str());
  next();
  submit("y");
  next();
  auto again = wait();
  BOOST_TEST((now == 1s + 1000ms + 1500ms));
  BOOST_TEST(again.command.size() == 1500u);
}

// A long reply comes in pieces.
BOOST_AUTO_TEST_CASE(whoever_sends_pieces_of_an_answer_is_not_silent) {
  open_session();
  auto what = submit("x", 60s);
  auto first = next();
  for (auto i = 0; i < 20; ++i) {
    advance_to(now + 900ms);
    BOOST_TEST(client.heard(what, first.attempt, now));
    // Later commands are answered meanwhile.
    submit("y");
    reply(next(), committed(10));
  }
  BOOST_TEST(requests.empty());
  answers.clear();
  // When no more come, it is asked again; older attempts count no more.
  auto second = wait();
  BOOST_TEST(second.what == what);
  BOOST_TEST(client.heard(what, first.attempt, now));
  reply(second, committed(11));
  BOOST_TEST(take_answer(what).result == outcome::committed);
  BOOST_TEST(!client.heard(what, first.attempt, now));
}

BOOST_AUTO_TEST_CASE(what_a_leader_passed_over_is_sent_to_it_again) {
  open_session();
  auto a = submit();
  submit();
  auto lost = next();
  reply(next(), committed(8));
  auto again = wait();
  BOOST_TEST((now == 2s)); // it may have been late
  BOOST_TEST(again.to.value == 1u);
  BOOST_TEST((again.tag == lost.tag));
  BOOST_TEST(requests.empty());
  reply(again, committed(9));
  answers.pop_front();
  BOOST_TEST(take_answer(a).result == outcome::committed);
}

BOOST_AUTO_TEST_CASE(commands_wait_for_their_turn_at_a_slow_leader) {
  open_session();
  for (int i = 0; i < 20; ++i)
    submit("x", 1h);
  auto sent = std::exchange(requests, {});
  for (const auto& x : sent) {
    advance_to(now + 900ms);
    BOOST_TEST(requests.empty());
    reply(x, committed(10));
  }
  BOOST_TEST(answers.size() == 20u);
  BOOST_TEST(requests.empty());
}

BOOST_AUTO_TEST_CASE(one_doubts_a_stalled_leader_and_the_others_wait) {
  settings.outstanding_max = 10000;
  settings.window = 10000;
  client = client_state{settings, 1};
  open_session();
  for (int i = 0; i < 10000; ++i)
    submit("x", 1h);
  auto sent = std::exchange(requests, {});
  BOOST_TEST(sent.size() == 10000u);
  // Its disk hangs; the others still hear its heartbeats, and name it.
  std::size_t at_leader = 0;
  std::size_t elsewhere = 0;
  for (auto end = now + 60s; now < end; wake())
    while (!requests.empty()) {
      auto x = next();
      ++(x.to.value == 1 ? at_leader : elsewhere);
      if (x.to.value != 1)
        reply(x, rejected(reject_reason::not_leader, {1}));
    }
  BOOST_TEST(at_leader >= 10u);
  BOOST_TEST(at_leader <= 20u);
  BOOST_TEST(elsewhere <= 20u);
  // It goes on, and has forgotten nothing.
  auto before = last_attempt;
  for (const auto& x : sent)
    reply(x, committed(10));
  BOOST_TEST(answers.size() == 10000u);
  BOOST_TEST(last_attempt - before <= 2u);
}

BOOST_AUTO_TEST_CASE(a_stalled_leader_that_is_busy_is_not_flooded) {
  settings.outstanding_max = 2000;
  settings.window = 2000;
  client = client_state{settings, 1};
  open_session();
  for (int i = 0; i < 2000; ++i)
    submit("x", 1h);
  // It took half of them before its disk hung.
  auto sent = std::exchange(requests, {});
  std::deque<request> taken{sent.begin(), sent.begin() + 1000};
  for (auto i = sent.begin() + 1000; i != sent.end(); ++i)
    reply(*i, rejected(reject_reason::busy));
  std::size_t count = 0;
  for (auto end = now + 10s; now < end; wake())
    while (!requests.empty()) {
      ++count;
      auto x = next();
      reply(x, x.to.value == 1 ? rejected(reject_reason::busy)
                               : rejected(reject_reason::not_leader, {1}));
    }
  // While it was only busy, all thousand asked after each pause.
  BOOST_TEST(count <= 20000u);
  auto before = last_attempt;
  for (const auto& x : taken)
    reply(x, committed(10));
  BOOST_TEST(answers.size() == 1000u);
  // Those that it had refused, once each.
  BOOST_TEST(last_attempt - before <= 1001u);
}

BOOST_AUTO_TEST_CASE(what_was_lost_is_sent_once_the_leader_answers) {
  open_session();
  for (int i = 0; i < 100; ++i)
    submit("x", 1h);
  requests.clear(); // all of it is lost
  auto scout = wait();
  BOOST_TEST((now == 2s));
  reply(scout, rejected(reject_reason::not_leader, {1}));
  scout = next();
  BOOST_TEST(requests.empty()); // not all hundred
  reply(scout, committed(8));
  BOOST_TEST(requests.size() == 99u);
  for (auto& x : std::exchange(requests, {})) {
    BOOST_TEST(x.to.value == 1u);
    reply(x, committed(9));
  }
  BOOST_TEST(answers.size() == 100u);
}

BOOST_AUTO_TEST_CASE(all_move_when_one_found_a_new_leader) {
  open_session();
  for (int i = 0; i < 100; ++i)
    submit("x", 1h);
  requests.clear(); // the leader stands still
  auto scout = wait();
  BOOST_TEST((now == 2s));
  BOOST_TEST(requests.empty());
  reply(scout, rejected(reject_reason::not_leader, {3}));
  BOOST_TEST(requests.size() == 100u);
  for (auto& x : std::exchange(requests, {}))
    BOOST_TEST(x.to.value == 3u);
}

BOOST_AUTO_TEST_CASE(patience_grows_with_silence_alone) {
  open_session();
  submit("x", 1h);
  auto sent = next();
  auto is_silent = [&](instant patience) {
    BOOST_TEST(sent.to.value == 1u);
    auto before = now;
    sent = wait();
    BOOST_TEST(sent.to.value != 1u);
    // When all were asked in vain, a pause follows.
    BOOST_TEST((now - before >= patience));
    BOOST_TEST((now - before <= patience + settings.pause_max));
  };
  for (auto patience : {1s, 2s, 4s, 4s}) {
    is_silent(patience);
    reply(sent, rejected(reject_reason::not_leader, {1}));
    sent = wait();
  }
  // Any answer shows that it is there.
  reply(sent, rejected(reject_reason::busy));
  sent = wait();
  is_silent(1s);
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_a_scout_that_is_gone) {
  open_session();
  submit("x", 1h);
  auto b = submit("x", 1h);
  auto first = next();
  requests.clear();
  auto scout = wait();
  BOOST_TEST(scout.what == first.what);
  reply(first, committed(8)); // late; the scout needs no answer any more
  answers.pop_front();
  auto before = now;
  auto other = wait();
  BOOST_TEST(other.what == b);
  BOOST_TEST((now - before <= settings.answer_timeout_max));
}

BOOST_AUTO_TEST_CASE(losses_cost_seconds_not_minutes) {
  // One of five requests and answers is lost; peer 1 leads all the time.
  open_session();
  base::random chance{7};
  auto longest = instant{0};
  for (int i = 0; i < 1000; ++i) {
    auto begin = now;
    auto what = submit("x", 1h);
    while (answers.empty()) {
      auto x = wait();
      if (chance.between(0, 99) < 20)
        continue;
      now += 20ms;
      reply(x, x.to.value == 1 ? committed(9)
                               : rejected(reject_reason::not_leader, {1}));
    }
    take_answer(what);
    longest = std::max(longest, now - begin);
  }
  BOOST_TEST((longest < 20s));
  BOOST_TEST((now < 15min));
}

BOOST_AUTO_TEST_SUITE_END()
