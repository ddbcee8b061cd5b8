// The program raftdump: its exit codes, and where it prints what.

#include <raft/persistence/lmdb_database.hpp>
#include <raft/tests/persistence/saboteur.hpp>
#include <raft/tests/persistence/store_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/wait.h>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;

namespace {

struct result {
  int status;
  std::string out;
  std::string err;
};

std::string contents(const std::string& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Runs raftdump on a store with one entry.
struct with_store {
  any_store store{"lmdb"};
  temporary_directory tmp;

  with_store() {
    commit(store, batch{}.add(1, 1, "hello"));
  }

  std::string directory() const {
    return store.options().directory;
  }

  result run(const std::string& arguments) const {
    auto out = tmp.path("out");
    auto err = tmp.path("err");
    auto status = std::system(
      (std::string{RAFTDUMP} + ' ' + arguments + " >" + out + " 2>" + err)
        .c_str());
    return {WEXITSTATUS(status), contents(out), contents(err)};
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(raftdump, with_store)

BOOST_AUTO_TEST_CASE(shows_a_store_that_another_process_writes) {
  auto x = run(directory());
  BOOST_TEST(x.status == 0);
  BOOST_TEST(contains(x.out, "\"hello\""), x.out);
  BOOST_TEST(x.err == "");
  commit(store, batch{}.add(2, 1, "more"));
  BOOST_TEST(contains(run(directory()).out, "\"more\""));
}

BOOST_AUTO_TEST_CASE(damage_is_exit_code_1) {
  store.close();
  {
    saboteur y{store.options(), "log"};
    y.flip(log_key({1}, {1}), 7);
    y.done();
  }
  auto x = run(directory() + " --verify");
  BOOST_TEST(x.status == 1);
  BOOST_TEST(contains(x.out, "log 1/1: wrong checksum"), x.out);
  BOOST_TEST(run(directory()).status == 1);
  {
    saboteur y{store.options(), "meta"};
    y.flip("identity", 7);
    y.done();
  }
  x = run(directory());
  BOOST_TEST(x.status == 1);
  BOOST_TEST(contains(x.err, "meta identity"), x.err);
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_is_exit_code_1) {
  commit(store, batch{}.fill(2, 100, 1, 1000));
  store.close();
  std::filesystem::resize_file(directory() + "/data.mdb", 8192);
  auto x = run(directory());
  BOOST_TEST(x.status == 1);
  BOOST_TEST(contains(x.err, "cut short"), x.err);
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_exit_code_2) {
  for (const auto& arguments :
       {std::string{}, directory() + " --nothing", directory() + " --from x",
        directory() + " --group 9", tmp.path("none")}) {
    auto x = run(arguments);
    BOOST_TEST(x.status == 2, arguments);
    BOOST_TEST(x.err != "");
  }
  auto help = run("--help");
  BOOST_TEST(help.status == 0);
  BOOST_TEST(contains(help.out, "Exit codes"));
}

BOOST_AUTO_TEST_SUITE_END()
