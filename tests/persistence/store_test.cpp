// What every store does, in memory as on the disk.

#include <raft/tests/persistence/store_fixture.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <thread>

using namespace raft;
using namespace raft::test;
namespace data = boost::unit_test::data;

using texts = std::vector<std::string>;

namespace {

auto kinds() {
  return data::make(store_kinds);
}

/// Commits a batch that must be refused, and checks that it changed nothing.
void check_refused(const any_store& to, const persist& bad) {
  auto before = to->load({1});
  auto entries = log_of(to);
  // A sound batch of another group goes down with it.
  auto good = batch{2}.term(1).add(1, 1);
  std::vector<persist> both{good, bad};
  BOOST_CHECK_THROW(to->commit(both), std::logic_error);
  BOOST_TEST((to->load({1}) == before));
  BOOST_TEST(log_of(to) == entries);
  BOOST_TEST((to->load({2}) == durable_state{}));
}

} // namespace

BOOST_AUTO_TEST_SUITE(store)

BOOST_DATA_TEST_CASE(unknown_group_is_empty, kinds(), kind) {
  any_store x{kind};
  BOOST_TEST((x->load({1}) == durable_state{}));
  BOOST_TEST(x->read({1}, {1}, {9}, 1000).empty());
  BOOST_TEST(x->groups().empty());
}

BOOST_DATA_TEST_CASE(everything_of_a_batch_comes_back, kinds(), kind) {
  any_store x{kind};
  membership members{{0}, {{1}, {2}}, {{3}}};
  auto b = batch{}
             .term(5, 3)
             .add(1, 2, "one")
             .add(2, 2, "")
             .add(3, 5, "three")
             .members(members);
  commit(x, b);
  x.reopen();
  auto state = x->load({1});
  BOOST_TEST((state.hard == hard_state{{5}, {3}}));
  BOOST_TEST((state.members.founding == members));
  BOOST_TEST(state.compacted == log_position{});
  BOOST_TEST(state.last == (log_position{{3}, {5}}));
  BOOST_TEST(state.term_starts
               == (std::vector<log_position>{{{1}, {2}}, {{3}, {5}}}),
             boost::test_tools::per_element());
  BOOST_TEST(state.last_time_ms == 1003u);
  BOOST_TEST(x->read({1}, {1}, {3}, 1000) == b.entries(),
             boost::test_tools::per_element());
  BOOST_TEST(x->groups() == std::vector<group_id>{{1}},
             boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(entries_follow_over_many_commits, kinds(), kind) {
  any_store x{kind};
  for (std::uint64_t i = 1; i <= 20; ++i)
    commit(x, batch{}.add(i, 1 + i / 10));
  x.reopen();
  auto state = x->load({1});
  BOOST_TEST(state.last == (log_position{{20}, {3}}));
  BOOST_TEST(
    state.term_starts
      == (std::vector<log_position>{{{1}, {1}}, {{10}, {2}}, {{20}, {3}}}),
    boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(groups_are_independent, kinds(), kind) {
  any_store x{kind};
  std::vector<persist> both{batch{2}.term(4).add(1, 3).add(2, 4),
                            batch{1}.term(9, 2).fill(1, 30, 9)};
  x->commit(both);
  commit(x, batch{2}.term(4).truncate(2).add(2, 4).add(3, 4));
  x.reopen();
  BOOST_TEST(log_of(x, 2) == (texts{"1@3", "2@4", "3@4"}));
  BOOST_TEST(log_of(x, 1).size() == 30u);
  BOOST_TEST((x->load({1}).hard == hard_state{{9}, {2}}));
  BOOST_TEST((x->load({2}).hard == hard_state{{4}, {0}}));
  BOOST_TEST((x->load({3}) == durable_state{}));
  BOOST_TEST(x->groups() == (std::vector<group_id>{{1}, {2}}),
             boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(members_stay_unless_changed, kinds(), kind) {
  any_store x{kind};
  membership first{{0}, {{1}, {2}, {3}}, {}};
  commit(x, batch{}.members(first));
  commit(x, batch{}.add(1, 1));
  BOOST_TEST((x->load({1}).members.founding == first));
  membership second{{1}, {{1}}, {{2}}};
  commit(x, batch{}.term(1).members(second));
  BOOST_TEST((x->load({1}).members.founding == second));
}

// -- truncation ---------------------------------------------------------------

BOOST_DATA_TEST_CASE(truncation_takes_the_suffix, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 4, 1).fill(5, 8, 2).fill(9, 12, 3));
  commit(x, batch{}.term(4).truncate(7));
  x.reopen();
  auto state = x->load({1});
  BOOST_TEST(state.last == (log_position{{6}, {2}}));
  BOOST_TEST(state.term_starts
               == (std::vector<log_position>{{{1}, {1}}, {{5}, {2}}}),
             boost::test_tools::per_element());
  BOOST_TEST(x->read({1}, {7}, {12}, 1000).empty());
}

BOOST_DATA_TEST_CASE(truncation_and_new_entries_in_one_step, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 4, 1).fill(5, 8, 2));
  commit(x, batch{}.truncate(5).add(5, 3).add(6, 3));
  x.reopen();
  BOOST_TEST(log_of(x) == (texts{"1@1", "2@1", "3@1", "4@1", "5@3", "6@3"}));
  BOOST_TEST(x->load({1}).term_starts
               == (std::vector<log_position>{{{1}, {1}}, {{5}, {3}}}),
             boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(truncation_to_empty, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 600, 1));
  commit(x, batch{}.term(2).truncate(1));
  x.reopen();
  auto state = x->load({1});
  BOOST_TEST(state.last == log_position{});
  BOOST_TEST(state.term_starts.empty());
  BOOST_TEST(state.last_time_ms == 0u);
  commit(x, batch{}.add(1, 2));
  BOOST_TEST(log_of(x) == texts{"1@2"});
}

BOOST_DATA_TEST_CASE(truncation_beyond_the_end_is_none, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 3, 1));
  commit(x, batch{}.truncate(5).fill(4, 4, 1));
  BOOST_TEST(x->load({1}).last == (log_position{{4}, {1}}));
}

