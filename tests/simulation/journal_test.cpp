// The disk below the journal in the simulator, and what it does to records.

#include <raft/persistence/journal.hpp>
#include <raft/simulation/journal_memory.hpp>
#include <raft/simulation/recorded_disk.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace raft;
using namespace raft::simulation;
using persistence::journal_room;

namespace {

constexpr persistence::journal_key key{7, {1}};

std::string record_of(char what, std::size_t body_bytes) {
  return persistence::begin_journal_record() + std::string(body_bytes, what);
}

/// Two segments of two records each.
struct memory_fixture {
  memory_fixture() {
    for (auto x : {'a', 'b'})
      add(x);
  }

  void add(char what) {
    persistence::journal uut{files, key, 0};
    recover(uut);
    auto record = record_of(what, 1800);
    BOOST_REQUIRE((uut.room(1800) == journal_room::found));
    uut.append(record);
  }

  /// What records a process finds, by their content.
  std::string recover(persistence::journal& uut) const {
    std::string result;
    uut.recover({}, [&](const auto&, auto body) { result += body.front(); });
    return result;
  }

  std::string found() {
    persistence::journal uut{files, key, 0};
    return recover(uut);
  }

  journal_memory files{2, 4096};
  base::random random{3};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(memory_of_a_journal, memory_fixture)

BOOST_AUTO_TEST_CASE(what_was_synced_survives) {
  BOOST_TEST(!files.cut_power(random));
  BOOST_TEST(found() == "ab");
}

BOOST_AUTO_TEST_CASE(a_write_that_ends_the_process_is_never_whole) {
  std::uint64_t parts = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    auto before = files;
    files.arm(journal_memory::stop::in_write, seed);
    BOOST_CHECK_THROW(add('c'), process_ends);
    BOOST_TEST(found() == "ab");
    parts += files.torn();
    // The rest may come with the next attempt.
    files.arm(journal_memory::stop::in_write, seed + 1);
    BOOST_CHECK_THROW(add('c'), process_ends);
    BOOST_TEST(found() == "ab");
    if (seed < 99)
      files = before;
  }
  BOOST_TEST(parts > 50u);
  add('d');
  BOOST_TEST(!files.cut_power(random));
  BOOST_TEST(found() == "abd");
}

BOOST_AUTO_TEST_CASE(a_write_without_its_sync_is_shown_and_can_be_lost) {
  auto lost = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    auto before = files;
    files.arm(journal_memory::stop::before_sync, seed);
    BOOST_CHECK_THROW(add('c'), process_ends);
    BOOST_TEST(found() == "abc");
    auto settled = files;
    settled.settle();
    BOOST_TEST(!settled.cut_power(random));
    BOOST_TEST(files.cut_power(random));
    lost += found() == "ab" ? 1 : 0;
    files = before;
  }
  BOOST_TEST(lost > 50);
  BOOST_TEST(lost < 100);
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_can_be_flipped_back) {
  auto before = std::string{files.content(0)};
  files.flip({0, 100});
  BOOST_TEST((files.content(0) != before));
  BOOST_CHECK_THROW(found(), persistence::store_error);
  files.flip({0, 100});
  BOOST_TEST((files.content(0) == before));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// A peer's disk, and what it writes.
struct disk_fixture {
  void start() {
    uut.begin_start({++starts});
  }

  persist next(std::size_t bytes) {
    persist x;
    x.group = {1};
    x.number = {++number};
    x.batch.hard = {{1}, {2}};
    entry e;
    e.index = uut.last().index.next();
    e.term = {1};
    e.time_ms = number;
    e.data = raft::bytes{std::string(bytes, 'x')};
    x.batch.entries.push_back(e);
    return x;
  }

  recorded_disk uut{{{1}, {2}}, {5}, 1};
  std::uint64_t starts = 0;
  std::uint64_t number = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(disk_with_a_journal, disk_fixture)

BOOST_AUTO_TEST_CASE(each_end_of_a_process_leaves_what_it_should) {
  counters seen;
  for (auto i = 0; i < 200; ++i) {
    start();
    for (auto n = 0; n < i % 7; ++n)
      uut.write(next(300));
    // Some are too long for any segment.
    auto x = next(i % 5 == 0 ? 70'000 : 900);
    if (i % 3 == 0)
      uut.write(x);
    else
      uut.end(&x, i % 3 == 1);
    uut.end(nullptr, false);
    if (i % 20 == 0) {
      auto copy = uut;
      uut = std::move(copy);
    }
    seen += uut.take_counts();
  }
  BOOST_TEST(seen.records_torn > 10u);
  BOOST_TEST(seen.power_cuts > 10u);
  BOOST_TEST(seen.records_damaged > 5u);
  BOOST_TEST(seen.moves_to_tables > 10u);
  BOOST_TEST(seen.long_batches > 5u);
}

BOOST_AUTO_TEST_CASE(nothing_is_left_of_a_disk_before) {
  start();
  uut.write(next(10));
  uut.end(nullptr, false);
  uut.preset({{4}, {2}}, {});
  start();
  BOOST_TEST((uut.hard() == hard_state{{4}, {2}}));
  BOOST_TEST((uut.last() == log_position{}));
}

BOOST_AUTO_TEST_CASE(a_difference_to_the_model_is_a_violation) {
  durable_state state;
  state.members.founding.voters = {{1}, {2}};
  journaled_disk journal{{5}, state, 1};
  journal.start(state, {});
  auto x = next(10);
  journal.write(x);
  journal.end(nullptr, false);
  BOOST_CHECK_THROW(journal.start(state, {}), violation);
  start();
  uut.write(x);
  auto entries = uut.tail(1);
  journal.start(uut.state(), entries);
  journal.end(nullptr, false);
  entries[0].data = raft::bytes{"other"};
  BOOST_CHECK_THROW(journal.start(uut.state(), entries), violation);
}

BOOST_AUTO_TEST_SUITE_END()
