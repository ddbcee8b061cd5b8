// What asks for all or nothing gets nothing; what speaks HTTP is sent away;
// and who asks for much at once is told what it may ask for.

#include <raft/tests/redis/pure_server.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace raft;
using namespace raft::redis;

namespace {

struct refusal_fixture {
  pure_server server;
  connection client = server.connect();

  /// Sends a request as one types it, and returns the code of the error, or
  /// the whole reply if it is none.
  std::string code(const std::string& line) {
    auto reply = server.type(client, line);
    return reply.starts_with('-') ? reply.substr(1, reply.find(' ') - 1)
                                  : reply;
  }

  bool is_empty() {
    auto other = server.connect();
    return server.type(other, "DBSIZE") == ":0\r\n";
  }
};

/// What browsers and other programs send to a web server.
const std::vector<std::string> http_samples{
  "POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\nSET k v\r\n",
  "post /x HTTP/1.1\r\n\r\nSET k v\r\n",
  "POST\r\nSET k v\r\n",
  "GET / HTTP/1.1\r\nHost: localhost:7411\r\n\r\nSET k v\r\n",
  "PUT /k HTTP/1.1\r\n\r\nSET k v\r\n",
  "OPTIONS * HTTP/1.1\r\n\r\nSET k v\r\n",
  "Host: localhost:7411\r\nSET k v\r\n",
  // A page may choose the method, if the server is its own.
  "SET /k HTTP/1.1\r\nHost: localhost:7411\r\n\r\nSET k v\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nSET k v\r\n",
  "*1\r\n$4\r\nPOST\r\nSET k v\r\n",
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(refusals, refusal_fixture)

BOOST_AUTO_TEST_CASE(nothing_of_a_transaction_takes_effect) {
  // As a pipeline of the Python client sends it, in one piece.
  auto reply
    = server.ask(client, request({"MULTI"}) + request({"SET", "a", "1"})
                           + request({"SET", "b", "2"}) + request({"EXEC"}));
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < reply.size();) {
    auto end = reply.find("\r\n", at);
    lines.push_back(reply.substr(at, end - at));
    at = end + 2;
  }
  BOOST_REQUIRE(lines.size() == 4u);
  BOOST_TEST(lines[0].starts_with("-ERR transactions are not supported"));
  BOOST_TEST(lines[1].starts_with("-ERR "));
  BOOST_TEST(lines[2].starts_with("-ERR "));
  BOOST_TEST(lines[3].starts_with("-EXECABORT "));
  BOOST_TEST(is_empty());
  // It is over: what follows is executed again.
  BOOST_TEST(code("SET a 1") == "+OK\r\n");
}

BOOST_AUTO_TEST_CASE(a_transaction_that_comes_bit_by_bit_is_refused_as_well) {
  BOOST_TEST(code("MULTI") == "ERR");
  for (auto line : {"SET a 1", "DEL a", "MSET a 1 b 2", "APPEND a x", "GET a",
                    "WATCH a", "UNWATCH", "MULTI", "PING", "FOO", "CLIENT ID"})
    BOOST_TEST(code(line) == "ERR", line);
  BOOST_TEST(code("DISCARD") == "+OK\r\n");
  BOOST_TEST(is_empty());
  BOOST_TEST(code("PING") == "+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(each_end_needs_its_beginning) {
  BOOST_TEST(server.type(client, "EXEC") == "-ERR EXEC without MULTI\r\n");
  BOOST_TEST(server.type(client, "DISCARD")
             == "-ERR DISCARD without MULTI\r\n");
  BOOST_TEST(code("WATCH a") == "ERR");
  BOOST_TEST(code("UNWATCH") == "+OK\r\n");
  BOOST_TEST(server.type(client, "MULTI x")
             == "-ERR wrong number of arguments for 'multi' command\r\n");
  BOOST_TEST(code("PING") == "+PONG\r\n");
  BOOST_TEST(code("MULTI") == "ERR");
  BOOST_TEST(code("EXEC") == "EXECABORT");
  BOOST_TEST(code("EXEC") == "ERR");
}

BOOST_AUTO_TEST_CASE(a_connection_can_be_reset_or_left) {
  BOOST_TEST(code("MULTI") == "ERR");
  BOOST_TEST(code("RESET") == "+RESET\r\n");
  BOOST_TEST(code("SET a 1") == "+OK\r\n");
  BOOST_TEST(code("MULTI") == "ERR");
  BOOST_TEST(code("QUIT") == "+OK\r\n");
  BOOST_TEST(client.finished());
}

BOOST_DATA_TEST_CASE(nothing_of_http_is_executed,
                     boost::unit_test::data::make(http_samples), sample) {
  BOOST_TEST(server.ask(client, sample) == "");
  BOOST_TEST(client.spoke_http());
  BOOST_TEST(client.finished());
  BOOST_TEST(is_empty());
}

BOOST_AUTO_TEST_CASE(what_came_before_http_is_answered) {
  BOOST_TEST(server.ask(client, "SET k v\r\nPOST / HTTP/1.1\r\nSET k x\r\n")
             == "+OK\r\n");
  BOOST_TEST(client.finished());
  auto other = server.connect();
  BOOST_TEST(server.type(other, "GET k") == "$1\r\nv\r\n");
}

BOOST_AUTO_TEST_CASE(words_of_http_are_values_like_others) {
  BOOST_TEST(server.ask(client, request({"SET", "k", "HTTP/1.1"}))
             == "+OK\r\n");
  BOOST_TEST(server.type(client, "ECHO HTTP/1.1") == "$8\r\nHTTP/1.1\r\n");
  BOOST_TEST(server.type(client, "GET post") == "$-1\r\n");
  BOOST_TEST(!client.spoke_http());
}

BOOST_AUTO_TEST_CASE(names_are_short) {
  auto set = [this](std::size_t size) {
    return server.ask(client,
                      request({"CLIENT", "SETNAME", std::string(size, 'x')}));
  };
  BOOST_TEST(set(256) == "+OK\r\n");
  BOOST_TEST(set(257) == "-ERR the client's name is longer than 256 bytes\r\n");
  BOOST_TEST(server.type(client, "CLIENT GETNAME").starts_with("$256\r\n"));
}

BOOST_AUTO_TEST_CASE(no_command_looks_up_all_too_many_keys) {
  for (const std::string name : {"DEL", "UNLINK", "EXISTS", "MGET", "MSET"}) {
    auto words_per_key = name == "MSET" ? 2u : 1u;
    std::vector<std::string> words{name};
    words.resize(1 + 65'536 * words_per_key, "x");
    BOOST_TEST(!server.ask(client, request(words)).starts_with('-'), name);
    words.resize(words.size() + words_per_key, "x");
    BOOST_TEST(server.ask(client, request(words))
               == "-ERR too many keys in one command; 65536 at most\r\n");
  }
}

BOOST_AUTO_TEST_CASE(commands_with_many_keys_go_one_by_one) {
  std::vector<std::string> words{"EXISTS"};
  words.resize(40'001, "x");
  client.receive(request(words) + request(words) + request({"EXISTS", "x"}),
                 {});
  auto first = client.next_batch({});
  BOOST_TEST(first.commands.size() == 1u);
  client.finish(server.execute(first.commands), {});
  BOOST_TEST(client.next_batch({}).commands.size() == 2u);
}

BOOST_AUTO_TEST_CASE(no_request_asks_for_more_than_there_is) {
  for (auto name : {"CONFIG GET", "COMMAND INFO", "INFO"}) {
    auto words = *split_words(name);
    words.resize(words.size() + 64, "x");
    BOOST_TEST(!server.ask(client, request(words)).starts_with('-'), name);
    words.emplace_back("x");
    BOOST_TEST(server.ask(client, request(words))
               == "-ERR too many names in one request; ask for 64 at most\r\n");
  }
  BOOST_TEST(
    server.ask(client, request({"CONFIG", "GET", std::string(513, '*')}))
    == "-ERR the pattern is longer than 512 bytes\r\n");
  auto reply
    = server.ask(client, request({"HELLO", "2", std::string(1 << 20, 'x')}));
  BOOST_TEST(reply.size() < 1000u);
}

BOOST_AUTO_TEST_SUITE_END()