// -- compaction ---------------------------------------------------------------

BOOST_DATA_TEST_CASE(compaction_hides_the_prefix, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 4, 1).fill(5, 8, 2).fill(9, 12, 3));
  commit(x, batch{}.term(3).compact(6, 2));
  x.reopen();
  auto state = x->load({1});
  BOOST_TEST(state.compacted == (log_position{{6}, {2}}));
  BOOST_TEST(state.last == (log_position{{12}, {3}}));
  BOOST_TEST(state.term_starts
               == (std::vector<log_position>{{{7}, {2}}, {{9}, {3}}}),
             boost::test_tools::per_element());
  BOOST_TEST(x->read({1}, {6}, {12}, 1000).empty());
  BOOST_TEST(x->read({1}, {7}, {12}, 1000).size() == 6u);
}

BOOST_DATA_TEST_CASE(compaction_of_a_long_log_hides_all_at_once, kinds(),
                     kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 5000, 1));
  commit(x, batch{}.term(1).compact(4990, 1));
  for (std::uint64_t i = 1; i <= 30; ++i) {
    x.reopen();
    BOOST_TEST(x->read({1}, {1}, {4990}, 1000).empty());
    BOOST_TEST(x->read({1}, {4990}, {4990}, 1000).empty());
    BOOST_TEST(log_of(x).size() == 9 + i);
    commit(x, batch{}.add(5000 + i, 1));
  }
}

BOOST_DATA_TEST_CASE(compaction_of_everything_leaves_an_empty_log, kinds(),
                     kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 8, 2));
  commit(x, batch{}.term(2).compact(8, 2));
  x.reopen();
  auto state = x->load({1});
  BOOST_TEST(state.last == (log_position{{8}, {2}}));
  BOOST_TEST(state.term_starts.empty());
  commit(x, batch{}.add(9, 2));
  x.reopen();
  BOOST_TEST(log_of(x) == texts{"9@2"});
  BOOST_TEST(x->load({1}).term_starts
               == (std::vector<log_position>{{{9}, {2}}}),
             boost::test_tools::per_element());
  commit(x, batch{}.term(2).truncate(9));
  BOOST_TEST(x->load({1}).last == (log_position{{8}, {2}}));
}

