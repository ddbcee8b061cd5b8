// The log by itself: terms, memory, and what the disk has of it.

#include "support.hpp"

using namespace raft;
using namespace raft::consensus;
using namespace raft::consensus::test;

using log_of_peer = raft::consensus::log;

namespace {

log_of_peer make_log(const std::vector<std::uint64_t>& terms,
                     std::size_t in_memory) {
  auto entries = make_entries(terms);
  const auto state = make_state(voters(3), entries, {});
  entries.erase(entries.begin(),
                entries.end() - static_cast<std::ptrdiff_t>(in_memory));
  return log_of_peer{state, std::move(entries)};
}

log_of_peer make_log(const std::vector<std::uint64_t>& terms) {
  return make_log(terms, terms.size());
}

/// Hands everything to the disk.
durable_batch fill(log_of_peer& x) {
  durable_batch result;
  x.fill(result, x.last().index, 1 << 20);
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(log_in_memory)

BOOST_AUTO_TEST_CASE(an_empty_log_ends_at_zero) {
  const log_of_peer x;
  BOOST_TEST(x.last() == at(0, 0));
  BOOST_TEST(x.holds(at(0, 0)));
  BOOST_TEST(!x.term_at(log_index{1}));
  BOOST_TEST(x.first_in_memory() == log_index{1});
  BOOST_TEST(x.bytes_in_memory() == 0u);
  BOOST_TEST(!x.unwritten(log_index{10}));
}

BOOST_AUTO_TEST_CASE(terms_are_known_without_the_entries) {
  const std::vector<std::uint64_t> terms{1, 1, 2, 2, 2, 5, 7, 7};
  for (std::size_t in_memory = 0; in_memory <= terms.size(); ++in_memory) {
    const auto x = make_log(terms, in_memory);
    for (std::uint64_t i = 1; i <= terms.size(); ++i) {
      BOOST_TEST(x.term_at(log_index{i})->value == terms[i - 1]);
      BOOST_TEST(x.holds(at(i, terms[i - 1])));
      BOOST_TEST(!x.holds(at(i, terms[i - 1] + 1)));
      BOOST_TEST((x.find(log_index{i}) != nullptr)
                 == (i > terms.size() - in_memory));
    }
    BOOST_TEST(!x.term_at(log_index{9}));
    BOOST_TEST(x.durable() == log_index{8});
  }
}

BOOST_AUTO_TEST_CASE(runs_of_one_term_are_found_from_both_ends) {
  const auto x = make_log({1, 1, 2, 2, 2, 5, 7, 7});
  const auto first_of
    = [&](std::uint64_t i) { return x.first_of_term_at(log_index{i}).value; };
  BOOST_TEST(first_of(0) == 0u);
  BOOST_TEST(first_of(2) == 1u);
  BOOST_TEST(first_of(5) == 3u);
  BOOST_TEST(first_of(6) == 6u);
  BOOST_TEST(first_of(8) == 7u);
  const auto not_above = [&](std::uint64_t term, std::uint64_t from) {
    return x.last_not_above(term_number{term}, log_index{from}).value;
  };
  BOOST_TEST(not_above(7, 8) == 8u);
  BOOST_TEST(not_above(6, 8) == 6u);
  BOOST_TEST(not_above(4, 8) == 5u);
  BOOST_TEST(not_above(2, 4) == 4u);
  BOOST_TEST(not_above(1, 4) == 2u);
  BOOST_TEST(not_above(0, 4) == 0u);
}

BOOST_AUTO_TEST_CASE(a_slice_is_bounded_but_never_empty) {
  const auto x = make_log({1, 1, 1, 1, 1}, 4);
  const auto slice = [&](std::uint64_t first, std::uint64_t last,
                         std::size_t bytes_max) {
    std::vector<std::uint64_t> result;
    for (const auto& e : x.slice(log_index{first}, log_index{last}, bytes_max))
      result.push_back(e.index.value);
    return result;
  };
  using list = std::vector<std::uint64_t>;
  BOOST_TEST(slice(2, 5, 1 << 20) == (list{2, 3, 4, 5}));
  BOOST_TEST(slice(2, 9, 1 << 20) == (list{2, 3, 4, 5}));
  BOOST_TEST(slice(3, 4, 1 << 20) == (list{3, 4}));
  BOOST_TEST(slice(2, 5, 0) == (list{2}));
  BOOST_TEST(slice(3, 5, cost_of_one) == (list{3}));
  BOOST_TEST(slice(3, 5, 2 * cost_of_one - 1) == (list{3}));
  BOOST_TEST(slice(3, 5, 2 * cost_of_one) == (list{3, 4}));
  BOOST_TEST(slice(1, 5, 1 << 20) == list{}); // 1 is not in memory
  BOOST_TEST(slice(6, 6, 1 << 20) == list{});
  BOOST_TEST(slice(4, 3, 1 << 20) == list{});
}

BOOST_AUTO_TEST_CASE(what_is_appended_becomes_durable_when_written) {
  auto x = make_log({1, 1});
  x.append(make_entry(3, 1));
  x.append(make_entry(4, 2));
  BOOST_TEST(x.durable() == log_index{2});
  BOOST_TEST(x.unwritten(log_index{4}));
  BOOST_TEST(!x.unwritten(log_index{2}));
  const auto batch = fill(x);
  BOOST_TEST(!batch.truncate_from);
  BOOST_TEST(batch.entries.size() == 2u);
  BOOST_TEST(x.durable() == log_index{2});
  BOOST_TEST(!x.unwritten(log_index{4}));
  x.append(make_entry(5, 2));
  x.wrote();
  BOOST_TEST(x.durable() == log_index{4});
  BOOST_TEST(x.unwritten(log_index{5}));
}

BOOST_AUTO_TEST_CASE(truncation_takes_the_durable_index_back) {
  auto x = make_log({1, 1, 1, 1});
  x.truncate(log_index{3});
  BOOST_TEST(x.last() == at(2, 1));
  BOOST_TEST(x.durable() == log_index{2});
  x.append(make_entry(3, 2));
  const auto batch = fill(x);
  BOOST_TEST(batch.truncate_from == log_index{3});
  BOOST_TEST(batch.entries.size() == 1u);
  x.wrote();
  BOOST_TEST(x.durable() == log_index{3});
}

BOOST_AUTO_TEST_CASE(a_write_counts_up_to_what_was_not_truncated_since) {
  auto x = make_log({1});
  for (std::uint64_t i = 2; i <= 6; ++i)
    x.append(make_entry(i, 1));
  fill(x);
  x.truncate(log_index{4});
  for (std::uint64_t i = 4; i <= 8; ++i)
    x.append(make_entry(i, 2));
  x.wrote();
  BOOST_TEST(x.durable() == log_index{3});
  const auto batch = fill(x);
  BOOST_TEST(batch.truncate_from == log_index{4});
  BOOST_TEST(batch.entries.size() == 5u);
}

BOOST_AUTO_TEST_CASE(what_the_disk_never_saw_is_not_truncated_there) {
  auto x = make_log({1});
  x.append(make_entry(2, 1));
  x.append(make_entry(3, 1));
  x.truncate(log_index{2});
  BOOST_TEST(!x.unwritten(log_index{9}));
  x.append(make_entry(2, 2));
  BOOST_TEST(!fill(x).truncate_from);
}

BOOST_AUTO_TEST_CASE(two_truncations_are_one_for_the_disk) {
  auto x = make_log({1, 1, 1, 1, 1});
  x.truncate(log_index{4});
  x.append(make_entry(4, 2));
  x.truncate(log_index{3});
  x.append(make_entry(3, 3));
  const auto batch = fill(x);
  BOOST_TEST(batch.truncate_from == log_index{3});
  BOOST_TEST(batch.entries.size() == 1u);
}

BOOST_AUTO_TEST_CASE(eviction_keeps_what_is_not_durable_or_still_wanted) {
  auto x = make_log({1, 1, 1, 1, 1, 1});
  x.append(make_entry(7, 1));
  x.evict(7 * cost_of_one, log_index{7}, 0);
  BOOST_TEST(x.first_in_memory() == log_index{1});
  x.evict(5 * cost_of_one, log_index{7}, 0);
  BOOST_TEST(x.first_in_memory() == log_index{3});
  BOOST_TEST(x.bytes_in_memory() == 5 * cost_of_one);
  x.evict(0, log_index{4}, 0);
  BOOST_TEST(x.first_in_memory() == log_index{5});
  x.evict(0, log_index{7}, 0);
  BOOST_TEST(x.first_in_memory() == log_index{7});
  BOOST_TEST(x.holds(at(2, 1)));
}

BOOST_AUTO_TEST_CASE(bytes_are_counted_between_any_two_places) {
  auto x = make_log({1, 1, 1, 1, 1}, 3);
  BOOST_TEST(x.bytes_after(log_index{0}) == 3 * cost_of_one);
  BOOST_TEST(x.bytes_after(log_index{2}) == 3 * cost_of_one);
  BOOST_TEST(x.bytes_after(log_index{4}) == cost_of_one);
  BOOST_TEST(x.bytes_after(log_index{5}) == 0u);
  x.append(make_entry(6, 1));
  x.evict(0, log_index{4}, 0);
  BOOST_TEST(x.bytes_in_memory() == 2 * cost_of_one);
  BOOST_TEST(x.bytes_after(log_index{4}) == 2 * cost_of_one);
  x.truncate(log_index{5});
  BOOST_TEST(x.bytes_in_memory() == 0u);
  x.append(make_entry(5, 2));
  BOOST_TEST(x.bytes_in_memory() == cost_of_one);
  BOOST_TEST(x.bytes_after(log_index{4}) == cost_of_one);
}

BOOST_AUTO_TEST_CASE(a_log_may_begin_behind_a_snapshot) {
  durable_state state;
  state.compacted = at(10, 3);
  state.last = at(10, 3);
  log_of_peer x{state, {}};
  BOOST_TEST(x.last() == at(10, 3));
  BOOST_TEST(x.holds(at(10, 3)));
  BOOST_TEST(!x.term_at(log_index{9}));
  BOOST_TEST(x.first_of_term_at(log_index{10}) == log_index{10});
  x.append(make_entry(11, 3));
  BOOST_TEST(x.first_of_term_at(log_index{11}) == log_index{11});
  x.truncate(log_index{11});
  BOOST_TEST(x.last() == at(10, 3));
}

// -- a full disk --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_was_refused_counts_as_unwritten) {
  auto x = make_log({1, 1});
  x.append(make_entry(3, 1));
  BOOST_TEST(x.needs_space(log_index{3}));
  BOOST_TEST(fill(x).entries.size() == 1u);
  x.append(make_entry(4, 1));
  x.refused();
  BOOST_TEST(x.handed_to_disk() == log_index{2});
  const auto again = fill(x);
  BOOST_TEST(again.truncate_from == log_index{0});
  BOOST_TEST(again.entries.size() == 2u);
  x.wrote();
  BOOST_TEST(x.durable() == log_index{4});
}

BOOST_AUTO_TEST_CASE(a_truncation_that_was_refused_is_still_owed) {
  auto x = make_log({1, 1, 1, 1});
  x.truncate(log_index{3});
  x.append(make_entry(3, 2));
  BOOST_TEST(fill(x).truncate_from == log_index{3});
  x.refused();
  BOOST_TEST(x.unwritten(log_index{2}));
  const auto again = fill(x);
  BOOST_TEST(again.truncate_from == log_index{3});
  BOOST_TEST(again.entries.size() == 1u);
  x.wrote();
  BOOST_TEST(!x.unwritten(log_index{3}));
}

BOOST_AUTO_TEST_CASE(nothing_is_cut_off_that_the_disk_never_had) {
  auto x = make_log({1, 1});
  x.append(make_entry(3, 1));
  fill(x);
  x.truncate(log_index{3}); // while it is under way
  x.refused();
  BOOST_TEST(!x.unwritten(log_index{2}));
}

BOOST_AUTO_TEST_CASE(the_deeper_of_two_cuts_is_owed_after_a_refusal) {
  auto x = make_log({1, 1, 1, 1});
  x.truncate(log_index{4});
  x.append(make_entry(4, 2));
  fill(x);
  x.truncate(log_index{2}); // while it is under way
  x.refused();
  BOOST_TEST(fill(x).truncate_from == log_index{2});
}

BOOST_AUTO_TEST_CASE(empty_entries_need_no_room) {
  auto x = make_log({1});
  auto empty = make_entry(2, 2);
  empty.kind = entry_kind::empty;
  x.append(empty);
  BOOST_TEST(!x.needs_space(log_index{2}));
  x.append(make_entry(3, 2));
  BOOST_TEST(!x.needs_space(log_index{2}));
  BOOST_TEST(x.needs_space(log_index{3}));
}

// -- compaction ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(compaction_drops_entries_and_keeps_the_terms_of_the_rest) {
  auto x = make_log({1, 1, 2, 2, 3});
  x.compact(log_index{3});
  BOOST_TEST(x.compacted() == at(3, 2));
  BOOST_TEST(x.first_in_memory() == log_index{4});
  BOOST_TEST(!x.term_at(log_index{2}));
  BOOST_TEST(x.holds(at(3, 2)));
  BOOST_TEST(x.holds(at(4, 2)));
  BOOST_TEST(x.holds(at(5, 3)));
  BOOST_TEST(x.first_of_term_at(log_index{4}) == log_index{4});
  x.truncate(log_index{4});
  BOOST_TEST(x.last() == at(3, 2));
  x.append(make_entry(4, 2));
  BOOST_TEST(x.holds(at(4, 2)));
}

