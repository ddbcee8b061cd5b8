// The digest that is taken while commands go on: it speaks of the state in
// which it began.

#include <raft/kv/engine.hpp>
#include <raft/kv/interpreter.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/kv/slow_digest.hpp>
#include <raft/tests/kv/samples.hpp>

#include <boost/test/unit_test.hpp>

#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace raft;
using namespace raft::kv;

namespace {

void fill(machine::state_machine& x, std::size_t keys) {
  for (std::size_t i = 0; i < keys; ++i)
    x.apply({}, encode(put{"key " + std::to_string(i), "value"}));
}

/// Takes a digest, with commands between its steps.
/// @returns how many steps it took.
std::size_t digest_beside(machine::state_machine& x, command_source& commands) {
  auto expected = x.query(digest_request());
  auto slow = x.begin_query(digest_request());
  BOOST_REQUIRE(slow);
  for (std::size_t steps = 1;; ++steps) {
    for (auto i = 0; i < 20; ++i) {
      x.apply({}, encode(commands.next()));
      x.apply({}, encode(put{"key 1" + std::to_string(i * steps), "new"}));
      x.apply({}, encode(erase{{"key 9" + std::to_string(i * steps)}}));
      x.apply({}, encode(append{"kez " + std::to_string(i), "more"}));
    }
    if (auto found = slow->step()) {
      BOOST_TEST((*found == expected));
      BOOST_TEST((x.query(digest_request()) != expected));
      return steps;
    }
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(digests_in_steps)

BOOST_AUTO_TEST_CASE(it_speaks_of_the_state_in_which_it_began) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random{seed};
    command_source commands{seed};
    memory_map data;
    slow_digests uut{1 + random() % 5};
    for (auto i = 0; i < 60; ++i)
      uut.execute(data, encode(commands.next()));
    // Two of them, which began at different moments.
    std::vector<std::pair<std::shared_ptr<machine::slow_query>, bytes>> all;
    for (auto left = 200; left > 0; --left) {
      uut.execute(data, encode(commands.next()));
      if (all.size() < 2 && random() % 8 == 0)
        all.emplace_back(uut.begin(data, digest_request()),
                         encode(compute_digest(data)));
      std::erase_if(all, [&](auto& x) {
        if (random() % 4 != 0)
          return false;
        auto found = x.first->step();
        if (found)
          BOOST_TEST((*found == x.second), "seed " << seed);
        return found.has_value();
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(no_step_goes_through_all_of_a_large_state) {
  command_source commands{1};
  kv_machine in_memory;
  engine on_disk{make_memory_table()};
  for (auto* x : {static_cast<machine::state_machine*>(&in_memory),
                  static_cast<machine::state_machine*>(&on_disk)}) {
    fill(*x, 20 * slow_digest::pairs_max);
    BOOST_TEST(digest_beside(*x, commands) >= 20u);
  }
}

BOOST_AUTO_TEST_CASE(large_values_end_a_step_as_well) {
  memory_map data;
  for (auto i = 0; i < 5; ++i)
    data.put("k" + std::to_string(i), std::string(1 << 20, 'v'));
  slow_digest uut{data};
  while (!uut.step())
    ;
  BOOST_TEST(uut.steps() == 6u);
}

BOOST_AUTO_TEST_CASE(other_requests_are_answered_at_once) {
  kv_machine x;
  BOOST_TEST(!x.begin_query(bytes{"what?"}));
}

BOOST_AUTO_TEST_CASE(too_many_at_a_time_are_refused) {
  kv_machine x;
  fill(x, 3);
  std::vector<std::shared_ptr<machine::slow_query>> all;
  for (std::size_t i = 0; i < slow_digests::digests_max; ++i)
    all.push_back(x.begin_query(digest_request()));
  BOOST_CHECK_THROW(x.begin_query(digest_request()), std::runtime_error);
  // Who asked may go.
  all.pop_back();
  BOOST_TEST(x.begin_query(digest_request()) != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
