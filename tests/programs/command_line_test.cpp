// Values of arguments, taken as they are.

#include <raft/programs/command_line.hpp>

#include <CLI/CLI.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace raft::programs;

namespace data = boost::unit_test::data;

namespace {

using words = std::vector<std::string>;

/// A program with commands, as raftctl is.
struct program {
  program() {
    add_text(app, "--name", name, "A name");
    app.require_subcommand(1);
    app.fallthrough();
    auto* one = app.add_subcommand("one", "Takes one or two");
    add_text(*one, "FIRST", first)->required();
    add_text(*one, "SECOND", second);
    add_text(*one, "--old", old);
    one->add_flag("--loud", loud, "");
    one->add_option("--limit", limit, "")->transform(whole_number(1, 100));
    auto* many = app.add_subcommand("many", "Takes some");
    add_texts(*many, "WHAT", all)->required();
    app.add_subcommand("none", "Takes none");
    auto* group = app.add_subcommand("either", "Takes one of two")
                    ->add_option_group("source");
    add_text(*group, "FILE", first);
    add_text(*group, "--other", second);
    group->require_option(1);
    auto* outer = app.add_subcommand("outer", "Has a command of its own");
    outer->require_subcommand(1);
    auto* inner = outer->add_subcommand("inner", "Takes one");
    add_text(*inner, "FIRST", first)->required();
    add_text(*inner, "--old", old);
    auto* mixed = app.add_subcommand("mixed", "Takes a value, or a command");
    add_text(*mixed, "FIRST", first);
    add_text(*mixed->add_subcommand("part", "Takes one"), "SECOND", second)
      ->required();
  }

  void read(words what) {
    std::vector<const char*> argv{"program"};
    for (const auto& x : what)
      argv.push_back(x.c_str());
    parse(app, static_cast<int>(argv.size()), argv.data());
  }

  /// @returns what is said to who types this; empty if it can be used.
  std::string complaint(const words& what) {
    try {
      read(what);
      return {};
    } catch (const CLI::ParseError& problem) {
      return problem.what();
    }
  }

  CLI::App app{"Does things", "program"};
  std::string name = "unset";
  std::string first = "unset";
  std::optional<std::string> second;
  std::optional<std::string> old;
  bool loud = false;
  std::uint64_t limit = 0;
  words all;
};

const words odd_values{
  "",      "[a,b]", "[]",    "[",        "a,b",   ",",     "{}",   "{a}",
  "\"a\"", "'a'",   "\"a",   "\\",       "a\\nb", "%%",    "++",   "+",
  "=",     "=a",    "a=b",   " ",        " a ",   "a b",   "\n",   "one",
  "many",  "none",  "/flag", "-",        "#a",    ";a",    "true", "[[a],[b]]",
  "0x10",  "010",   "\t",    "\xff\x01", "*",     "$(ls)", "a:b",  "@file"};

const words odd_with_dashes{"-x",     "-5",      "-5.5",        "--",
                            "--loud", "--old",   "--old=x",     "--help",
                            "-h",     "---",     "--no-such",   "-[a,b]",
                            "--=",    "--name=", "--limit=101", "-\n"};

} // namespace

BOOST_AUTO_TEST_SUITE(command_line)

BOOST_DATA_TEST_CASE(values_are_taken_as_they_are, data::make(odd_values)) {
  program x;
  x.read({"one", sample, sample, "--old", sample, "--name", sample});
  BOOST_TEST(x.first == sample);
  BOOST_TEST((x.second == sample));
  BOOST_TEST((x.old == sample));
  BOOST_TEST(x.name == sample);
  program y;
  y.read({"--name=" + sample, "one", "--old=" + sample, sample});
  BOOST_TEST(y.name == sample);
  BOOST_TEST((y.old == sample));
  BOOST_TEST(y.first == sample);
  BOOST_TEST(!y.second);
}

BOOST_DATA_TEST_CASE(many_values_stay_as_many,
                     data::make(odd_values) + data::make(odd_with_dashes)) {
  program x;
  x.read({"many", "--", sample, "a", sample});
  BOOST_TEST((x.all == words{sample, "a", sample}));
  program y;
  y.read({"many", "a", "--", sample});
  BOOST_TEST((y.all == words{"a", sample}));
}

BOOST_DATA_TEST_CASE(all_are_values_after_two_dashes,
                     data::make(odd_with_dashes)) {
  program x;
  x.read({"one", "--loud", "--", sample, sample});
  BOOST_TEST(x.first == sample);
  BOOST_TEST((x.second == sample));
  BOOST_TEST(x.loud);
  program y;
  y.read({"--", "one", sample});
  BOOST_TEST(y.first == sample);
  program z;
  z.read({"either", "--", sample});
  BOOST_TEST(z.first == sample);
}