BOOST_AUTO_TEST_CASE(a_log_may_be_dropped_to_its_end) {
  auto x = make_log({1, 1, 2});
  x.compact(log_index{3});
  BOOST_TEST(x.last() == at(3, 2));
  BOOST_TEST(x.bytes_in_memory() == 0u);
  x.append(make_entry(4, 2));
  BOOST_TEST(x.holds(at(4, 2)));
  BOOST_TEST(x.bytes_in_memory() == cost_of_one);
  x.compact(log_index{2}); // an old one changes nothing
  BOOST_TEST(x.compacted() == at(3, 2));
}

BOOST_AUTO_TEST_CASE(sizes_are_known_also_of_what_left_memory) {
  auto x = make_log({1, 1, 1, 1, 1, 1});
  BOOST_TEST(x.followed_by(2 * cost_of_one) == log_index{4});
  x.evict(cost_of_one, log_index{6}, 0);
  BOOST_TEST(x.followed_by(2 * cost_of_one) == log_index{4});
  BOOST_TEST(x.bytes_between(log_index{1}, log_index{4}) == 3 * cost_of_one);
  x.compact(log_index{2});
  BOOST_TEST(x.followed_by(2 * cost_of_one) == log_index{4});
  BOOST_TEST(x.followed_by(5 * cost_of_one) == log_index{2});
  BOOST_TEST(x.bytes_between(log_index{2}, log_index{6}) == 4 * cost_of_one);
}

