// What a store with a journal does beyond what every store does: it takes over
// directories, moves to the tables what is wanted, and finds damage.

#include <raft/persistence/journal_directory.hpp>
#include <raft/persistence/journal_step.hpp>
#include <raft/persistence/lmdb_log.hpp>
#include <raft/tests/persistence/store_fixture.hpp>
#include <raft/tests/support/tree.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;
namespace data = boost::unit_test::data;
namespace fs = std::filesystem;

namespace {

struct journal_store_fixture : any_store {
  journal_store_fixture() : any_store{"journal"} {
    // nop
  }

  std::string file(std::uint32_t segment) const {
    return options().directory + '/' + journal_file_name(segment);
  }

  std::set<std::string> journal_files_there() const {
    std::set<std::string> result;
    for (const auto& x : fs::directory_iterator{options().directory})
      if (auto name = x.path().filename().string(); name.starts_with("journal"))
        result.insert(name);
    return result;
  }

  void flip(std::uint32_t segment, std::uint64_t offset) const {
    std::fstream x{file(segment),
                   std::ios::binary | std::ios::in | std::ios::out};
    x.seekg(static_cast<std::streamoff>(offset));
    auto byte = static_cast<char>(x.get() ^ 0x20);
    x.seekp(static_cast<std::streamoff>(offset));
    x.put(byte);
  }

  /// Adds entries, one for each commit.
  void add(std::uint64_t count, std::size_t bytes = 200) {
    for (; count > 0; --count) {
      auto state = (*this)->load({1});
      auto term = std::max<std::uint64_t>(state.hard.term.value, 1);
      commit(*this,
             batch{}
               .term(term, state.hard.vote.value)
               .add(state.last.index.value + 1, term, std::string(bytes, 'x')));
    }
  }

  /// The entries in the tables, whether they count or not.
  std::uint64_t entries_in_tables() const {
    lmdb_log tables{[this] {
                      auto result = options();
                      result.writable = false;
                      return result;
                    }(),
                    true};
    auto txn = tables.db().begin_read();
    MDB_stat stat{};
    lmdb::check(mdb_stat(txn.handle(), tables.db().log, &stat), "mdb_stat");
    return stat.ms_entries;
  }

  journal_mark mark() const {
    auto how = options();
    how.writable = false;
    return lmdb_log{how, true}
      .reading([](const auto& x) { return x.journal(); })
      .value();
  }

