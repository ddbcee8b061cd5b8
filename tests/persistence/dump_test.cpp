// A store as text, and the damage that this finds.

#include <raft/persistence/dump.hpp>
#include <raft/persistence/founding.hpp>
#include <raft/persistence/lmdb_database.hpp>
#include <raft/tests/persistence/saboteur.hpp>
#include <raft/tests/persistence/store_fixture.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

using namespace raft;
using namespace raft::persistence;
using namespace raft::test;

namespace {

struct sample : any_store {
  explicit sample(const std::string& kind = "lmdb") : any_store{kind} {
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

BOOST_AUTO_TEST_CASE(shows_a_snapshot_that_is_being_installed) {
  for (auto kind : disk_kinds) {
    sample x{kind};
    x.reopen();
    commit(x, batch{}.term(5, 2).install(make_head(9, 4)));
    x.close();
    auto text = x.shown([](dump_options& o) { o.journal = true; });
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(contains(
        text,
        "\n  installing    snapshot 9@4 of 9009 bytes\n  compacted     up "
        "to 9@4\n  term starts   none\n  log           empty\n"));
      BOOST_TEST(contains(text, "resets the log to snapshot 9@4")
                 == (kind == std::string{"journal"}));
      BOOST_TEST(contains(x.verified(), "damages: 0"));
    }
    x.reopen();
    commit(x, batch{}.term(5, 2).installed());
    x.close();
    BOOST_TEST(!contains(x.shown(), "installing"));
    x.reopen();
  }
}

BOOST_AUTO_TEST_CASE(shows_what_a_store_was_founded_from) {
  for (auto kind : disk_kinds) {
    sample x{kind};
    x.reopen();
    begin_founding(*x, 0xab);
    x.close();
    BOOST_TEST(contains(x.shown(), "\n  founded from  the snapshot with the "
                                   "checksum 00000000000000ab\n"));
    x.reopen();
  }
}

BOOST_AUTO_TEST_CASE(shows_what_is_in_the_journal_only) {
  auto text = sample{}.shown();
  text.replace(text.find("format 2"), 8, "format 3");
  text.insert(text.find("damages:"), R"(
Journal
  files         3
  tables        hold all up to record 0
  records       1, 1 to 1
)");
  sample x{"journal"};
  BOOST_TEST(x.shown() == text);
  BOOST_TEST(contains(x.verified(), "1 to 1"));
  BOOST_TEST(contains(x.verified(), "damages: 0"));
  auto listed = x.shown([](dump_options& o) { o.journal = true; });
  BOOST_TEST(contains(listed, "  record 1 (" + x.options().directory
                                + "/journal.0, offset 48), "),
             listed);
  BOOST_TEST(contains(listed, "    group 1: term 5, vote for peer 2, entries "
                              "1@1 to 6@3, compacts to 2@1, voters 1 2\n"),
             listed);
  BOOST_TEST(contains(listed, "    group 4: term 0, no vote\n"), listed);
}

BOOST_AUTO_TEST_CASE(shows_tables_and_journal_as_one) {
  any_store x{"journal"};
  for (std::uint64_t i = 1; i <= 200; ++i)
    commit(x, batch{}.term(1).add(i, 1, std::string(100, 'a')));
  commit(x, batch{}.term(3).compact(20, 1).truncate(191).fill(191, 210, 3));
  x.close();
  dump_options options;
  options.directory = x.options().directory;
  std::ostringstream out;
  BOOST_TEST(dump(options, out) == 0u);
  BOOST_TEST(contains(out.str(), "190 entries, 21 to 210"), out.str());
  BOOST_TEST(!contains(out.str(), "hold all up to record 0"), out.str());
  std::string last;
  std::istringstream in{out.str()};
  std::uint64_t next = 21;
  for (std::string line; std::getline(in, line);)
    if (contains(line, "  command  ")) {
      auto wanted = std::to_string(next) + (next <= 190 ? "@1" : "@3");
      BOOST_TEST(contains(line, ' ' + wanted + ' '), line);
      ++next;
    }
  BOOST_TEST(next == 211u);
}

BOOST_AUTO_TEST_CASE(finds_damage_in_the_journal) {
  any_store x{"journal"};
  for (std::uint64_t i = 1; i <= 5; ++i)
    commit(x, batch{}.term(1).add(i, 1));
  x.close();
  {
    std::fstream file{x.options().directory + "/journal.0",
                      std::ios::binary | std::ios::in | std::ios::out};
    file.seekp(600);
    file.put('?');
  }
  dump_options options;
  options.directory = x.options().directory;
  for (auto verify : {true, false}) {
    options.verify = verify;
    std::ostringstream out;
    BOOST_TEST(dump(options, out) == 1u);
    BOOST_TEST(contains(out.str(), "record 2 of the journal"), out.str());
  }
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
