// A store as text, and the damage that this finds.

#include <raft/persistence/dump.hpp>
#include <raft/persistence/lmdb_database.hpp>
#include <raft/tests/persistence/saboteur.hpp>
#include <raft/tests/persistence/store_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <regex>
#include <sstream>
#include <stdexcept>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;

namespace {

struct sample : any_store {
  sample() : any_store{"lmdb"} {
    std::vector<persist> both{batch{1}
                                .add(1, 1)
                                .add(2, 1)
                                .add(3, 1, "say \"hi\"\n\\ \xff")
                                .fill(4, 6, 3, 60)
                                .compact(2, 1)
                                .members({{0}, {{1}, {2}}, {{3}}})
                                .term(5, 2),
                              batch{4}};
    (*this)->commit(both);
    close();
  }

  /// What the dump prints, with the number of damages as last line.
  std::string shown(const std::function<void(dump_options&)>& set = {}) const {
    dump_options to_show;
    to_show.directory = options().directory;
    if (set)
      set(to_show);
    std::ostringstream out;
    auto damages = dump(to_show, out);
    out << "damages: " << damages << '\n';
    auto result = out.str();
    // The incarnation is drawn at random.
    auto first = result.find("incarnation ") + 12;
    result.replace(first, result.find(',', first) - first, "?");
    // So are starts; and a mark is of this very file.
    return std::regex_replace(
      result, std::regex{"(inode |born |the last )[^,\n]*"}, "$01?");
  }

  std::string verified() const {
    return shown([](dump_options& x) { x.verify = true; });
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(dumps)

BOOST_AUTO_TEST_CASE(shows_everything) {
  sample x;
  // clang-format off
  BOOST_TEST(x.shown() == R"(Store of peer 1 of cluster 'test', incarnation ?, format 2
  mark          inode ?, born ?
  starts        1, the last ?

Group 1
  hard state    term 5, vote for peer 2
  members       voters 1 2; learners 3; since the bootstrap
  compacted     up to 2@1
  term starts   3@1 4@3
  log           4 entries, 3 to 6

  INDEX@TERM  KIND           TIME (UTC)               SESSION/SEQUENCE   BYTES  DATA
         3@1  command        1970-01-01 00:00:01.003  7/3                   12  "say \"hi\"\n\\ \xff"
         4@3  command        1970-01-01 00:00:01.004  7/4                   60  "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"...
         5@3  command        1970-01-01 00:00:01.005  7/5                   60  "ffffffffffffffffffffffffffffffffffffffffffffffff"...
         6@3  command        1970-01-01 00:00:01.006  7/6                   60  "gggggggggggggggggggggggggggggggggggggggggggggggg"...

Group 4
  hard state    term 0, no vote
  term starts   none
  log           empty
damages: 0
)");
  // clang-format on
}

BOOST_AUTO_TEST_CASE(shows_a_range_of_one_group) {
  sample x;
  auto text = x.shown([](dump_options& o) {
    o.group = group_id{1};
    o.from = {5};
    o.to = {5};
  });
  BOOST_TEST(!contains(text, "Group 4"));
  BOOST_TEST(!contains(text, "4@3  "));
  BOOST_TEST(contains(text, "5@3  "));
  BOOST_TEST(!contains(text, "6@3  "));
  BOOST_TEST(contains(text, "damages: 0"));
  BOOST_CHECK_THROW(x.shown([](dump_options& o) { o.group = group_id{3}; }),
                    std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(shows_an_empty_store) {
  any_store x{"lmdb"};
  x.close();
  std::ostringstream out;
  BOOST_TEST(dump({x.options().directory, {}, {}, {}, true}, out) == 0u);
  BOOST_TEST(contains(out.str(), "Nothing was written yet."));
}

BOOST_AUTO_TEST_CASE(verifies_all_records) {
  sample x;
  // Two hard states, one membership, compaction and two term starts. The
  // compacted entries were erased.
  BOOST_TEST(contains(x.verified(), "Read 12 records: all sound."));
  BOOST_TEST(!contains(x.verified(), "INDEX@TERM"));
}

BOOST_AUTO_TEST_CASE(verifies_long_logs) {
  any_store x{"lmdb"};
  commit(x, batch{}.fill(1, 5000, 1).fill(5001, 9000, 2));
  commit(x, batch{}.term(2).compact(4000, 1));
  x.close();
  std::ostringstream out;
  dump_options options;
  options.directory = x.options().directory;
  options.verify = true;
  BOOST_TEST(dump(options, out) == 0u);
  BOOST_TEST(contains(out.str(), "5000 entries, 4001 to 9000"));
  // Includes what is compacted but not erased.
  BOOST_TEST(contains(out.str(), "Read 8750 records: all sound."));
}

BOOST_AUTO_TEST_CASE(finds_flipped_bits) {
  struct {
    const char* table;
    std::string key;
    const char* name;
  } cases[] = {
    {"hard_state", group_key({1}), "hard_state 1"},
    {"members", group_key({1}), "members 1"},
    {"compaction", group_key({1}), "compaction 1"},
    {"term_starts", log_key({1}, {4}), "term_starts 1/4"},
    {"log", log_key({1}, {5}), "log 1/5"},
  };
  for (auto& [table, key, name] : cases) {
    sample x;
    {
      saboteur y{x.options(), table};
      y.flip(key, 7);
      y.done();
    }
    auto line = std::string{"DAMAGED       "} + name + ": wrong checksum";
    BOOST_TEST(contains(x.verified(), line), x.verified());
    BOOST_TEST(!contains(x.verified(), "damages: 0"));
    BOOST_TEST(contains(x.shown(), line), x.shown());
    // The rest is shown all the same.
    BOOST_TEST(contains(x.shown(), "6@3  command"));
  }
}

BOOST_AUTO_TEST_CASE(finds_what_is_missing) {
  sample x;
  {
    saboteur y{x.options(), "log"};
    y.erase(log_key({1}, {5}));
    y.done();
  }
  BOOST_TEST(contains(x.verified(), "log 1/5: missing"));
  BOOST_TEST(contains(x.shown(), "log 1/5: missing"));
  {
    saboteur y{x.options(), "term_starts"};
    y.erase(log_key({1}, {4}));
    y.done();
  }
  BOOST_TEST(contains(x.verified(), "term_starts"));
  BOOST_TEST(!contains(x.verified(), "damages: 0"));
}

BOOST_AUTO_TEST_SUITE_END()