// Else the times of entries would go backwards after a restart.
BOOST_DATA_TEST_CASE(the_time_of_a_log_that_was_dropped_is_kept, kinds(),
                     kind) {
  any_store x{kind};
  commit(x, batch{}.term(1).fill(1, 9, 1));
  commit(x, batch{}.term(1).compact(4, 1));
  x.reopen();
  BOOST_TEST(x->load({1}).last_time_ms == 1009u);
  commit(x, batch{}.term(1).compact(9, 1));
  x.reopen();
  BOOST_TEST(x->load({1}).last_time_ms == 1009u);
  // Also over a log that grows and is cut back to there.
  commit(x, batch{}.term(1).fill(10, 12, 1));
  BOOST_TEST(x->load({1}).last_time_ms == 1012u);
  commit(x, batch{}.term(2).truncate(10));
  BOOST_TEST(x->load({1}).last_time_ms == 1009u);
}

BOOST_DATA_TEST_CASE(snapshot_beyond_the_end_replaces_the_log, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 8, 2));
  commit(x, batch{}.term(5).compact(100, 4).add(101, 4).add(102, 5));
  x.reopen();
  auto state = x->load({1});
  BOOST_TEST(state.compacted == (log_position{{100}, {4}}));
  BOOST_TEST(state.term_starts
               == (std::vector<log_position>{{{101}, {4}}, {{102}, {5}}}),
             boost::test_tools::per_element());
  BOOST_TEST(log_of(x) == (texts{"101@4", "102@5"}));
}

BOOST_DATA_TEST_CASE(snapshot_that_contradicts_the_log, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 4, 1).fill(5, 200, 2));
  commit(x, batch{}.term(5).truncate(1).compact(100, 4));
  x.reopen();
  BOOST_TEST(log_of(x).empty());
  BOOST_TEST(x->load({1}).last == (log_position{{100}, {4}}));
  commit(x, batch{}.add(101, 5));
  x.reopen();
  BOOST_TEST(log_of(x) == texts{"101@5"});
}

BOOST_DATA_TEST_CASE(a_log_is_reset_to_a_snapshot, kinds(), kind) {
  // Beyond its end; where it has another entry, at its end or in the middle.
  for (auto index : {20u, 12u, 7u}) {
    any_store x{kind};
    commit(x, batch{}.term(5, 2).fill(1, 4, 1).fill(5, 12, 2));
    commit(x, batch{}.term(5, 2).compact(2, 1));
    auto head = make_head(index, 4);
    commit(x, batch{}.term(5, 2).install(head));
    auto check = [&](const durable_state& state, bool installing) {
      BOOST_TEST((state.hard == hard_state{{5}, {2}}));
      BOOST_TEST(state.compacted == head.last);
      BOOST_TEST(state.last == head.last);
      BOOST_TEST(state.term_starts.empty());
      BOOST_TEST(state.last_time_ms == head.time_ms);
      BOOST_TEST((state.members.current() == head.members));
      BOOST_TEST(state.cluster.value == head.cluster.value);
      BOOST_TEST((state.installing == (installing ? head : snapshot_head{})));
    };
    check(x->load({1}), true);
    x.reopen();
    check(x->load({1}), true);
    BOOST_TEST(log_of(x).empty());
    commit(x, batch{}.term(5, 2).installed());
    check(x->load({1}), false);
    x.reopen();
    check(x->load({1}), false);
    // It goes on behind, whatever was there.
    commit(x, batch{}.term(5, 2).add(index + 1, 5));
    x.reopen();
    BOOST_TEST(log_of(x) == texts{std::to_string(index + 1) + "@5"});
  }
}

// While the next snapshot is installed, nobody may forget it because the one
// before is.
BOOST_DATA_TEST_CASE(the_snapshot_installed_last_counts, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.term(5).install(make_head(10, 4)));
  commit(x, batch{}.term(5).add(11, 5));
  commit(x, batch{}.term(5).install(make_head(20, 5)));
  x.reopen();
  BOOST_TEST((x->load({1}).installing == make_head(20, 5)));
  BOOST_TEST(log_of(x).empty());
}

// What is erased at once would stop everybody for long.
BOOST_DATA_TEST_CASE(a_long_log_is_reset, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 5000, 1));
  commit(x, batch{}.term(3).install(make_head(6000, 2)));
  for (std::uint64_t i = 1; i <= 30; ++i) {
    x.reopen();
    BOOST_TEST(x->read({1}, {1}, {6000}, 1000).empty());
    BOOST_TEST(log_of(x).size() == i - 1);
    commit(x, batch{}.add(6000 + i, 3));
  }
}

