// What LMDB is slow at, never gives back or cannot bear, and that it is spared
// here.

#include <raft/lmdb/reserved_space.hpp>
#include <raft/persistence/lmdb_database.hpp>
#include <raft/tests/persistence/store_fixture.hpp>
#include <raft/tests/support/child_process.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;

namespace {

/// How many records the log of a store that is open has, hidden ones included.
std::size_t records(const any_store& x) {
  // In a process that has it open already, LMDB must not open it once more.
  // The store's own dump goes the same way; here a copy will do.
  temporary_directory copy{fast_place()};
  std::filesystem::copy_file(x.options().directory + "/data.mdb",
                             copy.path("data.mdb"));
  lmdb::environment env{copy.path(), std::uint64_t{1} << 30, 16, MDB_RDONLY};
  lmdb::transaction txn{env, MDB_RDONLY};
  MDB_stat result{};
  lmdb::check(mdb_stat(txn.handle(), txn.open_table("log", 0).value(), &result),
              "mdb_stat");
  return result.ms_entries;
}

} // namespace

BOOST_AUTO_TEST_SUITE(lmdb_habits)

// LMDB takes the pages that it wants. Those behind what is filled may be
// overwritten by zeros that come there later.
BOOST_AUTO_TEST_CASE(a_commit_that_takes_more_pages_than_it_said_is_the_last) {
  temporary_directory directory{fast_place()};
  lmdb::environment env{directory.path(), std::uint64_t{1} << 30, 16, 0};
  lmdb::reserved_space_options options;
  options.ahead = options.reserve = 64 << 10;
  lmdb::reserved_space room{env, directory.path(), options};
  auto commit = [&](std::size_t bytes) {
    lmdb::transaction txn{env, 0};
    MDB_dbi table = 0;
    lmdb::check(mdb_dbi_open(txn.handle(), "t", MDB_CREATE, &table), "open");
    std::string key{"k"};
    std::string value(bytes, 'v');
    MDB_val k{key.size(), key.data()};
    MDB_val v{value.size(), value.data()};
    lmdb::check(mdb_put(txn.handle(), table, &k, &v, 0), "put");
    txn.commit();
  };
  auto is_fatal = [](const store_error& e) {
    return e.code() == store_errc::write_failed
        && std::string{e.what()}.find("more pages than it was estimated")
             != std::string::npos;
  };
  room.before_changes({20, 0}, true);
  commit(1000);
  room.after_commit();
  room.before_changes({4, 0}, true);
  commit(4 << 20);
  BOOST_CHECK_EXCEPTION(room.after_commit(), store_error, is_fatal);
  BOOST_CHECK_EXCEPTION(room.before_changes({1, 0}, true), store_error,
                        is_fatal);
}

// To erase a long prefix at once would stall the writer, and leave a list of
// free pages that every later commit has to read.
BOOST_AUTO_TEST_CASE(a_long_prefix_is_erased_in_small_steps) {
  constexpr std::size_t erased_max = 300;
  any_store x{"lmdb"};
  commit(x, batch{}.fill(1, 5000, 1));
  commit(x, batch{}.term(1).compact(4990, 1));
  BOOST_TEST(log_of(x).size() == 10u);
  auto before = records(x);
  BOOST_TEST(before >= 5000 - erased_max);
  std::uint64_t last = 5000;
  for (int commits = 0; before > 100 && commits < 100; ++commits) {
    ++last;
    commit(x, batch{}.add(last, 1));
    auto after = records(x);
    BOOST_TEST(after + erased_max >= before);
    BOOST_REQUIRE(after < before);
    before = after;
  }
  BOOST_TEST(before == last - 4990);
}

// The lock of who writes belongs to a thread: it would stay locked forever.
BOOST_AUTO_TEST_CASE(a_write_ends_in_the_thread_that_began_it) {
  temporary_directory tmp{fast_place()};
  auto run = [&](bool elsewhere) {
    child_process child{[&](int) {
      // The test framework would make a failure of its own of it.
      std::signal(SIGABRT, SIG_DFL);
      if (elsewhere && std::freopen("/dev/null", "w", stderr) == nullptr)
        return;
      lmdb::environment env{tmp.path(), 1 << 20, 16, 0};
      std::optional<lmdb::transaction> txn;
      std::thread{[&] {
        txn.emplace(env, 0);
        if (!elsewhere)
          txn.reset();
      }}.join();
      txn.reset();
    }};
    return child.wait();
  };
  BOOST_TEST(run(false) == 0);
  BOOST_TEST(run(true) == -1);
}

BOOST_AUTO_TEST_SUITE_END()
