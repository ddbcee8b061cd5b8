// Replies keep the order of requests; commands go out in batches; bounds hold;
// what is not known is not claimed.

#include <raft/tests/redis/pure_server.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

using namespace raft;
using namespace raft::redis;
using namespace std::chrono_literals;

namespace {

struct connection_fixture {
  pure_server server;
  connection client = server.connect();
  connection::time_point now;

  std::string take_output() {
    return text_of(client.output());
  }

  /// What the client wants executed.
  std::vector<bytes> next_batch() {
    return client.next_batch(now).commands;
  }

  void execute(const std::vector<bytes>& batch) {
    client.finish(server.execute(batch), now);
  }

  void fail(outcome result, reject_reason reason = reject_reason::none) {
    batch_result x;
    x.how.result = result;
    x.how.reason = reason;
    client.finish(x, now);
  }

  connection connect(const connection_limits& limits) {
    server.limits = limits;
    return server.connect();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(connections, connection_fixture)

BOOST_AUTO_TEST_CASE(replies_wait_for_those_before_them) {
  client.receive("PING\r\nSET k v\r\nPING\r\nGET k\r\nINFO x\r\nPING\r\n", now);
  BOOST_TEST(take_output() == "+PONG\r\n");
  auto batch = next_batch();
  BOOST_REQUIRE(!batch.empty());
  BOOST_TEST(batch.size() == 2u);
  client.tell_state(nullptr, now);
  BOOST_TEST(take_output() == "");
  execute(batch);
  BOOST_TEST(take_output() == "+OK\r\n+PONG\r\n$1\r\nv\r\n$0\r\n\r\n+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(what_arrives_meanwhile_makes_the_next_batch) {
  client.receive("SET k 1\r\n", now);
  auto first = next_batch();
  BOOST_REQUIRE(!first.empty());
  client.receive("APPEND k 2\r\n", now);
  BOOST_TEST(next_batch().empty());
  client.receive("GET k\r\n", now);
  BOOST_TEST(next_batch().empty());
  execute(first);
  auto second = next_batch();
  BOOST_REQUIRE(!second.empty());
  BOOST_TEST(second.size() == 2u);
  execute(second);
  BOOST_TEST(take_output() == "+OK\r\n:2\r\n$2\r\n12\r\n");
  BOOST_TEST(next_batch().empty());
}

BOOST_AUTO_TEST_CASE(what_a_batch_did_not_execute_comes_first_in_the_next) {
  server.machine.run(kv::put{"k", std::string(kv::batch_reply_bytes_max, 'x')});
  client.receive("GET k\r\nEXISTS k\r\nEXISTS j\r\n", now);
  auto first = next_batch();
  BOOST_REQUIRE(!first.empty());
  client.receive("PING\r\n", now);
  execute(first);
  BOOST_TEST(take_output().size() > kv::batch_reply_bytes_max);
  auto second = next_batch();
  BOOST_REQUIRE(!second.empty());
  BOOST_TEST(second.size() == 2u);
  execute(second);
  BOOST_TEST(take_output() == ":1\r\n:0\r\n+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(
  what_is_sent_in_vain_again_and_again_is_sent_in_small_parts) {
  server.machine.run(kv::put{"k", std::string(kv::batch_reply_bytes_max, 'x')});
  std::string all;
  for (auto i = 0; i < 100; ++i)
    all += "GET k\r\n";
  client.receive(all, now);
  std::size_t sent = 0;
  auto batches = 0;
  for (auto batch = next_batch(); !batch.empty(); batch = next_batch()) {
    sent += batch.size();
    ++batches;
    execute(batch);
    take_output();
  }
  BOOST_TEST(batches == 100);
  BOOST_TEST(sent <= 100u + 2 * 100u);
}

BOOST_AUTO_TEST_CASE(reads_and_writes_go_apart_once_replies_were_large) {
  server.machine.run(kv::put{"k", std::string(1 << 20, 'x')});
  constexpr auto mixed = "GET k\r\nSET a 1\r\nGET a\r\n";
  client.receive(mixed, now);
  auto together = client.next_batch(now);
  BOOST_TEST(together.commands.size() == 3u);
  BOOST_TEST((together.way == lane::writes));
  execute(together.commands);
  client.receive(mixed, now);
  for (auto way : {lane::reads, lane::writes, lane::reads}) {
    auto alone = client.next_batch(now);
    BOOST_TEST(alone.commands.size() == 1u);
    BOOST_TEST((alone.way == way));
    execute(alone.commands);
  }
}

BOOST_AUTO_TEST_CASE(large_reads_go_without_writes) {
  client.receive("GET a\r\nMGET a b\r\nSET a 1\r\nGET a\r\nMGET a b\r\n", now);
  const std::pair<lane, std::size_t> table[]
    = {{lane::large_reads, 2}, {lane::writes, 2}, {lane::large_reads, 1}};
  for (auto [way, size] : table) {
    auto next = client.next_batch(now);
    BOOST_TEST((next.way == way));
    BOOST_TEST(next.commands.size() == size);
    execute(next.commands);
  }
}

BOOST_AUTO_TEST_CASE(nothing_large_is_read_for_who_does_not_read_it) {
  client.receive("GET a\r\nMGET a b\r\nGET b\r\n", now);
  client.set_behind(true, now);
  auto first = next_batch();
  BOOST_TEST(first.size() == 1u);
  execute(first);
  BOOST_TEST(next_batch().empty());
  // However long that takes, it is not the cluster that lets it wait.
  now += 60s;
  BOOST_TEST(next_batch().empty());
  client.set_behind(false, now);
  auto rest = next_batch();
  BOOST_TEST(rest.size() == 2u);
  execute(rest);
  BOOST_TEST(take_output() == "$-1\r\n*2\r\n$-1\r\n$-1\r\n$-1\r\n");
}

BOOST_AUTO_TEST_CASE(what_requests_hold_is_counted) {
  BOOST_TEST(client.held_bytes() == 0u);
  auto large = request({"SET", "k", std::string(1 << 20, 'x')});
  client.receive(large.substr(0, large.size() / 2), now);
  BOOST_TEST(client.held_bytes() >= large.size() / 2);
  BOOST_TEST(client.waits_for_client());
  client.receive(large.substr(large.size() / 2), now);
  BOOST_TEST(client.held_bytes() >= 1u << 20);
  BOOST_TEST(client.held_bytes() < 2u << 20);
  BOOST_TEST(!client.waits_for_client());
  auto batch = next_batch();
  BOOST_TEST(client.held_bytes() >= 1u << 20);
  execute(batch);
  BOOST_TEST(client.held_bytes() == 0u);
  // Requests are more than their bytes.
  std::string many;
  for (auto i = 0; i < 1000; ++i)
    many += "GET k\r\n";
  client.receive(many, now);
  BOOST_TEST(client.held_bytes() > 200'000u);
}

BOOST_AUTO_TEST_CASE(an_unknown_outcome_is_no_success_and_no_failure) {
  client.receive("SET k v\r\nGET k\r\nPING\r\n", now);
  next_batch();
  fail(outcome::unknown);
  BOOST_TEST(take_output()
             == "-UNKNOWN the write may or may not take effect: its outcome "
                "was not known in time\r\n"
                "-CLUSTERDOWN the read was not answered in time; it had no "
                "effect, try again\r\n+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(rejections_say_that_there_was_no_effect) {
  const std::pair<reject_reason, const char*> table[] = {
    {reject_reason::none, "-CLUSTERDOWN no leader was found in time"},
    {reject_reason::not_leader, "-CLUSTERDOWN no leader was found in time"},
    {reject_reason::busy, "-TRYAGAIN the cluster takes no more commands"},
    {reject_reason::too_large, "-ERR the command is larger"},
    {reject_reason::session_expired, "-TRYAGAIN the session"},
    {reject_reason::stopping, "-CLUSTERDOWN this peer is stopping"},
    {reject_reason::disk_full, "-ERR the leader's disk is full"},
  };
  for (auto [reason, text] : table) {
    client.receive("SET k v\r\n", now);
    BOOST_REQUIRE(!next_batch().empty());
    fail(outcome::rejected, reason);
    auto reply = take_output();
    BOOST_TEST(reply.starts_with(text), reply);
    BOOST_TEST(reply.ends_with(" had no effect\r\n")
               == (reason != reject_reason::busy
                   && reason != reject_reason::session_expired));
  }
}

BOOST_AUTO_TEST_CASE(a_reply_that_makes_no_sense_is_an_error_for_each) {
  client.receive("SET k v\r\nGET k\r\n", now);
  next_batch();
  client.finish(committed(std::nullopt), now);
  auto one = "-ERR the reply of the state machine makes no sense; do all peers "
             "run the same version?\r\n";
  BOOST_TEST(take_output() == std::string{one} + one);
  client.receive("GET k\r\n", now);
  next_batch();
  client.finish(committed({{bytes{"what?"}}}), now);
  BOOST_TEST(take_output() == one);
  client.receive("GET k\r\n", now);
  next_batch();
  client.finish(committed({{bytes{"a"}, bytes{"b"}}}), now);
  BOOST_TEST(take_output() == one);
}

BOOST_AUTO_TEST_CASE(a_command_that_waited_for_too_long_is_not_sent) {
  client.receive("SET k 1\r\n", now);
  auto batch = next_batch();
  now += 1s;
  client.receive("SET k 2\r\nPING\r\n", now);
  now += 3s;
  client.receive("GET k\r\n", now);
  now += 2s;
  execute(batch);
  batch = next_batch();
  BOOST_REQUIRE(!batch.empty());
  BOOST_TEST(batch.size() == 1u);
  execute(batch);
  BOOST_TEST(take_output()
             == "+OK\r\n-CLUSTERDOWN no leader was found in time; the command "
                "had no effect\r\n+PONG\r\n$1\r\n1\r\n");
}

BOOST_AUTO_TEST_CASE(too_many_requests_stop_the_input) {
  auto x = connect({.waiting_max = 3});
  x.receive("GET a\r\nGET b\r\n", now);
  BOOST_TEST(x.wants_input());
  x.receive("PING\r\nGET d\r\nPING\r\n", now);
  BOOST_TEST(!x.wants_input());
  auto batch = x.next_batch(now).commands;
  BOOST_TEST(batch.size() == 2u);
  BOOST_TEST(!x.wants_input());
  x.finish(server.execute(batch), now);
  BOOST_TEST(x.wants_input());
  BOOST_TEST(server.serve(x) == "$-1\r\n$-1\r\n+PONG\r\n$-1\r\n+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(too_many_bytes_stop_the_input) {
  auto x = connect({.waiting_bytes_max = 100});
  x.receive("SET a b\r\n", now);
  auto batch = x.next_batch(now).commands;
  x.receive(request({"SET", "k", std::string(100, 'x')}), now);
  BOOST_TEST(!x.wants_input());
  x.finish(server.execute(batch), now);
  BOOST_TEST(!x.wants_input());
  batch = x.next_batch(now).commands;
  BOOST_TEST(x.wants_input());
  // Replies that wait for others count, too.
  x.receive(request({"ECHO", std::string(100, 'x')}), now);
  BOOST_TEST(!x.wants_input());
  x.finish(server.execute(batch), now);
  BOOST_TEST(x.wants_input());
  BOOST_TEST(server.serve(x).size() > 100u);
}

BOOST_AUTO_TEST_CASE(batches_are_bounded_in_bytes) {
  auto x = connect({.waiting_bytes_max = 1000});
  std::string all;
  for (auto i = 0; i < 5; ++i)
    all += request({"SET", "k", std::string(300, 'x')});
  x.receive("PING\r\n" + all, now);
  auto batch = x.next_batch(now).commands;
  BOOST_TEST(batch.size() == 3u);
  x.finish(server.execute(batch), now);
  batch = x.next_batch(now).commands;
  BOOST_TEST(batch.size() == 2u);
}

BOOST_AUTO_TEST_CASE(quit_is_answered_last) {
  client.receive("GET k\r\nQUIT\r\nPING\r\n", now);
  BOOST_TEST(!client.finished());
  client.receive("PING\r\n", now);
  BOOST_TEST(server.serve(client) == "$-1\r\n+OK\r\n");
  BOOST_TEST(client.finished());
  BOOST_TEST(!client.wants_input());
}

BOOST_AUTO_TEST_CASE(a_protocol_error_is_answered_last) {
  client.receive("GET k\r\n*x\r\nPING\r\n", now);
  BOOST_TEST(!client.finished());
  BOOST_TEST(server.serve(client)
             == "$-1\r\n-ERR Protocol error: invalid multibulk length\r\n");
  BOOST_TEST(client.finished());
}

BOOST_AUTO_TEST_CASE(stopping_waits_for_what_is_under_way_only) {
  client.receive("SET k v\r\n", now);
  auto batch = next_batch();
  client.receive("GET k\r\nPING\r\n", now);
  client.stop();
  BOOST_TEST(!client.finished());
  BOOST_TEST(next_batch().empty());
  execute(batch);
  BOOST_TEST(client.finished());
  BOOST_TEST(take_output()
             == "+OK\r\n-CLUSTERDOWN this peer is stopping; the command had no "
                "effect\r\n+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(what_is_given_up_is_unknown) {
  client.receive("SET k v\r\nINFO x\r\nPING\r\n", now);
  auto batch = next_batch();
  client.stop();
  client.give_up(now);
  BOOST_TEST(client.finished());
  auto replies = take_output();
  BOOST_TEST(replies.starts_with("-UNKNOWN "));
  BOOST_TEST(replies.ends_with("\r\n$0\r\n\r\n+PONG\r\n"));
  // The result comes too late.
  execute(batch);
  BOOST_TEST(take_output() == "");
}

BOOST_AUTO_TEST_CASE(values_that_are_too_large_get_an_error) {
  server.machine.run(kv::put{"k", std::string(kv::value_bytes_max, 'x')});
  BOOST_TEST(server.type(client, "APPEND k x")
             == "-ERR string exceeds maximum allowed size "
                "(proto-max-bulk-len)\r\n");
  BOOST_TEST(server.type(client, "MGET k k k k k")
             == "-ERR the values are too large for one reply; ask for fewer "
                "keys at once\r\n");
  BOOST_TEST(server.type(client, "PING") == "+PONG\r\n");
}

// What is large goes out without a copy, and reads the same.
BOOST_AUTO_TEST_CASE(large_values_come_out_like_small_ones) {
  const std::string a(100'000, 'a');
  const std::string b(70'000, 'b');
  server.machine.run(kv::put{"a", a});
  server.machine.run(kv::put{"b", b});
  server.machine.run(kv::put{"c", "c"});
  auto bulk = [](const std::string& x) {
    std::string result;
    add_bulk(result, x);
    return result;
  };
  BOOST_TEST((server.type(client, "GET a") == bulk(a)));
  BOOST_TEST((server.type(client, "MGET a none c b")
              == "*4\r\n" + bulk(a) + "$-1\r\n" + bulk("c") + bulk(b)));
  // Little of what came is not kept for it.
  BOOST_TEST((server.type(client, "GET a\r\nGET b\r\nGET c")
              == bulk(a) + bulk(b) + bulk("c")));
}

BOOST_AUTO_TEST_SUITE_END()