BOOST_DATA_TEST_CASE(compaction_within_the_new_entries, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 4, 1));
  commit(x, batch{}.fill(5, 6, 1).fill(7, 9, 2).compact(7, 2));
  x.reopen();
  BOOST_TEST(log_of(x) == (texts{"8@2", "9@2"}));
  BOOST_TEST(x->load({1}).term_starts
               == (std::vector<log_position>{{{8}, {2}}}),
             boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(compaction_within_the_first_new_entries, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 4, 1).compact(4, 1));
  commit(x, batch{}.fill(5, 9, 1).compact(7, 1));
  x.reopen();
  BOOST_TEST(log_of(x) == (texts{"8@1", "9@1"}));
  BOOST_TEST(x->load({1}).term_starts
               == (std::vector<log_position>{{{8}, {1}}}),
             boost::test_tools::per_element());
}

// -- reading ------------------------------------------------------------------

BOOST_DATA_TEST_CASE(read_is_bounded_by_bytes_but_gives_one, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.fill(1, 10, 1, 100));
  auto one = cost(x->read({1}, {1}, {1}, 0).at(0));
  BOOST_TEST(x->read({1}, {1}, {10}, 0).size() == 1u);
  BOOST_TEST(x->read({1}, {1}, {10}, one).size() == 1u);
  BOOST_TEST(x->read({1}, {1}, {10}, 3 * one - 1).size() == 2u);
  BOOST_TEST(x->read({1}, {1}, {10}, 3 * one).size() == 3u);
  BOOST_TEST(x->read({1}, {4}, {5}, 100 * one).size() == 2u);
  BOOST_TEST(x->read({1}, {9}, {99}, 100 * one).size() == 2u);
  BOOST_TEST(x->read({1}, {11}, {99}, 100 * one).empty());
  BOOST_TEST(x->read({1}, {0}, {10}, 100 * one).empty());
  BOOST_TEST(x->read({1}, {5}, {4}, 100 * one).empty());
}

BOOST_DATA_TEST_CASE(reads_beside_a_commit_see_whole_batches, kinds(), kind) {
  constexpr std::uint64_t commits = 300;
  any_store x{kind};
  std::thread writer{[&x] {
    for (std::uint64_t i = 1; i <= commits; ++i)
      commit(x, batch{}.term(i).add(i, i));
  }};
  auto torn = 0;
  for (std::uint64_t seen = 0; seen < commits;) {
    auto state = x->load({1});
    auto entries = x->read({1}, state.last.index, state.last.index, 1);
    seen = state.hard.term.value;
    torn += state.last != log_position{{seen}, {seen}};
    torn += state.term_starts.size() != seen;
    torn += entries.size() != (seen > 0 ? 1 : 0);
  }
  writer.join();
  BOOST_TEST(torn == 0);
}

// -- what is refused ----------------------------------------------------------

BOOST_DATA_TEST_CASE(bad_batches_are_refused_and_write_nothing, kinds(), kind) {
  any_store x{kind};
  commit(x, batch{}.term(5, 2).fill(1, 4, 2).fill(5, 8, 5).compact(2, 2));
  // Gaps: beyond the end, within, and an entry that is already there.
  check_refused(x, batch{}.term(5, 2).add(10, 5));
  check_refused(x, batch{}.term(5, 2).add(9, 5).add(11, 5));
  check_refused(x, batch{}.term(5, 2).add(8, 5));
  check_refused(x, batch{}.term(5, 2).truncate(6).add(7, 5));
  // Terms.
  check_refused(x, batch{}.term(5, 2).add(9, 4));
  check_refused(x, batch{}.term(5, 2).truncate(5).add(5, 4).add(6, 3));
  check_refused(x, batch{}.add(9, 7).term(5, 2));
  // Hard state.
  check_refused(x, batch{}.term(4));
  check_refused(x, batch{}.term(5, 3));
  check_refused(x, batch{}.term(5, 0));
  // Compaction.
  check_refused(x, batch{}.term(5, 2).truncate(2));
  check_refused(x, batch{}.term(5, 2).compact(1, 2));
  check_refused(x, batch{}.term(5, 2).compact(2, 1));
  check_refused(x, batch{}.term(5, 2).compact(6, 4));
  check_refused(x, batch{}.term(5, 2).add(9, 5).compact(9, 4));
  // Snapshots: older than what is compacted, or the same; of a later term; with
  // anything else beside it.
  check_refused(x, batch{}.term(5, 2).install(make_head(1, 2)));
  check_refused(x, batch{}.term(5, 2).install(make_head(2, 2)));
  check_refused(x, batch{}.term(5, 2).install(make_head(20, 6)));
  check_refused(x, batch{}.term(5, 2).install(make_head(20, 5)).add(21, 5));
  check_refused(x, batch{}.term(5, 2).install(make_head(20, 5)).compact(20, 4));
  check_refused(x, batch{}.term(5, 2).install(make_head(20, 5)).truncate(9));
  check_refused(x, batch{}.term(5, 2).install(make_head(20, 5)).installed());
}