BOOST_AUTO_TEST_CASE(sizes_of_what_was_truncated_are_forgotten) {
  auto x = make_log({1, 1, 1, 1, 1, 1});
  x.evict(0, log_index{6}, 0);
  x.truncate(log_index{3});
  BOOST_TEST(x.bytes_in_memory() == 0u);
  BOOST_TEST(x.bytes_between(log_index{0}, log_index{2}) == 2 * cost_of_one);
  BOOST_TEST(x.followed_by(cost_of_one) == log_index{1});
  for (std::uint64_t i = 3; i <= 8; ++i)
    x.append(make_entry(i, 2));
  fill(x);
  x.wrote();
  BOOST_TEST(x.bytes_in_memory() == 6 * cost_of_one);
  BOOST_TEST(x.followed_by(7 * cost_of_one) == log_index{1});
  x.evict(cost_of_one, log_index{8}, 0);
  for (std::uint64_t i = 0; i <= 8; ++i) {
    BOOST_TEST(x.bytes_between(log_index{i}, log_index{8})
               == (8 - i) * cost_of_one);
    BOOST_TEST(x.followed_by((8 - i) * cost_of_one) == log_index{i});
  }
}

BOOST_AUTO_TEST_CASE(rough_marks_never_make_too_much_of_what_follows) {
  auto x = make_log({1, 1, 1, 1, 1, 1});
  x.evict(cost_of_one, log_index{6}, 3 * cost_of_one);
  BOOST_TEST(x.followed_by(2 * cost_of_one) == log_index{3});
  BOOST_TEST(x.followed_by(4 * cost_of_one) == log_index{0});
}

BOOST_AUTO_TEST_CASE(entries_of_an_earlier_process_count_as_empty) {
  auto x = make_log({1, 1, 1, 1, 1}, 1);
  const auto empty = cost(entry{});
  BOOST_TEST(x.bytes_between(log_index{0}, log_index{4}) == 4 * empty);
  BOOST_TEST(x.followed_by(cost_of_one) == log_index{4});
  BOOST_TEST(x.followed_by(cost_of_one + 1) == log_index{0});
}

BOOST_AUTO_TEST_SUITE_END()
