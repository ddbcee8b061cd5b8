// That a load of waiting clients is what it claims, and notices what is wrong.

#include <raft/bench/closed_loop.hpp>
#include <raft/tests/bench/fake_connection.hpp>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace raft::bench;
using namespace std::chrono_literals;

namespace {

struct loads {
  std::vector<connection_ptr> connect(std::size_t count) {
    std::vector<connection_ptr> result(count);
    for (auto& x : result)
      x = std::make_unique<fake_connection>(server);
    return result;
  }

  /// One command for each so many-th key.
  closed_loop_result pass(operation what, load_shape shape = {4, 2},
                          std::uint32_t stride = 1) {
    closed_loop_options options;
    options.what = what;
    options.shape = shape;
    options.stride = stride;
    options.patience = patience;
    return run_closed_loop(connect(shape.clients), keys, options);
  }

  bool complains(operation what, std::string_view why) {
    try {
      pass(what);
      return false;
    } catch (const std::runtime_error& problem) {
      return std::string_view{problem.what()}.find(why)
          != std::string_view::npos;
    }
  }

  fake_server server;
  keyspace keys{1001, 32};
  std::chrono::seconds patience{60};
};

} // namespace

BOOST_AUTO_TEST_SUITE(keyspaces)

BOOST_AUTO_TEST_CASE(keys_are_named_as_by_redis_benchmark) {
  BOOST_TEST(key_name(17) == "key:000000000017");
}

BOOST_AUTO_TEST_CASE(no_two_values_are_the_same) {
  for (auto size : {keyspace::min_value_bytes, std::size_t{4096}}) {
    keyspace keys{50, size};
    std::set<std::string> values;
    for (std::uint32_t key = 0; key < 50; ++key)
      for (auto i = 0; i < 20; ++i) {
        std::string value{keys.next_value(key)};
        BOOST_TEST(value.size() == size);
        values.insert(value);
        keys.acknowledge(key);
      }
    BOOST_TEST(values.size() == 50u * 20);
  }
}

BOOST_AUTO_TEST_CASE(only_the_last_acknowledged_value_is_right) {
  keyspace keys{3, 20};
  BOOST_TEST(keys.holds(1, std::nullopt));
  std::string first{keys.next_value(1)};
  BOOST_TEST(!keys.holds(1, first));
  keys.acknowledge(1);
  BOOST_TEST(keys.holds(1, first));
  BOOST_TEST(!keys.holds(1, std::nullopt));
  BOOST_TEST(!keys.holds(1, first.substr(1)));
  std::string second{keys.next_value(1)};
  keys.acknowledge(1);
  BOOST_TEST(!keys.holds(1, first));
  BOOST_TEST(keys.holds(1, second));
  BOOST_TEST(!keys.holds(2, second));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(closed_loops, loads)

BOOST_AUTO_TEST_CASE(a_pass_has_each_key_once) {
  BOOST_TEST(pass(operation::set).took.size() == 1001u);
  BOOST_TEST(server.data.size() == 1001u);
  BOOST_TEST(server.sets == 1001u);
  BOOST_TEST(server.data.at("key:000000001000").size() == 32u);
  BOOST_TEST(server.most_at_once == 2u);
  BOOST_TEST(pass(operation::get, {3, 1}, 100).took.size() == 11u);
}

BOOST_AUTO_TEST_CASE(a_load_ends_in_time_with_all_answers) {
  closed_loop_options options;
  options.shape = {6, 16};
  options.length = 50ms;
  auto on = connect(2); // which the clients share
  auto found = run_closed_loop(on, keys, options);
  BOOST_TEST(found.seconds >= 0.05);
  BOOST_TEST(found.took.size() == server.sets);
  BOOST_TEST(found.took.size() % 16 == 0u);
  BOOST_TEST(server.most_at_once == 3u * 16);
  // All is what was acknowledged last, with other clients, too.
  pass(operation::get);
  BOOST_TEST(server.gets == 1001u);
}

BOOST_AUTO_TEST_CASE(a_forgotten_write_is_noticed) {
  pass(operation::set);
  server.to_forget = 1;
  pass(operation::set);
  BOOST_TEST(complains(operation::get, "something else than what was "
                                       "acknowledged: 0000000000000001"));
}

BOOST_AUTO_TEST_CASE(a_lost_key_is_noticed) {
  pass(operation::set);
  server.data.erase("key:000000000500");
  BOOST_TEST(complains(operation::get, "key:000000000500 holds something else "
                                       "than what was acknowledged: nothing"));
}

BOOST_AUTO_TEST_CASE(a_refusal_ends_the_load) {
  server.refuses = true;
  BOOST_TEST(complains(operation::set, "BUSY"));
}

BOOST_AUTO_TEST_CASE(silence_ends_the_load) {
  server.is_silent = true;
  patience = 0s;
  BOOST_TEST(complains(operation::set, "8 commands have none"));
}

BOOST_AUTO_TEST_SUITE_END()
