// The program raftdump: its exit codes, and where it prints what.

#include <raft/kv/engine_factory.hpp>
#include <raft/kv/lmdb_files.hpp>
#include <raft/kv/lmdb_writer.hpp>
#include <raft/persistence/lmdb_database.hpp>
#include <raft/tests/persistence/saboteur.hpp>
#include <raft/tests/persistence/store_fixture.hpp>
#include <raft/tests/support/tree.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sys/wait.h>
#include <vector>

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

/// The same, with a record of each kind, and key-value data beside it.
struct with_everything : with_store {
  /// A checkpoint in one step, and one that did not come to its end.
  with_everything() {
    commit(store,
           batch{}.term(4, 2).add(2, 1).fill(3, 6, 3).compact(1, 1).members(
             {{0}, {{1}, {2}}, {}}));
    store.close();
    kv::table_options options;
    options.directory = kv_directory();
    options.owner = {"test", {1}, {77}};
    kv::lmdb_files files{options, true};
    kv::lmdb_writer writer{files, options.portions};
    auto changes = std::make_shared<kv::overlay>();
    changes->put("color", "blue");
    changes->put("shape", "round");
    const std::vector<machine::session_record> sessions{{{0}, bytes{"clock"}},
                                                        {{5}, bytes{"five"}}};
    writer.write_at_once({changes, {5}, sessions});
    auto later = std::make_shared<kv::overlay>();
    later->put("color", "red");
    writer.stage({later, {6}, {}});
  }

  std::string kv_directory() const {
    return kv::engine_directory(directory(), {1});
  }

  lmdb_options where(bool in_log) const {
    auto result = store.options();
    if (!in_log)
      result.directory = kv_directory();
    return result;
  }
};

struct damage {
  bool in_log;
  const char* table;
  std::string key;
  /// What raftdump says of it.
  std::string name;
};

std::vector<damage> damages() {
  const auto group = group_key({1});
  const std::string one{"\0\0\0\0\0\0\0\1", 8};
  const std::string five{"\0\0\0\0\0\0\0\5", 8};
  return {{true, "meta", "format", "meta format"},
          {true, "meta", "identity", "meta identity"},
          {true, "hard_state", group, "hard_state 1"},
          {true, "members", group, "members 1"},
          {true, "compaction", group, "compaction 1"},
          {true, "term_starts", log_key({1}, {3}), "term_starts 1/3"},
          {true, "log", log_key({1}, {4}), "log 1/4"},
          {false, "meta", "format", "meta format"},
          {false, "meta", "identity", "meta identity"},
          {false, "state", "state", "record 'state'"},
          {false, "pairs", "kcolor", "key \"color\""},
          {false, "staged", one, "staged record 1"},
          {false, "sessions", five, "session 5"}};
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

BOOST_FIXTURE_TEST_CASE(a_sound_directory_is_exit_code_0, with_everything) {
  auto before = files_below(directory());
  auto x = run(directory() + " --verify");
  BOOST_TEST(x.status == 0);
  BOOST_TEST(x.err == "");
  BOOST_TEST(contains(x.out, "Read 12 records: all sound."), x.out);
  BOOST_TEST(contains(x.out, "Read 5 records: all sound."), x.out);
  BOOST_TEST(contains(x.out, "staged        1 records of changes"), x.out);
  BOOST_TEST((files_below(directory()) == before));
}

BOOST_FIXTURE_TEST_CASE(damage_of_every_record_is_named, with_everything) {
  for (const auto& [in_log, table, key, name] : damages()) {
    auto file = where(in_log).directory + "/data.mdb";
    const auto always = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(file, tmp.path("sound"), always);
    {
      saboteur y{where(in_log), table};
      y.flip(key, 3);
      y.done();
    }
    auto before = files_below(directory());
    auto x = run(directory() + " --verify");
    BOOST_TEST(x.status == 1, name);
    BOOST_TEST(contains(x.out + x.err, name), x.out + x.err);
    BOOST_TEST((files_below(directory()) == before), name);
    std::filesystem::copy_file(tmp.path("sound"), file, always);
  }
}

BOOST_FIXTURE_TEST_CASE(a_file_that_was_emptied_is_exit_code_1,
                        with_everything) {
  for (auto in_log : {false, true}) {
    auto file = where(in_log).directory + "/data.mdb";
    std::filesystem::resize_file(file, 0);
    auto x = run(directory() + " --verify");
    BOOST_TEST(x.status == 1);
    BOOST_TEST(contains(x.err, file + "' is empty"), x.err);
  }
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
