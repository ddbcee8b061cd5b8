// Which members are in force, and which come back.

#include <raft/consensus/membership_history.hpp>
#include <raft/messages/membership_bytes.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using raft::consensus::membership_history;

namespace {

membership members(std::uint64_t index, std::vector<peer_id> voters) {
  return {{index}, std::move(voters), {}};
}

membership_history three() {
  membership_history result{{members(0, {{1}, {2}, {3}}), {}}};
  result.append(members(5, {{1}, {2}}));
  result.append(members(9, {{1}}));
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(membership_histories)

BOOST_AUTO_TEST_CASE(the_last_one_is_in_force) {
  auto x = three();
  BOOST_TEST(x.current().index.value == 9u);
  BOOST_TEST(x.at({4}).index.value == 0u);
  BOOST_TEST(x.at({5}).index.value == 5u);
  BOOST_TEST(x.at({8}).index.value == 5u);
  BOOST_TEST(x.at({1000}).index.value == 9u);
}

BOOST_AUTO_TEST_CASE(those_before_come_back_when_entries_go) {
  auto x = three();
  BOOST_TEST(!x.truncate({10}));
  BOOST_TEST(x.truncate({9}));
  BOOST_TEST((x.voters() == std::vector<peer_id>{{1}, {2}}));
  BOOST_TEST(x.truncate({1}));
  BOOST_TEST(x.current().index.value == 0u);
  BOOST_TEST(x.voters().size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_log_that_begins_later_needs_fewer) {
  auto x = three();
  BOOST_TEST(x.between({0}, {8}).later.size() == 1u);
  BOOST_TEST(x.between({7}, {20}).later.size() == 2u);
  BOOST_TEST(x.between({9}, {20}).later.size() == 1u);
  x.compact({9});
  BOOST_TEST(x.at({9}).index.value == 9u);
  BOOST_TEST(x.founding().voters.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_snapshot_takes_the_place_of_all) {
  auto x = three();
  x.reset(members(7, {{4}}));
  BOOST_TEST(x.current().index.value == 7u);
  BOOST_TEST(x.founding().voters.size() == 3u);
}

BOOST_AUTO_TEST_CASE(while_there_are_two_sets_all_of_them_vote) {
  membership_history x{{members(0, {{2}, {3}}), {}}};
  x.append({{1}, {{1}, {2}}, {{3}, {9}}, {{2}, {3}}});
  BOOST_TEST((x.voters() == std::vector<peer_id>{{1}, {2}, {3}}));
  BOOST_TEST((x.members() == std::vector<peer_id>{{1}, {2}, {3}, {9}}));
}

BOOST_AUTO_TEST_CASE(an_entry_holds_all_but_the_index) {
  membership x{{7},
               {{1}, {2}},
               {{3}},
               {{4}},
               {{{3}, {0xfedcba9876543210}, "host:7001", true, {2}}}};
  entry e;
  e.index = {7};
  e.kind = entry_kind::configuration;
  e.data = to_bytes(x);
  BOOST_TEST((membership_in(e) == x));
  e.kind = entry_kind::command;
  BOOST_TEST(!membership_in(e));
}

BOOST_AUTO_TEST_CASE(other_bytes_are_no_members) {
  const auto good = to_bytes(
    membership{{}, {{1}}, {{2}}, {}, {{{2}, {3}, "a:1", true, {1}}}});
  const std::string data{good.view()};
  for (std::size_t size = 0; size < data.size(); ++size)
    BOOST_TEST(!membership_from(data.substr(0, size)));
  BOOST_TEST(!membership_from(data + '\0'));
  BOOST_TEST(!membership_from('\2' + data.substr(1)));
  BOOST_TEST(!membership_from("\1\xff\xff\xff\xff"));
}

BOOST_AUTO_TEST_SUITE_END()
