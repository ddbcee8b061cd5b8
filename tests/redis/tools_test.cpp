// Programs made for Redis work unmodified.

#include <raft/bench/redis_handles.hpp>
#include <raft/tests/redis/server_fixture.hpp>

#include <cstdio>
#include <string>
#include <sys/wait.h>
#include <vector>

using namespace raft;
using namespace raft::redis;

namespace {

struct finished_program {
  std::string output;
  int exit_code = -1;
};

/// Runs a shell command to its end.
finished_program run(const std::string& command) {
  finished_program result;
  auto pipe = ::popen(("timeout 120 " + command + " 2>&1").c_str(), "r");
  BOOST_REQUIRE(pipe);
  char buffer[4096];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
    result.output.append(buffer, n);
  auto status = ::pclose(pipe);
  if (WIFEXITED(status))
    result.exit_code = WEXITSTATUS(status);
  return result;
}

bench::redis_context connect_hiredis(std::uint16_t port) {
  timeval patience{test::patience.count(), 0};
  bench::redis_context result{
    redisConnectWithTimeout("127.0.0.1", port, patience)};
  BOOST_REQUIRE(result && !result->err);
  redisSetTimeout(result.get(), patience);
  return result;
}

template <class... Ts>
bench::redis_reply call(const bench::redis_context& context, const char* format,
                        Ts... xs) {
  auto reply = redisCommand(context.get(), format, xs...);
  BOOST_REQUIRE(reply);
  return bench::redis_reply{static_cast<redisReply*>(reply)};
}

std::string text_of(const bench::redis_reply& x) {
  return {x->str, static_cast<std::size_t>(x->len)};
}

struct tools_fixture : server_fixture {
  std::string port = std::to_string(open());
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(redis_programs, tools_fixture)

BOOST_AUTO_TEST_CASE(hiredis_talks_to_it) {
  auto context = connect_hiredis(uut->port());
  BOOST_TEST(text_of(call(context, "SET %s %b", "k", "a\0\r\nb", size_t{5}))
             == "OK");
  BOOST_TEST((text_of(call(context, "GET k")) == std::string{"a\0\r\nb", 5}));
  BOOST_TEST(call(context, "GET nokey")->type == REDIS_REPLY_NIL);
  BOOST_TEST(call(context, "APPEND k x")->integer == 6);
  BOOST_TEST(call(context, "DEL k nokey")->integer == 1);
  auto error = call(context, "FOO bar");
  BOOST_TEST(error->type == REDIS_REPLY_ERROR);
  auto array = call(context, "MGET a b c");
  BOOST_TEST(array->type == REDIS_REPLY_ARRAY);
  BOOST_TEST(array->elements == 3u);
}

BOOST_AUTO_TEST_CASE(hiredis_pipelines) {
  auto context = connect_hiredis(uut->port());
  constexpr auto count = 5000;
  for (auto i = 0; i < count; ++i)
    BOOST_REQUIRE(redisAppendCommand(context.get(), "APPEND k x") == REDIS_OK);
  for (auto i = 0; i < count; ++i) {
    void* reply = nullptr;
    BOOST_REQUIRE(redisGetReply(context.get(), &reply) == REDIS_OK);
    bench::redis_reply x{static_cast<redisReply*>(reply)};
    BOOST_REQUIRE(x->integer == i + 1);
  }
}

BOOST_AUTO_TEST_CASE(redis_cli_talks_to_it) {
  auto x = run("redis-cli -p " + port + R"( <<'END'
PING
SET greeting "hello world"
GET greeting
get nokey
APPEND greeting !
EXISTS greeting nokey greeting
MGET greeting nokey
SET greeting x NX
SET other 1 NX
SCAN 0 COUNT 100
DBSIZE
DEL greeting other
DBSIZE
SELECT 0
SET k
FOO bar
COMMAND COUNT
CONFIG GET save
END
)");
  BOOST_TEST(x.exit_code == 0);
  BOOST_TEST(
    x.output
    == "PONG\nOK\nhello world\n\n12\n2\nhello world!\n\n\nOK\n0\n"
       "greeting\nother\n2\n2\n0\nOK\n"
       "ERR wrong number of arguments for 'set' command\n\n"
       "ERR unknown command 'FOO', with args beginning with: 'bar' \n\n"
       "20\nsave\n\n");
}

BOOST_AUTO_TEST_CASE(redis_cli_scans_and_loads) {
  std::string script = "for i in $(seq 1000); do echo \"SET key:$i v$i\"; done";
  auto loaded
    = run("sh -c '" + script + " | redis-cli -p " + port + " --pipe'");
  BOOST_TEST(loaded.exit_code == 0, loaded.output);
  BOOST_TEST(loaded.output.find("errors: 0, replies: 1000")
             != std::string::npos);
  auto found = run("redis-cli -p " + port
                   + " --scan --pattern 'key:*' | sort | uniq | wc -l");
  BOOST_TEST(found.output == "1000\n");
}

BOOST_AUTO_TEST_CASE(redis_benchmark_runs) {
  auto x = run("redis-benchmark -p " + port
               + " -t ping,set,get,mset -n 2000 -c 16 -P 4 -r 100 -q");
  BOOST_TEST(x.exit_code == 0);
  for (auto word : {"rror", "ERR", "WARN"})
    BOOST_TEST(x.output.find(word) == std::string::npos, x.output);
  for (auto word : {"SET: ", "GET: ", "MSET "})
    BOOST_TEST(x.output.find(word) != std::string::npos, x.output);
}

BOOST_AUTO_TEST_SUITE_END()
