// Commands are answered as redis-server answers them, byte for byte.

#include <raft/redis/resp.hpp>
#include <raft/tests/redis/pure_server.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <string>

using namespace raft;
using namespace raft::redis;

namespace {

/// Reads a string in quotes, indented.
std::string unquote(const std::string& line) {
  auto words = split_words(line);
  BOOST_REQUIRE(words && words->size() == 1);
  return words->front();
}

} // namespace

BOOST_AUTO_TEST_SUITE(golden)

BOOST_AUTO_TEST_CASE(replies_are_those_of_redis) {
  std::ifstream file{GOLDEN_FILE};
  BOOST_REQUIRE(file.is_open());
  auto server = std::make_unique<pure_server>();
  auto client = server->connect();
  auto requests = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) {
      server = std::make_unique<pure_server>();
      client = server->connect();
    } else if (!line.empty() && !line.starts_with("#")) {
      std::string reply;
      BOOST_REQUIRE(std::getline(file, reply));
      auto words = split_words(line);
      BOOST_REQUIRE(words);
      BOOST_TEST(server->ask(client, request(*words)) == unquote(reply), line);
      ++requests;
    }
  }
  BOOST_TEST(requests > 100);
}

BOOST_AUTO_TEST_CASE(replies_come_in_order_when_all_is_sent_at_once) {
  std::ifstream file{GOLDEN_FILE};
  std::string requests;
  std::string replies;
  auto server = std::make_unique<pure_server>();
  server->limits.waiting_max = 7;
  auto check = [&] {
    auto client = server->connect();
    BOOST_TEST(server->ask(client, requests) == replies);
    requests.clear();
    replies.clear();
    server = std::make_unique<pure_server>();
    server->limits.waiting_max = 7;
  };
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) {
      check();
    } else if (!line.empty()) {
      requests += request(*split_words(line));
      std::getline(file, line);
      replies += unquote(line);
    }
  }
  check();
}

BOOST_AUTO_TEST_CASE(what_redis_has_and_this_server_has_not_is_said_clearly) {
  pure_server server;
  auto client = server.connect();
  BOOST_TEST(server.type(client, "SET k v EX 10")
             == "-ERR SET option 'EX' is not supported\r\n");
  BOOST_TEST(server.type(client, "SET k v XX")
             == "-ERR SET option 'XX' is not supported\r\n");
  BOOST_TEST(server.type(client, "SELECT 1")
             == "-ERR DB index is out of range\r\n");
  BOOST_TEST(server.type(client, "HELLO 3")
             == "-NOPROTO unsupported protocol version\r\n");
  BOOST_TEST(server.type(client, "AUTH x").starts_with("-ERR unknown command"));
  BOOST_TEST(server.type(client, "CONFIG SET save x")
             == "-ERR unknown subcommand 'SET'. Try CONFIG HELP.\r\n");
}

BOOST_AUTO_TEST_CASE(clients_are_greeted_as_by_redis_7) {
  pure_server server;
  auto client = server.connect(17);
  auto reply = server.type(client, "HELLO 2 SETNAME me");
  BOOST_TEST(reply.starts_with("*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n"));
  BOOST_TEST(reply.find("$2\r\nid\r\n:17\r\n") != std::string::npos);
  BOOST_TEST(server.type(client, "CLIENT GETNAME") == "$2\r\nme\r\n");
  BOOST_TEST(server.type(client, "CLIENT ID") == ":17\r\n");
  BOOST_TEST(server.type(client, "CLIENT SETINFO LIB-NAME x") == "+OK\r\n");
  BOOST_TEST(server.type(client, "CONFIG GET append*")
             == "*4\r\n$11\r\nappendfsync\r\n$6\r\nalways\r\n"
                "$10\r\nappendonly\r\n$3\r\nyes\r\n");
}

BOOST_AUTO_TEST_CASE(command_describes_every_command) {
  pure_server server;
  auto client = server.connect();
  auto count = server.type(client, "COMMAND COUNT");
  auto all = server.type(client, "COMMAND");
  BOOST_TEST(all.substr(1, all.find('\r'))
             == count.substr(1, count.find('\r')));
  BOOST_TEST(server.type(client, "COMMAND INFO set")
             == "*1\r\n*10\r\n$3\r\nset\r\n:-3\r\n*1\r\n+write\r\n:1\r\n:1\r\n"
                ":1\r\n*0\r\n*0\r\n*0\r\n*0\r\n");
}

BOOST_AUTO_TEST_CASE(info_has_sections) {
  pure_server server;
  auto client = server.connect();
  client.receive("INFO\r\nINFO server CLIENTS\r\n", {});
  BOOST_REQUIRE(client.wants_state());
  peer_state state;
  state.id = {3};
  state.role = peer_role::leader;
  state.term = {7};
  state.commit = {42};
  client.tell_state(&state, {});
  auto text = text_of(client.output());
  auto second = text.find("\r\n$", 1);
  auto has = [&](const char* line) {
    return text.substr(0, second).find(line) != std::string::npos;
  };
  BOOST_TEST(has("# Server\r\nredis_version:7."));
  BOOST_TEST(has("\r\n\r\n# Replication\r\nrole:master\r\n"));
  BOOST_TEST(has("raft_peer:3\r\nraft_role:leader\r\n"));
  BOOST_TEST(has("raft_term:7\r\nraft_commit_index:42\r\n"));
  BOOST_TEST(text.find("Replication", second) == std::string::npos);
  BOOST_TEST(text.find("# Clients", second) != std::string::npos);
  client.receive("INFO replication\r\n", {});
  client.tell_state(nullptr, {});
  text = text_of(client.output());
  BOOST_TEST(text
             == "$50\r\n# Replication\r\nrole:master\r\nraft_state:no answer"
                "\r\n\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
