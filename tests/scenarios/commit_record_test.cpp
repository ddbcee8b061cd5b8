// What a commit record counts and refuses.

#include <raft/scenarios/commit_record.hpp>
#include <raft/scenarios/failure.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::scenarios;

namespace {

entry make(std::uint64_t index, std::uint64_t term, const char* command) {
  entry x;
  x.index = log_index{index};
  x.term = term_number{term};
  x.kind = *command == '\0' ? entry_kind::empty : entry_kind::command;
  x.data = bytes{command};
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(commit_record_suite)

BOOST_AUTO_TEST_CASE(counts_peers_and_commands) {
  commit_record x{3};
  x.delivered(0, make(1, 1, ""));
  x.delivered(0, make(2, 1, "a"));
  x.delivered(1, make(1, 1, ""));
  BOOST_TEST(x.count(log_index{1}) == 2u);
  BOOST_TEST(x.count(log_index{2}) == 1u);
  BOOST_TEST(x.count(log_index{3}) == 0u);
  BOOST_TEST(x.commands() == 1u);
  BOOST_TEST(x.commands_up_to(log_index{1}) == 0u);
  BOOST_TEST((x.last() == log_index{2}));
  BOOST_TEST((x.last_of(1) == log_index{1}));
  BOOST_TEST((x.at(log_index{2})->data == bytes{"a"}));
  BOOST_TEST(x.at(log_index{3}) == nullptr);
}

BOOST_AUTO_TEST_CASE(peers_must_agree) {
  commit_record x{2};
  x.delivered(0, make(1, 1, "a"));
  BOOST_CHECK_THROW(x.delivered(1, make(1, 1, "b")), scenario_failure);
  BOOST_CHECK_THROW(x.delivered(1, make(1, 2, "a")), scenario_failure);
}

BOOST_AUTO_TEST_CASE(deliveries_come_in_order_and_once) {
  commit_record x{1};
  BOOST_CHECK_THROW(x.delivered(0, make(2, 1, "a")), scenario_failure);
  x.delivered(0, make(1, 1, "a"));
  BOOST_CHECK_THROW(x.delivered(0, make(1, 1, "a")), scenario_failure);
  BOOST_CHECK_THROW(x.delivered(0, make(3, 1, "a")), scenario_failure);
}

BOOST_AUTO_TEST_CASE(a_restarted_peer_delivers_the_same_again) {
  commit_record x{1};
  x.delivered(0, make(1, 1, "a"));
  x.delivered(0, make(2, 1, "b"));
  x.started(0);
  BOOST_TEST(x.count(log_index{2}) == 1u);
  BOOST_CHECK_THROW(x.delivered(0, make(3, 1, "c")), scenario_failure);
  x.delivered(0, make(1, 1, "a"));
  BOOST_CHECK_THROW(x.delivered(0, make(2, 1, "c")), scenario_failure);
}

BOOST_AUTO_TEST_CASE(a_snapshot_takes_the_place_of_entries) {
  commit_record x{2};
  x.delivered(0, make(1, 1, "a"));
  x.delivered(0, make(2, 1, "b"));
  BOOST_TEST(x.snapshots() == 0u);
  x.skipped(1, log_index{3});
  BOOST_TEST(x.snapshots() == 1u);
  BOOST_TEST(x.count(log_index{2}) == 2u);
  BOOST_CHECK_THROW(x.delivered(1, make(2, 1, "b")), scenario_failure);
  x.delivered(1, make(3, 1, "c"));
  BOOST_TEST((x.next_of(1) == log_index{4}));
  BOOST_CHECK_THROW(x.delivered(0, make(3, 1, "d")), scenario_failure);
}

// The peer that has them may tell later.
BOOST_AUTO_TEST_CASE(what_all_have_skipped_so_far_is_not_known) {
  commit_record x{2};
  x.skipped(1, log_index{3});
  BOOST_TEST((x.last() == log_index{2}));
  BOOST_TEST(x.at(log_index{1}) == nullptr);
  BOOST_TEST(x.commands() == 0u);
  x.delivered(0, make(1, 1, "a"));
  BOOST_TEST((x.at(log_index{1})->data == bytes{"a"}));
  BOOST_TEST(x.commands() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
