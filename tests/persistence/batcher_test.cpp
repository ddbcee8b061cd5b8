// What the persister collects between two commits.

#include <raft/persistence/batcher.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;

namespace {

persist batch_of(std::uint64_t group, std::uint64_t number) {
  return {{group}, {number}, {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(batcher)

BOOST_AUTO_TEST_CASE(one_commit_takes_all_groups_in_the_order_of_arrival) {
  persistence::batcher<int> collected;
  BOOST_TEST(collected.empty());
  collected.add(batch_of(2, 7), 20);
  collected.add(batch_of(1, 3), 10);
  collected.add(batch_of(3, 1), 30);
  BOOST_TEST(collected.size() == 3u);
  auto first = collected.take();
  BOOST_REQUIRE(first.batches.size() == 3u);
  BOOST_TEST((first.batches[0] == batch_of(2, 7)));
  BOOST_TEST((first.batches[1] == batch_of(1, 3)));
  BOOST_TEST((first.batches[2] == batch_of(3, 1)));
  BOOST_TEST(first.tickets == (std::vector{20, 10, 30}));
  BOOST_TEST(collected.empty());
  BOOST_TEST(collected.take().batches.empty());
}

BOOST_AUTO_TEST_CASE(a_second_batch_of_a_group_waits_for_the_next_commit) {
  persistence::batcher<int> collected;
  collected.add(batch_of(1, 1), 11);
  collected.add(batch_of(1, 2), 12);
  collected.add(batch_of(2, 1), 21);
  collected.add(batch_of(1, 3), 13);
  BOOST_TEST(collected.take().tickets == (std::vector{11, 21}));
  BOOST_TEST(collected.size() == 2u);
  BOOST_TEST(collected.take().tickets == (std::vector{12}));
  auto last = collected.take();
  BOOST_TEST(last.tickets == (std::vector{13}));
  BOOST_TEST((last.batches.at(0) == batch_of(1, 3)));
  BOOST_TEST(collected.empty());
}

BOOST_AUTO_TEST_SUITE_END()
