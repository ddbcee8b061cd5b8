// What only a store on the disk does: directories, identity, damage, full maps.

#include <raft/persistence/lmdb_database.hpp>
#include <raft/tests/persistence/saboteur.hpp>
#include <raft/tests/persistence/store_fixture.hpp>
#include <raft/tests/support/child_process.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;
namespace fs = std::filesystem;

using texts = std::vector<std::string>;

namespace {

/// Calls `f`, which must throw a `store_error` whose message has all `parts`.
template <class F>
void check_error(store_errc code, const texts& parts, F f) {
  try {
    f();
    BOOST_ERROR("no error; expected: " << to_text(code));
  } catch (const store_error& e) {
    BOOST_TEST(to_text(e.code()) == to_text(code), e.what());
    for (auto& part : parts)
      BOOST_TEST((std::string{e.what()}.find(part) != std::string::npos),
                 "'" << e.what() << "' does not say '" << part << '\'');
  }
}

std::set<std::string> files_in(const std::string& directory) {
  std::set<std::string> result;
  for (auto& x : fs::directory_iterator{directory})
    result.insert(x.path().filename());
  return result;
}

/// How many pages the data file of a store that is closed has used.
std::uint64_t used_pages(const lmdb_options& options) {
  lmdb::environment env{options.directory, 1 << 30, 16, 0};
  MDB_envinfo info{};
  lmdb::check(mdb_env_info(env.handle(), &info), "mdb_env_info");
  return std::uint64_t{info.me_last_pgno} + 1;
}

/// A store with 12 entries in terms 1, 2 and 3, of which 2 are compacted.
struct damaged_store : any_store {
  damaged_store() : any_store{"lmdb"} {
    membership members{{0}, {{1}, {2}, {3}}, {}};
    commit(*this, batch{}
                    .term(4, 2)
                    .fill(1, 4, 1)
                    .fill(5, 8, 2)
                    .fill(9, 12, 3)
                    .compact(2, 1)
                    .members(members));
    close();
    // For writing, a store that is damaged does not even open.
    writable = false;
  }

  void flip(const char* table, const std::string& key) {
    close();
    {
      saboteur x{options(), table};
      x.flip(key, 5);
      x.done();
    }
    reopen();
  }

  void erase(const char* table, const std::string& key) {
    close();
    {
      saboteur x{options(), table};
      x.erase(key);
      x.done();
    }
    reopen();
  }

