// A client whose peers are played by the test, in virtual time.

#pragma once

#include <raft/client/state/client_state.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <deque>

namespace raft::client::test {

using namespace std::chrono_literals;

inline executed committed(std::uint64_t index, const char* reply = "ok") {
  executed x;
  x.result = outcome::committed;
  x.index = {index};
  x.reply = bytes{reply};
  return x;
}

inline executed rejected(reject_reason reason, peer_id leader = {}) {
  executed x;
  x.result = outcome::rejected;
  x.reason = reason;
  x.leader = leader;
  return x;
}

inline executed unknown() {
  return {};
}

using request = client_state::request;

/// A client of the peers 1, 2 and 3, and what it wants.
struct client_fixture {
  instant now{1s};
  client_settings settings;
  client_state client{settings, 1};
  std::deque<request> requests;
  std::deque<client_state::answer> answers;
  std::uint64_t last_attempt = 0;

  void collect() {
    auto out = client.take_output();
    for (const auto& x : out.requests)
      last_attempt = x.attempt;
    requests.insert(requests.end(), out.requests.begin(), out.requests.end());
    answers.insert(answers.end(), out.answers.begin(), out.answers.end());
  }

  void connect() {
    for (std::uint64_t i = 1; i <= 3; ++i)
      client.peer_up({i}, now);
  }

  client_state::ticket submit(const char* command = "x",
                              instant patience = 5s) {
    auto result = client.submit(bytes{command}, now + patience, now);
    collect();
    return result;
  }

  /// The next request that the client wants sent.
  request next() {
    collect();
    BOOST_REQUIRE(!requests.empty());
    auto result = requests.front();
    requests.pop_front();
    return result;
  }

  void reply(const request& to, const executed& with) {
    client.answered(to.what, to.attempt, with, now);
    collect();
  }

  void wake() {
    auto at = client.wake_at();
    BOOST_REQUIRE(at.has_value());
    now = std::max(now, *at);
    client.advance(now);
    collect();
  }

  void advance_to(instant when) {
    while (client.wake_at() && *client.wake_at() <= when)
      wake();
    now = when;
  }

  /// Lets time pass until there is a request.
  request wait() {
    collect();
    while (requests.empty())
      wake();
    return next();
  }

  /// Lets all peers say that they do not lead, until there is an answer.
  void refuse_all() {
    while (answers.empty()) {
      while (!requests.empty())
        reply(next(), rejected(reject_reason::not_leader));
      wake();
    }
  }

  /// Opens the session with peer 1 as the leader.
  void open_session() {
    connect();
    submit();
    auto open = next();
    BOOST_TEST(open.what == 0u);
    BOOST_TEST(open.to.value == 1u);
    reply(open, committed(5));
    auto first = next();
    BOOST_TEST(first.tag.session.value == 5u);
    reply(first, committed(6));
    BOOST_TEST(answers.size() == 1u);
    answers.clear();
    BOOST_TEST(requests.empty());
  }

  executed take_answer(client_state::ticket what) {
    collect();
    BOOST_REQUIRE(!answers.empty());
    auto result = answers.front();
    answers.pop_front();
    BOOST_TEST(result.what == what);
    return result.result;
  }
};

} // namespace raft::client::test