BOOST_AUTO_TEST_CASE(options_and_values_can_be_mixed) {
  program x;
  x.read({"one", "a", "--old", "-x", "b", "--limit", "007", "--loud"});
  BOOST_TEST(x.first == "a");
  BOOST_TEST((x.second == "b"));
  BOOST_TEST((x.old == "-x"));
  BOOST_TEST(x.limit == 7u);
  BOOST_TEST(x.loud);
}

BOOST_AUTO_TEST_CASE(a_command_can_have_commands) {
  program x;
  x.read({"--name=a", "outer", "inner", "--old", "-x", "--", "-5"});
  BOOST_TEST(x.name == "a");
  BOOST_TEST((x.old == "-x"));
  BOOST_TEST(x.first == "-5");
  BOOST_TEST(program{}.complaint({"outer", "inner", "-x"})
             == "'-x' is no option of 'program outer inner'; a value that "
                "begins with '-' goes after '--', as in: program outer inner "
                "-- -x");
  BOOST_TEST(program{}.complaint({"outer", "x"})
             == "there is no command 'x'; there are: inner");
  BOOST_TEST(program{}.complaint({"outer"}) == "A subcommand is required");
  BOOST_TEST(program{}.complaint({"outer", "inner"}) == "FIRST is required");
}

BOOST_AUTO_TEST_CASE(a_command_can_take_a_value_or_have_a_command) {
  program x;
  x.read({"mixed", "a"});
  BOOST_TEST(x.first == "a");
  BOOST_TEST(!x.second);
  program y;
  y.read({"mixed", "part", "a"});
  BOOST_TEST(y.first == "unset");
  BOOST_TEST((y.second == "a"));
  // Only at the beginning it is taken for the command.
  BOOST_TEST(program{}.complaint({"mixed", "a", "part"})
             == "'part' was not expected");
  BOOST_TEST(program{}.complaint({"mixed", "part"}) == "SECOND is required");
}

BOOST_AUTO_TEST_CASE(a_value_that_looks_like_an_option_is_explained) {
  BOOST_TEST(program{}.complaint({"one", "-x"})
             == "'-x' is no option of 'program one'; a value that begins with "
                "'-' goes after '--', as in: program one -- -x");
  BOOST_TEST(program{}.complaint({"many", "a", "-5"})
             == "'-5' is no option of 'program many'; a value that begins with "
                "'-' goes after '--', as in: program many -- -5");
  BOOST_TEST(program{}.complaint({"one", "a", "--old", "--loud"})
             == "--old needs a value, but '--loud' follows, which is an "
                "option; if it is meant as the value, write --old=--loud");
  program x;
  x.read({"one", "a", "--old=--loud"});
  BOOST_TEST((x.old == "--loud"));
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
  BOOST_TEST(program{}.complaint({"oen", "a"})
             == "there is no command 'oen'; there are: one, many, none, "
                "either, outer, mixed");
  BOOST_TEST(program{}.complaint({"--nam", "one"})
             == "'--nam' is no option of 'program'; 'program --help' lists "
                "them");
  BOOST_TEST(program{}.complaint({"none", "-x"})
             == "'-x' is no option of 'program none'; 'program none --help' "
                "lists them");
  BOOST_TEST(program{}.complaint({"either", "-x"})
             == "'-x' is no option of 'program either'; a value that begins "
                "with '-' goes after '--', as in: program either -- -x");
  BOOST_TEST(program{}.complaint({"one", "a", "[b]", "c", ""})
             == "'c', '' were not expected");
  BOOST_TEST(program{}.complaint({"none", "a"}) == "'a' was not expected");
  BOOST_TEST(program{}.complaint({"one", "a", "--old"})
             == "--old needs a value");
  BOOST_TEST(program{}.complaint({"one"}) == "FIRST is required");
  BOOST_TEST(program{}.complaint({}) == "A subcommand is required");
}

BOOST_DATA_TEST_CASE(numbers_are_whole_and_in_their_range,
                     data::make(words{"0", "-1", "101", "", "0x10", "5x", "5.5",
                                      "+5", " 5", "18446744073709551617"})) {
  BOOST_TEST(program{}.complaint({"one", "a", "--limit", sample})
             == "--limit: '" + sample + "' is no whole number from 1 to 100");
}

BOOST_AUTO_TEST_SUITE_END()