BOOST_DATA_TEST_CASE(group_twice_is_refused, kinds(), kind) {
  any_store x{kind};
  std::vector<persist> twice{batch{1}.add(1, 1), batch{2}, batch{1}.add(2, 1)};
  BOOST_CHECK_THROW(x->commit(twice), std::logic_error);
  BOOST_TEST(x->groups().empty());
}

BOOST_DATA_TEST_CASE(refusals_do_not_stop_the_store, kinds(), kind) {
  any_store x{kind};
  BOOST_CHECK_THROW(commit(x, batch{}.add(3, 1)), std::logic_error);
  commit(x, batch{}.add(1, 1));
  BOOST_TEST(log_of(x) == texts{"1@1"});
}

// -- both at once -------------------------------------------------------------

namespace {

/// Any batch at all, more often sound than not.
batch random_batch(std::mt19937_64& random, const durable_state& state) {
  auto below = [&random](std::uint64_t n) { return random() % n; };
  auto next = state.last.index.value + 1;
  batch result;
  auto term = state.hard.term.value + below(2);
  if (below(4) == 0) {
    auto from = next - std::min(next, below(10)) + below(2);
    result.truncate(from);
    next = std::min(next, from);
  }
  if (below(4) != 0) {
    auto jump = below(10) == 0 ? below(5) : 0;
    auto first_term = std::max(state.last.term.value, term - below(2));
    result.fill(next + jump, next + jump + below(4), first_term);
    result.fill(next + jump + result.entries().size(),
                next + jump + result.entries().size() + below(3), term);
  }
  if (below(5) == 0) {
    auto all = result.entries();
    auto point = state.compacted.index.value + below(6);
    result.compact(point, below(3) == 0 ? term : state.last.term.value);
    if (!all.empty() && below(2) == 0) {
      auto& x = all[below(all.size())];
      result.compact(x.index.value, x.term.value);
    }
  }
  result.term(term, below(2));
  if (below(20) == 0) {
    auto at = state.compacted.index.value + below(12);
    result.install(make_head(at, term - below(2)));
  } else if (below(5) == 0) {
    result.installed();
  }
  return result;
}

/// @returns whether the store took it.
bool accepts(const any_store& to, const persist& x) {
  try {
    commit(to, x);
    return true;
  } catch (const std::logic_error&) {
    return false;
  }
}

} // namespace

BOOST_DATA_TEST_CASE(stores_agree_on_random_histories,
                     data::make({1, 2, 3, 4, 5, 6, 7, 8}), seed) {
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  any_store memory{"memory"};
  any_store disk{"lmdb"};
  any_store journal{"journal"};
  int accepted = 0;
  for (int i = 0; i < 500; ++i) {
    auto x = random_batch(random, memory->load({1}));
    auto taken = accepts(memory, x);
    accepted += taken;
    BOOST_REQUIRE_EQUAL(accepts(disk, x), taken);
    BOOST_REQUIRE((memory->load({1}) == disk->load({1})));
    BOOST_REQUIRE(log_of(memory) == log_of(disk));
    BOOST_REQUIRE_EQUAL(accepts(journal, x), taken);
    BOOST_REQUIRE((memory->load({1}) == journal->load({1})));
    BOOST_REQUIRE(log_of(memory) == log_of(journal));
    if (random() % 20 == 0)
      journal.reopen();
  }
  BOOST_TEST(accepted > 150);
  BOOST_TEST(accepted < 500);
}

BOOST_AUTO_TEST_SUITE_END()
