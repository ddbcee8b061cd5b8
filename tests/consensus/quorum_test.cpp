// Majorities, compared with the definition.

#include <raft/consensus/quorum.hpp>
#include <raft/messages/ids.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>

using namespace raft;
using namespace raft::consensus;

BOOST_AUTO_TEST_SUITE(quorum)

BOOST_AUTO_TEST_CASE(majority_is_more_than_half) {
  for (std::size_t voters = 1; voters <= 9; ++voters) {
    BOOST_TEST(2 * majority(voters) > voters);
    BOOST_TEST(2 * (majority(voters) - 1) <= voters);
  }
}

namespace {

/// The highest value that more than half of the voters have reached, found by
/// trying all.
std::uint64_t naive(const std::vector<log_index>& reached,
                    std::uint64_t highest) {
  for (auto value = highest; value > 0; --value) {
    std::size_t count = 0;
    for (const auto x : reached)
      count += x.value >= value ? 1 : 0;
    if (2 * count > reached.size())
      return value;
  }
  return 0;
}

} // namespace

BOOST_AUTO_TEST_CASE(agreed_is_what_a_majority_reached_in_any_order) {
  constexpr std::uint64_t highest = 4;
  for (std::size_t voters = 1; voters <= 5; ++voters) {
    std::size_t combinations = 1;
    for (std::size_t i = 0; i < voters; ++i)
      combinations *= highest + 1;
    for (std::size_t n = 0; n < combinations; ++n) {
      std::vector<log_index> reached;
      for (auto rest = n; reached.size() < voters; rest /= highest + 1)
        reached.push_back(log_index{rest % (highest + 1)});
      BOOST_REQUIRE_EQUAL(agreed(reached).value, naive(reached, highest));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