  /// What is said to whoever opens it; nothing of it may change.
  std::string complaint(store_errc code = store_errc::corrupt) {
    close();
    auto before = files_below(options().directory);
    try {
      reopen();
      close();
      return {};
    } catch (const store_error& e) {
      BOOST_TEST((e.code() == code), e.what());
      BOOST_TEST((files_below(options().directory) == before));
      return e.what();
    }
  }
};

bool says(const std::string& what, const std::string& part) {
  return what.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(journal_stores, journal_store_fixture)

// -- directories --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_store_without_a_journal_gets_one) {
  close();
  fs::remove_all(options().directory);
  use("lmdb");
  membership members{{0}, {{1}, {2}}, {}};
  commit(*this, batch{}.fill(1, 50, 1).members(members));
  commit(*this, batch{}.term(3, 2).truncate(41).fill(41, 45, 3).compact(7, 1));
  (*this)->remember({{{{2}, {5}, {6}, {7}}}, false});
  auto before = (*this)->load({1});
  auto entries = (*this)->read({1}, {8}, {45}, 100'000);
  BOOST_REQUIRE(entries.size() == 38u);
  BOOST_TEST(journal_files_there().empty());
  use("journal");
  BOOST_TEST(((*this)->load({1}) == before));
  BOOST_TEST(((*this)->read({1}, {8}, {45}, 100'000) == entries));
  BOOST_TEST((*this)->memory().others.size() == 1u);
  BOOST_TEST(!(*this)->memory().restored);
  BOOST_TEST(journal_files_there().size() == 3u);
  commit(*this, batch{}.term(4).truncate(44).fill(44, 60, 4));
  reopen();
  BOOST_TEST((*this)->load({1}).last == (log_position{{60}, {4}}));
  BOOST_TEST(log_of(*this).size() == 53u);
  // No program that knows of no journal may take what the tables hold for all.
  close();
  for (auto writable : {true, false})
    try {
      auto how = options();
      how.writable = writable;
      open_lmdb_store(how);
      BOOST_ERROR("opened without its journal");
    } catch (const store_error& e) {
      BOOST_TEST((e.code() == store_errc::newer_format));
      BOOST_TEST(says(e.what(), "has a journal"));
    }
}

BOOST_AUTO_TEST_CASE(who_only_reads_gives_no_store_a_journal) {
  close();
  fs::remove_all(options().directory);
  use("lmdb");
  commit(*this, batch{}.fill(1, 5, 1));
  close();
  writable = false;
  auto before = files_below(options().directory);
  use("journal");
  BOOST_TEST(log_of(*this).size() == 5u);
  BOOST_TEST((files_below(options().directory) == before));
}

BOOST_AUTO_TEST_CASE(a_file_of_the_journal_that_is_gone_is_missed) {
  add(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    close();
    fs::rename(file(i), file(9));
    auto said = complaint();
    BOOST_TEST(says(said, "'" + file(i) + "' is missing"), said);
    BOOST_TEST(says(said, "Keep the directory"), said);
    fs::rename(file(9), file(i));
  }
  reopen();
  BOOST_TEST(log_of(*this).size() == 3u);
}

BOOST_AUTO_TEST_CASE(an_older_journal_beside_newer_tables_is_found_out) {
  add(3);
  close();
  auto copy = files_below(options().directory);
  reopen();
  add(20);
  (*this)->conclude();
  close();
  for (const auto& [name, content] : copy)
    if (name.starts_with("journal"))
      std::ofstream{options().directory + '/' + name, std::ios::binary}
        << content;
  auto said = complaint();
  BOOST_TEST(says(said, "record 4 of the journal"), said);
  BOOST_TEST(says(said, "had 23 records"), said);
}

BOOST_AUTO_TEST_CASE(a_journal_may_get_more_files_or_fewer) {
  add(60);
  for (std::uint64_t segments : {5, 2, 4, 2, 2, 3}) {
    journal.segments = segments;
    reopen();
    add(60);
    (*this)->conclude();
    reopen();
    BOOST_TEST(log_of(*this).size() == (*this)->load({1}).last.index.value);
    // Files that still hold something stay for a while.
    BOOST_TEST(journal_files_there().size() >= segments);
    close();
    BOOST_TEST(mark().segments == journal_files_there().size());
    reopen();
  }
  BOOST_TEST(log_of(*this).size() == 420u);
}

BOOST_AUTO_TEST_CASE(a_journal_may_get_longer_or_shorter_files) {
  for (std::uint64_t bytes : {16 << 10, 64 << 10, 4096, 5000, 32 << 10}) {
    journal.segment_bytes = bytes;
    reopen();
    add(100);
    auto last = (*this)->load({1}).last.index.value;
    commit(*this, batch{}.term(1).add(last + 1, 1, std::string(8000, 'y')));
    reopen();
    BOOST_TEST(log_of(*this).size() == last + 1);
  }
}

BOOST_AUTO_TEST_CASE(options_that_can_not_be_are_refused) {
  for (auto x : {journal_options{1, 4096}, journal_options{65, 4096},
                 journal_options{2, 4095},
                 journal_options{2, (std::uint64_t{1} << 30) + 1}}) {
    journal = x;
    BOOST_CHECK_THROW(reopen(), std::invalid_argument);
  }
}

// -- what goes to the tables --------------------------------------------------

BOOST_AUTO_TEST_CASE(what_is_compacted_in_time_never_reaches_the_tables) {
  // The journal holds about 90 of these.
  for (auto i = 0; i < 60; ++i) {
    add(10);
    auto last = (*this)->load({1}).last.index.value;
    commit(*this, batch{}.term(1).compact(last - 5, 1));
  }
  close();
  BOOST_TEST(entries_in_tables() == 0u);
  BOOST_TEST(mark().applied > 400u);
  reopen();
  BOOST_TEST(log_of(*this).size() == 5u);
  BOOST_TEST((*this)->load({1}).last_time_ms == 1600u);
}

BOOST_AUTO_TEST_CASE(what_is_wanted_does) {
  add(500);
  BOOST_TEST(log_of(*this).size() == 500u);
  close();
  BOOST_TEST(entries_in_tables() > 350u);
  reopen();
  BOOST_TEST(log_of(*this).size() == 500u);
  // Reads go on from one to the other.
  for (std::uint64_t first = 1; first <= 500; first += 7) {
    auto some = (*this)->read({1}, {first}, {500}, 1'000'000);
    BOOST_REQUIRE(some.size() == 501 - first);
    BOOST_REQUIRE(some.front().index.value == first);
  }
}

BOOST_AUTO_TEST_CASE(a_commit_that_no_segment_holds_goes_to_the_tables) {
  add(5);
  std::vector<persist> both{
    batch{1}.term(2).truncate(4).fill(4, 9, 2, 5000).compact(2, 1),
    batch{2}.term(7).fill(1, 3, 7, 5000)};
  (*this)->commit(both);
  BOOST_TEST(log_of(*this).size() == 7u);
  add(3);
  reopen();
  BOOST_TEST(log_of(*this).size() == 10u);
  BOOST_TEST(log_of(*this, 2).size() == 3u);
  BOOST_TEST(((*this)->load({2}).hard == hard_state{{7}, {}}));
}

BOOST_AUTO_TEST_CASE(reads_beside_what_moves_see_all) {
  add(20, 500);
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::thread reader{[&] {
    while (!done) {
      auto state = (*this)->load({1});
      auto first = state.compacted.index.next();
      auto all = (*this)->read({1}, first, state.last.index, 1'000'000);
      // Some may have been compacted meanwhile.
      auto expected = state.last.index.value - first.value + 1;
      if (!all.empty() && all.size() != expected)
        ++wrong;
      for (std::size_t i = 0; i < all.size(); ++i)
        wrong += all[i].index.value != first.value + i;
    }
  }};
  for (auto i = 0; i < 200; ++i) {
    add(4, 500);
    if (i % 10 == 0) {
      auto last = (*this)->load({1}).last.index.value;
      commit(*this, batch{}.term(1).compact(last - 15, 1));
    }
  }
  done = true;
  reader.join();
  BOOST_TEST(wrong == 0);
}

// A compaction can come into the journal while a step is being collected.
BOOST_AUTO_TEST_CASE(a_step_knows_of_compactions_in_its_own_records) {
  close();
  lmdb_log tables{options(), true};
  auto body = [](const persist& x, std::uint64_t time) {
    auto record = begin_journal_record();
    append_batch(record, x, time);
    return record.substr(journal_header_bytes);
  };
  journal_step step{[](group_id) { return compaction_point{}; }};
  step.add(body(batch{}.term(2, 3).fill(1, 9, 1), 0));
  step.add(body(batch{}.term(4).truncate(8).fill(8, 12, 4), 0));
  step.add(body(batch{}.term(4, 1).compact(6, 1), 1006));
  BOOST_TEST((step.groups() == std::vector<group_id>{{1}}));
  tables.begin_start();
  tables.change([&](const lmdb_writer& to, const lmdb_reader& from) {
    auto writes = step.writes(from);
    to.reserve(writes, true, false);
    for (const auto& x : writes)
      to.write(x);
  });
  auto found = tables.reading([](const auto& x) { return x.load({1}); });
  BOOST_TEST(found.compacted == (log_position{{6}, {1}}));
  BOOST_TEST(found.last == (log_position{{12}, {4}}));
  BOOST_TEST((found.hard == hard_state{{4}, {1}}));
  BOOST_TEST(found.term_starts
               == (std::vector<log_position>{{{7}, {1}}, {{8}, {4}}}),
             boost::test_tools::per_element());
  tables.reading([](const auto& x) {
    BOOST_TEST(x.compaction({1}).time_ms == 1006u);
    BOOST_TEST(x.read({1}, {7}, {12}, 10'000).size() == 6u);
  });
}

// -- damage -------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(damage_in_the_journal_is_named_and_refused) {
  add(10); // 512 bytes each, from the beginning of the first file
  for (std::uint64_t victim = 1; victim < 10; ++victim)
    for (std::uint64_t byte : {0, 20, 60, 200}) {
      close();
      auto offset = (victim - 1) * 512;
      flip(0, offset + byte);
      auto said = complaint();
      BOOST_TEST(says(said, "record " + std::to_string(victim)
                              + " of the "
                                "journal ('"
                              + file(0) + "', offset " + std::to_string(offset)
                              + ')'),
                 said);
      BOOST_TEST(says(said, "Keep the directory"), said);
      flip(0, offset + byte);
    }
  reopen();
  BOOST_TEST(log_of(*this).size() == 10u);
}

BOOST_AUTO_TEST_CASE(a_torn_end_is_dropped) {
  add(10);
  close();
  flip(0, 9 * 512 + 100);
  reopen();
  BOOST_TEST(log_of(*this).size() == 9u);
  add(2);
  reopen();
  BOOST_TEST(log_of(*this).size() == 11u);
}

// Whoever has ended in order had nothing under way.
BOOST_AUTO_TEST_CASE(after_an_end_in_order_no_end_is_torn) {
  add(10);
  (*this)->conclude();
  close();
  flip(0, 9 * 512 + 100);
  BOOST_TEST(says(complaint(), "record 10 of the journal"));
}

// A damaged record that was shown to a peer is no torn end at the next start.
BOOST_AUTO_TEST_CASE(what_was_found_once_is_no_torn_end) {
  add(10);
  reopen();
  close();
  flip(0, 9 * 512 + 100);
  BOOST_TEST(says(complaint(), "record 10 of the journal"));
}

BOOST_AUTO_TEST_CASE(damage_is_found_when_an_entry_is_read) {
  add(10);
  flip(0, 4 * 512 + 200);
  BOOST_TEST((*this)->read({1}, {1}, {4}, 10'000).size() == 4u);
  try {
    (*this)->read({1}, {1}, {10}, 10'000);
    BOOST_ERROR("was read");
  } catch (const store_error& e) {
    BOOST_TEST((e.code() == store_errc::corrupt));
    BOOST_TEST(says(e.what(), "'journal 1/5'"), e.what());
    BOOST_TEST(says(e.what(), "wrong checksum"), e.what());
  }
}

BOOST_AUTO_TEST_CASE(damage_that_is_found_in_the_background_stops_the_store) {
  add(10);
  flip(0, 4 * 512 + 200);
  try {
    add(1000);
    BOOST_ERROR("went on");
  } catch (const store_error& e) {
    BOOST_TEST(says(e.what(), "record 5 of the journal"), e.what());
  }
  try {
    commit(*this, batch{}.term(9));
    BOOST_ERROR("went on");
  } catch (const store_error& e) {
    BOOST_TEST((e.code() == store_errc::write_failed));
  }
  BOOST_TEST(says(complaint(), "record 5 of the journal"));
}

BOOST_AUTO_TEST_SUITE_END()
