// The blocking client against real servers.

#include <raft/client/blocking_client.hpp>
#include <raft/kv/command.hpp>
#include <raft/machine/sessions.hpp>
#include <raft/tests/cluster/server.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <vector>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

client::client_options quick() {
  client::client_options result;
  result.cluster = "test";
  return result;
}

bytes append(const std::string& key, const std::string& value) {
  return kv::encode(kv::append{key, value});
}

/// Asks a server's peer for many things at once.
/// @returns the last answer.
template <class Request>
executed ask_often(server& where, const Request& what, std::size_t times) {
  caf::scoped_actor self{where.system()};
  auto send
    = [&] { return actors::ask(self, where.node().peer(), patience, what); };
  std::vector<decltype(send())> answers;
  for (std::size_t i = 0; i < times; ++i)
    answers.push_back(send());
  executed last;
  for (auto& x : answers)
    std::move(x).receive(
      [&](const executed& y) { last = y; },
      [](const caf::error& why) { BOOST_FAIL(caf::to_string(why)); });
  return last;
}

} // namespace

BOOST_AUTO_TEST_SUITE(client_suite)

BOOST_AUTO_TEST_CASE(commands_take_effect_once_while_leaders_change) {
  servers cluster{3};
  cluster.start_all();
  client::blocking_client user{cluster.addresses(), quick()};
  constexpr std::size_t count = 3000;
  std::atomic<std::size_t> done = 0;
  std::atomic<std::size_t> committed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    user.submit(append("k", "x"), 2 * patience, [&](const executed& x) {
      committed += x.result == outcome::committed;
      ++done;
    });
    if (i % 1000 == 999) {
      // At most the window is on the way; let some of it come back.
      BOOST_TEST(eventually([&] { return done > i / 2; }));
      auto leader = cluster.wait_for_leader();
      cluster.stop(leader);
      cluster.start(leader);
    }
  }
  BOOST_TEST(eventually([&] { return done == count; }, 3 * patience));
  BOOST_TEST(committed == count);
  auto result = user.execute(append("k", ""), patience);
  BOOST_REQUIRE(result.result == outcome::committed);
  BOOST_TEST(kv::decode_reply(result.reply)->count == count);
}

BOOST_AUTO_TEST_CASE(a_session_that_has_expired_is_not_noticed) {
  servers cluster{1};
  cluster.start(0);
  client::blocking_client user{cluster.addresses(), quick()};
  auto more = [&] { return user.execute(append("k", "x"), patience); };
  BOOST_REQUIRE(more().result == outcome::committed);
  // One that was opened later, and as many as there may be, expire it.
  auto later = ask_often(cluster[0], open_session{{1}}, 1);
  auto sessions_max = machine::session_bounds{}.sessions_max;
  BOOST_REQUIRE(ask_often(cluster[0], open_session{{1}}, sessions_max).result
                == outcome::committed);
  execute in_it{{1}, {{later.index.value}, 1, 1}, append("k", "y")};
  BOOST_REQUIRE(ask_often(cluster[0], in_it, 1).reason
                == reject_reason::session_expired);
  auto answer = more();
  BOOST_REQUIRE(answer.result == outcome::committed);
  BOOST_TEST(kv::decode_reply(answer.reply)->count == 2u);
  BOOST_TEST(kv::decode_reply(more().reply)->count == 3u);
}

BOOST_AUTO_TEST_CASE(tells_the_state_of_each_server) {
  servers cluster{3};
  cluster.start(0);
  cluster.start(1);
  cluster.wait_for_leader();
  mute_server mute;
  auto where = cluster.addresses();
  where.push_back(mute.where());
  client::blocking_client user{where, quick()};
  // It comes back: who is silent is waited for, but not forever.
  auto states = user.states();
  BOOST_REQUIRE(states.size() == 4u);
  for (std::size_t i = 0; i < 2; ++i) {
    BOOST_TEST(states[i].error == "");
    BOOST_TEST(states[i].state.id.value == i + 1);
  }
  BOOST_TEST(states[2].error == to_text(where[2]) + ": Connection refused");
  BOOST_TEST(states[3].error != "");
  BOOST_TEST_MESSAGE(states[3].error);
  BOOST_CHECK_THROW(user.state(where[2]), client::client_error);
  BOOST_TEST(user.state(where[1]).id.value == 2u);
}

BOOST_AUTO_TEST_CASE(asks_one_server) {
  servers cluster{1};
  cluster.start_all();
  client::blocking_client user{cluster.addresses(), quick()};
  auto result = user.execute(append("k", "v"), patience);
  BOOST_REQUIRE(result.result == outcome::committed);
  auto answer
    = user.query(user.servers()[0], kv::digest_request(), consistency::stale);
  BOOST_TEST((answer.applied >= result.index));
  auto digest = kv::decode_digest(answer.reply);
  BOOST_REQUIRE(digest.has_value());
  BOOST_TEST(digest->keys == 1u);
}

BOOST_AUTO_TEST_CASE(another_cluster_refuses) {
  servers cluster{1};
  cluster.start_all();
  auto options = quick();
  options.cluster = "other";
  client::blocking_client user{cluster.addresses(), options};
  BOOST_CHECK_EXCEPTION(user.state(user.servers()[0]), client::client_error,
                        [](const client::client_error& e) {
                          return std::string{e.what()}.find(
                                   "belongs to cluster \"test\"")
                              != std::string::npos;
                        });
  auto result = user.execute(append("k", "v"), 300ms);
  BOOST_TEST(result.result == outcome::rejected);
}

BOOST_AUTO_TEST_CASE(without_servers_every_wait_ends) {
  client::blocking_client user{{{"127.0.0.1", free_port()}}, quick()};
  auto result = user.execute(append("k", "v"), 200ms);
  BOOST_TEST(result.result == outcome::rejected);
  BOOST_TEST(result.reason == reject_reason::not_leader);
}

BOOST_AUTO_TEST_CASE(ending_answers_what_is_outstanding) {
  std::future<executed> answer;
  {
    client::blocking_client user{{{"127.0.0.1", free_port()}}, quick()};
    answer = user.submit(append("k", "v"), 1h);
  }
  BOOST_REQUIRE((answer.wait_for(patience) == std::future_status::ready));
  auto result = answer.get();
  BOOST_TEST(result.result == outcome::rejected);
  BOOST_TEST(result.reason == reject_reason::stopping);
}

BOOST_AUTO_TEST_SUITE_END()
