// A scan returns every key that was there all the time.

#include <raft/redis/cursors.hpp>
#include <raft/redis/glob.hpp>
#include <raft/tests/redis/pure_server.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace raft;
using namespace raft::redis;

namespace {

/// Takes a reply to SCAN apart: the cursor, then the keys.
std::vector<std::string> elements(const std::string& reply) {
  std::vector<std::string> result;
  for (std::size_t at = 0; (at = reply.find('$', at)) != reply.npos;) {
    auto size = std::stoul(reply.substr(at + 1));
    auto begin = reply.find('\n', at) + 1;
    result.push_back(reply.substr(begin, size));
    at = begin + size;
  }
  return result;
}

struct scan_fixture {
  pure_server server;
  connection client = server.connect();

  std::vector<std::string> scan(const std::string& cursor,
                                const std::string& options = {}) {
    return elements(server.type(client, "SCAN " + cursor + " " + options));
  }

  void fill(int from, int to) {
    for (auto i = from; i < to; ++i)
      server.type(client, "SET key:" + std::to_string(i) + " v");
  }
};

constexpr auto unknown_cursor
  = "-ERR the cursor is not known to this peer (any more); begin again with "
    "SCAN 0\r\n";

} // namespace

BOOST_FIXTURE_TEST_SUITE(scanning, scan_fixture)

BOOST_AUTO_TEST_CASE(a_scan_goes_on_from_its_cursor) {
  fill(0, 25);
  std::set<std::string> seen;
  std::string cursor = "0";
  auto steps = 0;
  do {
    auto found = scan(cursor);
    cursor = found[0];
    seen.insert(found.begin() + 1, found.end());
    ++steps;
  } while (cursor != "0");
  BOOST_TEST(steps == 3);
  BOOST_TEST(seen.size() == 25u);
}

BOOST_AUTO_TEST_CASE(the_last_step_can_be_repeated) {
  fill(0, 25);
  auto first = scan("0");
  auto second = scan(first[0]);
  auto again = scan(first[0]);
  BOOST_TEST(std::equal(second.begin() + 1, second.end(), again.begin() + 1,
                        again.end()));
  // Now that its client has the second cursor, the first is forgotten.
  scan(second[0]);
  BOOST_TEST(server.type(client, "SCAN " + first[0]) == unknown_cursor);
}

BOOST_AUTO_TEST_CASE(any_connection_may_go_on) {
  fill(0, 25);
  auto first = scan("0", "COUNT 20");
  auto other = server.connect();
  auto second = elements(server.type(other, "SCAN " + first[0]));
  BOOST_TEST(second[0] == "0");
  BOOST_TEST(second.size() == 6u);
}

BOOST_AUTO_TEST_CASE(a_cursor_of_nobody_is_an_error) {
  fill(0, 25);
  BOOST_TEST(server.type(client, "SCAN 4711") == unknown_cursor);
}

BOOST_AUTO_TEST_CASE(old_cursors_make_room_for_new_ones) {
  cursor_table table{1, 2, 10};
  BOOST_TEST(table.remember("a", 0) == 1u);
  BOOST_TEST(table.remember("b", 0) == 2u);
  BOOST_TEST(table.remember("c", 0) == 3u);
  BOOST_TEST(!table.find(1));
  BOOST_TEST(*table.find(2) == "b");
  table.remember(std::string(100, 'd'), 0);
  BOOST_TEST(!table.find(3));
  BOOST_TEST(table.find(4)->size() == 100u);
}

BOOST_AUTO_TEST_CASE(a_long_pattern_is_refused) {
  fill(0, 5);
  BOOST_TEST(scan("0", "MATCH " + std::string(512, '*')).size() == 6u);
  BOOST_TEST(server.type(client, "SCAN 0 MATCH " + std::string(513, '*'))
             == "-ERR the pattern is longer than 512 bytes\r\n");
}

BOOST_AUTO_TEST_CASE(no_step_looks_at_all_keys) {
  for (auto i = 0; i < 10'001; ++i)
    server.machine.run(kv::put{"key:" + std::to_string(i), {}});
  auto first = scan("0", "COUNT 1000000");
  BOOST_TEST(first.size() == 10'001u);
  BOOST_TEST(scan(first[0]).size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_step_ends_when_it_has_taken_its_time) {
  // As much work as there can be: long keys that all but fit.
  constexpr auto count = 1000;
  std::string pattern;
  while (pattern.size() + 2 < pattern_bytes_max)
    pattern += "?*";
  for (auto i = 0; i < count; ++i)
    server.machine.run(
      kv::put{std::string(500, 'a') + std::to_string(1000 + i), {}});
  std::set<std::string> seen;
  std::string cursor = "0";
  auto steps = 0;
  do {
    server.cursors.begin_turn();
    auto found
      = scan(cursor, "MATCH " + pattern + " COUNT " + std::to_string(count));
    cursor = found[0];
    seen.insert(found.begin() + 1, found.end());
    ++steps;
  } while (cursor != "0");
  BOOST_TEST(steps > 1);
  BOOST_TEST(seen.size() == static_cast<std::size_t>(count));
  // All that is answered in one turn shares the time of one, and gets on.
  server.cursors.begin_turn();
  auto first = scan("0", "MATCH " + pattern + " COUNT 1000");
  auto second = scan(first[0], "MATCH " + pattern + " COUNT 1000");
  BOOST_TEST(second.size() == 2u);
  BOOST_TEST(first.back() < second.back());
}

BOOST_DATA_TEST_CASE(what_stays_is_seen, boost::unit_test::data::xrange(50),
                     seed) {
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  auto key = [&] { return "key:" + std::to_string(random() % 300); };
  std::set<std::string> stays;
  for (auto i = 0; i < 100; ++i)
    server.type(client, "SET " + *stays.insert(key()).first + " v");
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    auto found
      = scan(cursor, "MATCH key:* COUNT " + std::to_string(1 + random() % 20));
    cursor = found[0];
    seen.insert(found.begin() + 1, found.end());
    for (auto i = random() % 4; i > 0; --i) {
      auto name = key();
      if (random() % 2)
        server.type(client, "SET " + name + " v");
      else if (!stays.contains(name))
        server.type(client, "DEL " + name);
    }
  } while (cursor != "0");
  BOOST_TEST(
    std::includes(seen.begin(), seen.end(), stays.begin(), stays.end()));
}

BOOST_AUTO_TEST_SUITE_END()
