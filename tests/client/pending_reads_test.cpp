// Reads of a client, which any peer may answer, in virtual time.

#include "support.hpp"

using namespace raft;
using namespace raft::client;
using namespace raft::client::test;

namespace {

struct reading_client : client_fixture {
  client_state::ticket read(instant patience = 60s) {
    auto result = client.submit(bytes{"r"}, now + patience, now, true);
    collect();
    return result;
  }

  /// A client whose home is a peer.
  void live_at(peer_id home) {
    client = client_state{settings, 1, home};
    connect();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(pending_reads_suite, reading_client)

BOOST_AUTO_TEST_CASE(a_read_needs_no_session) {
  connect();
  auto what = read();
  auto x = next();
  BOOST_TEST(x.reads);
  BOOST_TEST(!x.tag.session);
  BOOST_TEST(x.command.view() == "r");
  reply(x, committed(3));
  BOOST_TEST(take_answer(what).result == outcome::committed);
  BOOST_TEST(client.outstanding() == 0u);
}

BOOST_AUTO_TEST_CASE(the_home_peer_is_asked_first) {
  live_at({2});
  read();
  BOOST_TEST((next().to == peer_id{2}));
  client.peer_down({2}, now);
  BOOST_TEST((next().to != peer_id{2}));
}

BOOST_AUTO_TEST_CASE(whoever_refuses_is_passed_over_for_the_leader) {
  live_at({1});
  auto what = read();
  reply(next(), rejected(reject_reason::not_leader, {3}));
  auto second = next();
  BOOST_TEST((second.to == peer_id{3}));
  reply(second, committed(3));
  BOOST_TEST(take_answer(what).result == outcome::committed);
}

BOOST_AUTO_TEST_CASE(all_are_asked_before_a_pause) {
  live_at({1});
  read();
  std::set<peer_id> asked;
  for (auto i = 0; i < 3; ++i) {
    auto x = next();
    asked.insert(x.to);
    reply(x, rejected(reject_reason::not_leader));
  }
  BOOST_TEST(asked.size() == 3u);
  BOOST_TEST(requests.empty());
  auto paused_at = now;
  wake();
  BOOST_TEST((now - paused_at >= settings.pause_min / 2));
  BOOST_TEST((now - paused_at <= settings.pause_max));
  BOOST_TEST(requests.size() == 1u);
}

BOOST_AUTO_TEST_CASE(pauses_stay_below_their_bound) {
  live_at({1});
  auto what = read(3600s);
  for (auto i = 0; i < 300; ++i) {
    reply(next(), rejected(reject_reason::busy));
    auto before = now;
    while (requests.empty())
      wake();
    BOOST_TEST((now - before <= settings.pause_max));
  }
  reply(next(), committed(3));
  BOOST_TEST(take_answer(what).result == outcome::committed);
}

BOOST_AUTO_TEST_CASE(whoever_is_silent_is_not_waited_for) {
  live_at({1});
  auto what = read();
  auto first = next();
  auto began = now;
  auto second = wait();
  BOOST_TEST((now - began == settings.answer_timeout_min));
  BOOST_TEST((second.to != first.to));
  // However late it comes, it is an answer.
  reply(first, committed(3, "late"));
  BOOST_TEST(take_answer(what).reply.view() == "late");
  reply(second, committed(3));
  BOOST_TEST(answers.empty());
}

BOOST_AUTO_TEST_CASE(whoever_sends_pieces_is_waited_for) {
  live_at({1});
  auto what = read();
  auto x = next();
  for (auto i = 0; i < 10; ++i) {
    advance_to(now + settings.answer_timeout_min / 2);
    BOOST_TEST(client.heard(what, x.attempt, now));
  }
  collect();
  BOOST_TEST(requests.empty());
  reply(x, committed(3));
  BOOST_TEST(!client.heard(what, x.attempt, now));
}

BOOST_AUTO_TEST_CASE(what_was_in_vain_is_rejected_at_its_deadline) {
  live_at({1});
  auto what = read(5s);
  while (now < 6s) {
    while (!requests.empty())
      reply(next(), rejected(reject_reason::busy));
    wake();
    if (!answers.empty())
      break;
  }
  auto x = take_answer(what);
  BOOST_TEST(x.result == outcome::rejected);
  BOOST_TEST(x.reason == reject_reason::busy);
  BOOST_TEST((now == 6s));
}

BOOST_AUTO_TEST_CASE(without_peers_a_read_waits) {
  auto what = read();
  BOOST_TEST(requests.empty());
  client.peer_up({2}, now);
  reply(next(), committed(1));
  BOOST_TEST(take_answer(what).result == outcome::committed);
}

// A read that hangs must not hold the window of commands, nor tell who leads.
BOOST_AUTO_TEST_CASE(commands_do_not_depend_on_reads) {
  open_session();
  read();
  auto hanging = next();
  auto peer = client.target();
  for (std::uint64_t i = 0; i < settings.window + 10; ++i) {
    submit();
    reply(next(), committed(10 + i));
  }
  reply(hanging, committed(5));
  BOOST_TEST((client.target() == peer));
}

BOOST_AUTO_TEST_CASE(reads_count_towards_the_bounds) {
  settings.outstanding_max = 2;
  client = client_state{settings, 1};
  connect();
  read();
  read();
  auto what = read();
  auto x = take_answer(what);
  BOOST_TEST(x.result == outcome::rejected);
  BOOST_TEST(x.reason == reject_reason::busy);
}

BOOST_AUTO_TEST_CASE(the_end_answers_reads) {
  connect();
  auto what = read();
  client.stop();
  collect();
  auto x = take_answer(what);
  BOOST_TEST(x.result == outcome::rejected);
  BOOST_TEST(x.reason == reject_reason::stopping);
}

BOOST_AUTO_TEST_SUITE_END()
