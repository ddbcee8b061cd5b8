// An engine's directory that cannot be used as it is: each reason has an error
// of its own, and not a byte of the directory changes.

#include "table_fixture.hpp"
#include <raft/kv/lmdb_files.hpp>
#include <raft/persistence/record.hpp>
#include <raft/tests/persistence/saboteur.hpp>
#include <raft/tests/support/child_process.hpp>
#include <raft/tests/support/tree.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <functional>
#include <unistd.h>

using namespace raft;
using namespace raft::kv;
using namespace raft::test;
using persistence::store_errc;
using persistence::store_error;

namespace {

/// A closed table with some pairs and a session, of peer 1 of cluster 'test',
/// incarnation 77.
struct refused_table : any_table {
  refused_table() : any_table{"lmdb"} {
    overlay changes;
    changes.put("color", "blue");
    changes.put("shape", std::string(10'000, 'o'));
    write(**this, {9}, changes, 2, {{{5}, bytes{"five"}}});
    close();
  }

  std::string file() const {
    return options.directory + "/data.mdb";
  }

  void change(const char* table,
              const std::function<void(saboteur&)>& how) const {
    persistence::lmdb_options victim;
    victim.directory = options.directory;
    saboteur x{victim, table};
    how(x);
    x.done();
  }

  /// Opening and loading must fail, and leave everything as it was.
  /// @param parts What the message must hold.
  void check(store_errc code, const std::vector<std::string>& parts) const {
    auto before = files_below(options.directory);
    BOOST_REQUIRE(before.count("data.mdb") == 1u);
    try {
      open_lmdb_table(options)->load();
      BOOST_ERROR("no error; expected: " << parts.front());
    } catch (const store_error& e) {
      BOOST_TEST(to_text(e.code()) == to_text(code), e.what());
      for (const auto& part : parts)
        BOOST_TEST((std::string{e.what()}.find(part) != std::string::npos),
                   e.what() << " -- lacks: " << part);
    }
    BOOST_TEST((files_below(options.directory) == before));
  }

  /// The same table can be used by its own peer, with all that it had.
  void check_sound(const table_options& own) {
    options = own;
    reopen();
    BOOST_TEST(all_of(**this).size() == 2u);
    BOOST_TEST((*this)->load().state.applied.value == 9u);
  }
};

constexpr const char* engine_cure = "Keep the directory, and do not start this "
                                    "peer with an empty one";

} // namespace

BOOST_FIXTURE_TEST_SUITE(engine_refusals, refused_table)

BOOST_AUTO_TEST_CASE(of_another_cluster_peer_or_incarnation) {
  struct {
    persistence::store_identity log;
    const char* text;
  } cases[]{
    {{"else", {1}, {77}}, "the log beside it to peer 1 of cluster 'else'"},
    {{"test", {2}, {77}}, "the log beside it to peer 2 of cluster 'test'"},
    {{"test", {1}, {78}},
     "the log beside it to peer 1 of cluster 'test', incarnation 78"}};
  auto own = options;
  for (const auto& x : cases) {
    options.owner = x.log;
    check(store_errc::foreign,
          {"belongs to peer 1 of cluster 'test', incarnation 77, but ", x.text,
           "bring back the directory that it came with"});
  }
  check_sound(own);
}

BOOST_AUTO_TEST_CASE(of_another_group) {
  auto own = options;
  options.group = {2};
  check(store_errc::corrupt, {"record 'state'", "wrong checksum", engine_cure});
  check_sound(own);
}

BOOST_AUTO_TEST_CASE(of_a_newer_format) {
  change("meta", [](saboteur& x) {
    persistence::store_header newer;
    newer.format = engine_format + 1;
    x.put("format", persistence::encode(group_id{}, newer));
  });
  check(store_errc::newer_format,
        {"has format 2, this program knows 1", "use a newer program"});
}

BOOST_AUTO_TEST_CASE(in_use_by_another_process) {
  auto own = options;
  child_process child{[this](int out) {
    auto held = open_lmdb_table(options);
    send_number(out, 1);
    pause();
  }};
  BOOST_REQUIRE(child.receive_number() == 1u);
  check(store_errc::in_use,
        {"is locked by process " + std::to_string(child.pid()),
         "stop it, or use another directory"});
  child.kill();
  check_sound(own);
}

BOOST_AUTO_TEST_CASE(with_a_bad_checksum) {
  struct {
    const char* table;
    std::string key;
    const char* text;
  } cases[]{
    {"meta", "format", "record 'meta format'"},
    {"meta", "identity", "record 'meta identity'"},
    {"state", "state", "record 'state'"},
    {"sessions", std::string("\0\0\0\0\0\0\0\5", 8), "record 'session 5'"}};
  for (const auto& x : cases) {
    auto flip = [&](saboteur& y) { y.flip(x.key, 4); };
    change(x.table, flip);
    check(store_errc::corrupt, {x.text, "checksum", engine_cure});
    change(x.table, flip);
  }
  check_sound(options);
}

BOOST_AUTO_TEST_CASE(with_a_damaged_file) {
  auto sound = files_below(options.directory).at("data.mdb");
  struct {
    std::string content;
    const char* text;
  } cases[]{{{}, "is empty"},
            {sound.substr(0, 3 * 4096), "was cut short"},
            {std::string(sound.size(), '\0'), "damaged or no store"}};
  for (const auto& x : cases) {
    std::ofstream{file(), std::ios::binary} << x.content;
    check(store_errc::corrupt, {x.text, "go on without it"});
  }
  std::ofstream{file(), std::ios::binary} << sound;
  check_sound(options);
}

BOOST_AUTO_TEST_SUITE_END()