  void check_load(const texts& parts) {
    check_error(store_errc::corrupt, parts, [this] { (*this)->load({1}); });
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(lmdb_store)

// -- directory and identity ---------------------------------------------------

BOOST_AUTO_TEST_CASE(a_new_store_makes_its_directory) {
  temporary_directory tmp;
  lmdb_options options{tmp.path("a/b/c"), "demo", {3}};
  incarnation_id first;
  {
    auto x = open_lmdb_store(options);
    first = x->identity().incarnation;
    BOOST_TEST(x->identity().cluster == "demo");
    BOOST_TEST(x->identity().peer == peer_id{3});
    BOOST_TEST((first != incarnation_id{}));
  }
  BOOST_TEST(open_lmdb_store(options)->identity().incarnation == first);
  options.directory = tmp.path("d");
  BOOST_TEST((open_lmdb_store(options)->identity().incarnation != first));
}

BOOST_AUTO_TEST_CASE(a_directory_that_can_not_be_made_is_named) {
  temporary_directory tmp;
  std::ofstream{tmp.path("file")} << "x";
  check_error(store_errc::no_access, {tmp.path("file/data")}, [&] {
    open_lmdb_store({tmp.path("file/data"), "demo", {1}});
  });
}

BOOST_AUTO_TEST_CASE(a_second_open_in_the_same_process_is_refused) {
  any_store x{"lmdb"};
  check_error(store_errc::in_use, {"in use", std::to_string(getpid())},
              [&] { open_lmdb_store(x.options()); });
  auto reading = x.options();
  reading.writable = false;
  check_error(store_errc::in_use, {"in use"},
              [&] { open_lmdb_store(reading); });
  // By another name, it is still the same directory.
  auto alias = x.options();
  fs::create_directory_symlink(alias.directory, alias.directory + "-alias");
  alias.directory += "-alias";
  check_error(store_errc::in_use, {"in use"}, [&] { open_lmdb_store(alias); });
  x.reopen();
}

BOOST_AUTO_TEST_CASE(a_directory_in_use_by_another_process_is_refused) {
  any_store x{"lmdb"};
  commit(x, batch{}.add(1, 1));
  x.close();
  child_process child{[&](int out) {
    auto held = open_lmdb_store(x.options());
    send_number(out, 1);
    pause();
  }};
  BOOST_REQUIRE(child.receive_number() == 1u);
  check_error(store_errc::in_use,
              {"locked by process " + std::to_string(child.pid())},
              [&] { open_lmdb_store(x.options()); });
  // Reading is possible.
  auto reading = x.options();
  reading.writable = false;
  BOOST_TEST(open_lmdb_store(reading)->load({1}).last
             == (log_position{{1}, {1}}));
  child.kill();
  x.reopen();
  BOOST_TEST(log_of(x) == texts{"1@1"});
}

BOOST_AUTO_TEST_CASE(a_store_of_somebody_else_is_refused) {
  any_store x{"lmdb"};
  x.close();
  auto other = x.options();
  other.cluster = "prod";
  check_error(store_errc::foreign, {"cluster 'test'", "cluster 'prod'"},
              [&] { open_lmdb_store(other); });
  other = x.options();
  other.peer = {2};
  check_error(store_errc::foreign, {"peer 1", "peer 2"},
              [&] { open_lmdb_store(other); });
  other.writable = false;
  check_error(store_errc::foreign, {}, [&] { open_lmdb_store(other); });
  other.peer = {};
  other.cluster = "";
  BOOST_TEST(open_lmdb_store(other)->identity().peer == peer_id{1});
}

BOOST_AUTO_TEST_CASE(a_newer_format_is_refused) {
  any_store x{"lmdb"};
  x.close();
  {
    saboteur y{x.options(), "meta"};
    y.put("format", encode({}, store_header{journal_format + 1}));
    y.done();
  }
  check_error(store_errc::newer_format, {"format 4", "newer program"},
              [&] { x.reopen(); });
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_store_is_refused) {
  temporary_directory tmp;
  std::ofstream{tmp.path("data.mdb")} << std::string(20'000, 'x');
  check_error(store_errc::corrupt, {tmp.path()}, [&] {
    open_lmdb_store({tmp.path(), "demo", {1}});
  });
}

BOOST_AUTO_TEST_CASE(a_database_of_another_program_is_refused) {
  temporary_directory tmp;
  {
    lmdb::environment env{tmp.path(), 1 << 20, 4, 0};
    lmdb::transaction txn{env, 0};
    txn.open_table("theirs", MDB_CREATE);
    txn.commit();
  }
  check_error(store_errc::corrupt, {"another program"}, [&] {
    open_lmdb_store({tmp.path(), "demo", {1}});
  });
}

// -- reading only -------------------------------------------------------------

BOOST_AUTO_TEST_CASE(reading_only_makes_nothing) {
  temporary_directory tmp;
  lmdb_options options{tmp.path("none"), "", {}};
  options.writable = false;
  check_error(store_errc::no_access, {"no store", tmp.path("none")},
              [&] { open_lmdb_store(options); });
  BOOST_TEST(!fs::exists(options.directory));

  any_store x{"lmdb"};
  commit(x, batch{}.add(1, 1));
  x.close();
  options.directory = x.options().directory;
  fs::remove(options.directory + "/lock.mdb");
  fs::remove(options.directory + '/' + lmdb::lock_file_name);
  auto before = files_in(options.directory);
  auto y = open_lmdb_store(options);
  BOOST_TEST(y->load({1}).last == (log_position{{1}, {1}}));
  auto more = batch{}.add(2, 1);
  BOOST_CHECK_THROW(y->commit(std::vector<persist>{more}), std::logic_error);
  BOOST_TEST(files_in(options.directory) == before,
             boost::test_tools::per_element());
}

// -- room ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_full_map_writes_nothing_and_stops_nothing) {
  temporary_directory tmp;
  lmdb_options options{tmp.path(), "demo", {1}};
  options.map_bytes = 1 << 20;
  options.reserved_space = {0, 4096};
  auto x = open_lmdb_store(options);
  std::uint64_t last = 0;
  check_error(store_errc::no_space, {"larger map"}, [&] {
    for (;; last += 10) {
      auto more = batch{}.fill(last + 1, last + 10, 1, 1000);
      x->commit(std::vector<persist>{more});
    }
  });
  BOOST_TEST(last > 50u);
  BOOST_TEST(x->load({1}).last.index == log_index{last});
  x.reset();
  // With a larger map, it goes on.
  options.map_bytes = 2 << 20;
  x = open_lmdb_store(options);
  BOOST_TEST(x->load({1}).last.index == log_index{last});
  auto more = batch{}.fill(last + 1, last + 10, 1, 1000);
  x->commit(std::vector<persist>{more});
  BOOST_TEST(x->load({1}).last.index == log_index{last + 10});
}

// -- damage -------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_sound_store_is_loaded) {
  damaged_store x;
  x.reopen();
  BOOST_TEST(x->load({1}).last == (log_position{{12}, {3}}));
  BOOST_TEST(log_of(x).size() == 10u);
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_is_found_and_named) {
  struct {
    const char* table;
    std::string key;
    const char* name;
  } cases[] = {
    {"hard_state", group_key({1}), "hard_state 1"},
    {"members", group_key({1}), "members 1"},
    {"compaction", group_key({1}), "compaction 1"},
    {"term_starts", log_key({1}, {5}), "term_starts 1/5"},
    {"log", log_key({1}, {12}), "log 1/12"},
    {"log", log_key({1}, {9}), "log 1/9"},
  };
  for (auto& [table, key, name] : cases) {
    damaged_store x;
    x.flip(table, key);
    x.check_load({std::string{'\''} + name + '\'', "wrong checksum",
                  x.options().directory, "go on without it"});
    // Nothing was repaired behind our back, and it does not open for more.
    x.reopen();
    x.check_load({name});
    x.writable = true;
    check_error(store_errc::corrupt, {name}, [&] { x.reopen(); });
  }
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_in_the_identity_is_found) {
  for (auto key : {"format", "identity"}) {
    damaged_store x;
    check_error(store_errc::corrupt, {"meta", key, "wrong checksum"},
                [&] { x.flip("meta", key); });
  }
}

BOOST_AUTO_TEST_CASE(damage_in_the_middle_is_found_by_read) {
  damaged_store x;
  x.flip("log", log_key({1}, {7}));
  x->load({1});
  BOOST_TEST(x->read({1}, {3}, {6}, 1000).size() == 4u);
  check_error(store_errc::corrupt, {"log 1/7", "wrong checksum"},
              [&] { x->read({1}, {3}, {12}, 10'000); });
}

BOOST_AUTO_TEST_CASE(missing_entries_are_found) {
  struct {
    std::uint64_t index;
    const char* name;
  } cases[] = {{3, "log 1/3"}, {9, "log 1/9"}};
  for (auto& [index, name] : cases) {
    damaged_store x;
    x.erase("log", log_key({1}, {index}));
    x.check_load({name, "missing"});
  }
  damaged_store x;
  x.erase("log", log_key({1}, {7}));
  check_error(store_errc::corrupt, {"log 1/7", "missing"},
              [&] { x->read({1}, {3}, {12}, 10'000); });
  check_error(store_errc::corrupt, {"log 1/7", "missing"},
              [&] { x->read({1}, {7}, {12}, 10'000); });
}

BOOST_AUTO_TEST_CASE(missing_term_starts_are_found) {
  for (std::uint64_t index : {3, 9}) {
    damaged_store x;
    x.erase("term_starts", log_key({1}, {index}));
    x.check_load({});
  }
}

BOOST_AUTO_TEST_CASE(a_lost_hard_state_is_found) {
  damaged_store x;
  x.erase("hard_state", group_key({1}));
  x.check_load({"hard_state 1"});
}

BOOST_AUTO_TEST_CASE(a_record_in_the_place_of_another_is_found) {
  damaged_store x;
  {
    saboteur y{x.options(), "log"};
    y.copy(log_key({1}, {7}), log_key({1}, {8}));
    y.copy(log_key({1}, {7}), log_key({2}, {1}));
    y.done();
  }
  x.reopen();
  check_error(store_errc::corrupt, {"log 1/8", "another index"},
              [&] { x->read({1}, {8}, {8}, 1000); });
  check_error(store_errc::corrupt, {"log 2/1", "wrong checksum"},
              [&] { x->read({2}, {1}, {1}, 1000); });
}

BOOST_AUTO_TEST_CASE(a_missing_table_is_found) {
  damaged_store x;
  {
    lmdb::environment env{x.options().directory, 1 << 20, 16, 0};
    lmdb::transaction txn{env, 0};
    auto log = txn.open_table("log", 0);
    lmdb::check(mdb_drop(txn.handle(), log.value(), 1), "mdb_drop");
    txn.commit();
  }
  check_error(store_errc::corrupt, {"'log'", "missing"}, [&] { x.reopen(); });
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_is_found) {
  for (std::uintmax_t pages = 2; pages < 8; ++pages) {
    any_store x{"lmdb"};
    commit(x, batch{}.fill(1, 100, 1, 1000));
    x.close();
    auto file = x.options().directory + "/data.mdb";
    fs::resize_file(file, pages * 4096);
    check_error(store_errc::corrupt, {"cut short", file, "go on without it"},
                [&] { x.reopen(); });
    BOOST_TEST(fs::file_size(file) == pages * 4096);
  }
}

BOOST_AUTO_TEST_CASE(what_is_cut_off_the_room_does_no_harm) {
  any_store x{"lmdb"};
  commit(x, batch{}.fill(1, 100, 1, 1000));
  x.close();
  auto used = used_pages(x.options());
  fs::resize_file(x.options().directory + "/data.mdb", used * 4096);
  x.reopen();
  BOOST_TEST(log_of(x).size() == 100u);
  commit(x, batch{}.fill(101, 200, 1, 1000));
  BOOST_TEST(log_of(x).size() == 200u);
}

// -- readers ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_reader_that_was_killed_holds_no_pages) {
  any_store x{"lmdb"};
  commit(x, batch{}.fill(1, 10, 1));
  x.close();
  child_process reader{[&](int out) {
    lmdb::environment env{x.options().directory, 1 << 30, 16, MDB_RDONLY};
    lmdb::transaction txn{env, MDB_RDONLY};
    send_number(out, 1);
    pause();
  }};
  BOOST_REQUIRE(reader.receive_number() == 1u);
  auto before = used_pages(x.options());
  x.reopen();
  reader.kill();
  for (int i = 0; i < 300; ++i)
    commit(x, batch{}.truncate(5).fill(5, 10, 1, 1000));
  x.close();
  BOOST_TEST(used_pages(x.options()) < before + 50);
}

BOOST_AUTO_TEST_CASE(no_reader_is_left_behind_by_an_error) {
  // LMDB has places for 126 readers.
  damaged_store x;
  x.writable = true; // nothing reads the damaged entry when it opens
  x.flip("log", log_key({1}, {7}));
  for (int i = 0; i < 300; ++i)
    BOOST_CHECK_THROW(x->read({1}, {3}, {12}, 10'000), store_error);
  for (int i = 0; i < 300; ++i)
    BOOST_CHECK_THROW(commit(x, batch{}.term(1)), std::logic_error);
  BOOST_TEST(x->read({1}, {3}, {6}, 10'000).size() == 4u);
  for (std::uint64_t i = 0; i < 300; ++i)
    commit(x, batch{}.term(5).truncate(9).fill(9, 20, 5, 1000));
  x.close();
  BOOST_TEST(used_pages(x.options()) < 100u);
}

// -- size ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(load_does_not_scan_the_log) {
  any_store x{"lmdb"};
  for (std::uint64_t first = 1; first <= 100'000; first += 5000)
    commit(x, batch{}.fill(first, first + 4999, 1 + first / 20'000));
  x.close();
  {
    saboteur y{x.options(), "log"};
    y.flip(log_key({1}, {50'000}), 5);
    y.done();
  }
  x.reopen();
  auto state = x->load({1});
  BOOST_TEST(state.last == (log_position{{100'000}, {5}}));
  BOOST_TEST(state.term_starts.size() == 5u);
  check_error(store_errc::corrupt, {"log 1/50000"},
              [&] { x->read({1}, {49'990}, {50'010}, 100'000); });
}

BOOST_AUTO_TEST_CASE(a_long_log_is_truncated_and_compacted_completely) {
  any_store x{"lmdb"};
  for (std::uint64_t first = 1; first <= 40'000; first += 5000)
    commit(x, batch{}.fill(first, first + 4999, 1 + first / 5000));
  commit(x, batch{}.term(9).truncate(20'001));
  BOOST_TEST(log_of(x).size() == 20'000u);
  commit(x, batch{}.term(9).compact(19'000, 4));
  for (std::uint64_t i = 1; i <= 100; ++i)
    commit(x, batch{}.add(20'000 + i, 9));
  x.close();
  // All that is hidden has been erased, too.
  lmdb::environment env{x.options().directory, 1 << 30, 16, 0};
  lmdb::transaction txn{env, MDB_RDONLY};
  lmdb::cursor place{txn, txn.open_table("log", 0).value()};
  BOOST_REQUIRE(place.first());
  BOOST_TEST(index_of(place.key()) == log_index{19'001});
}

BOOST_AUTO_TEST_CASE(a_log_that_is_compacted_stays_within_bounds) {
  any_store x{"lmdb"};
  std::uint64_t last = 0;
  auto run = [&] {
    x.reopen();
    for (int i = 0; i < 200; ++i, last += 50) {
      commit(x, batch{}.fill(last + 1, last + 50, 1, 500));
      if (i % 10 == 9)
        commit(x, batch{}.term(1).compact(last + 40, 1));
    }
    x.close();
    return used_pages(x.options());
  };
  run();
  auto early = run();
  for (int i = 0; i < 3; ++i)
    run();
  BOOST_TEST(run() <= early + early / 8);
  // Forty thousand entries of more than half a kilobyte went through it.
  BOOST_TEST(early < 1500u);
}

BOOST_AUTO_TEST_SUITE_END()
