// The linearizability checker: recorded histories with known verdicts, and
// hand-made ones, one per rule.

#include <raft/tests/checker/histories.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <string>

using namespace raft::checker;
using raft::checker::test::parse;

namespace {

const std::string data_directory{HISTORIES_DIR};

verdict check_text(const std::string& text, const search_limits& limits = {}) {
  auto x = parse(text);
  return std::visit([&](auto& y) { return check(y, limits).result; }, x);
}

bool fits(const std::string& text) {
  return check_text(text) == verdict::linearizable;
}

/// Operations on a map, one a line.
bool map_fits(const std::string& lines) {
  return fits("history 1 map\n" + lines);
}

bool register_fits(const std::string& lines) {
  return fits("history 1 register\n" + lines);
}

/// Checks that a violation gets smaller and stays one, and returns its text.
template <class Model>
std::string explain_checked(const history<Model>& x) {
  auto found = check(x);
  BOOST_REQUIRE((found.result == verdict::not_linearizable));
  minimizer<Model> smaller{x.model, found.part, {}};
  const auto& part = smaller.run();
  BOOST_TEST(part.size() <= found.part.size());
  BOOST_TEST((check_part(x.model, part).result == verdict::not_linearizable));
  return to_text(explain(x, found));
}

std::string explain_text(const std::string& text) {
  auto x = parse(text);
  return std::visit([](auto& y) { return explain_checked(y); }, x);
}

} // namespace

BOOST_AUTO_TEST_SUITE(linearizability)

BOOST_AUTO_TEST_CASE(recorded_histories_get_their_verdicts) {
  std::ifstream verdicts{data_directory + "/verdicts.tsv"};
  std::string file;
  std::string expected;
  auto count = 0;
  while (verdicts >> file >> expected) {
    BOOST_TEST_CONTEXT(file) {
      std::ifstream in{data_directory + '/' + file};
      BOOST_REQUIRE(in);
      auto x = read_history(in);
      auto result = std::visit([](auto& y) { return check(y).result; }, x);
      auto wanted = expected == "true" ? verdict::linearizable
                                       : verdict::not_linearizable;
      BOOST_TEST((result == wanted));
      if (result == verdict::not_linearizable)
        BOOST_TEST(
          !std::visit([](auto& y) { return explain_checked(y); }, x).empty());
      ++count;
    }
  }
  BOOST_TEST(count == 64);
}

BOOST_AUTO_TEST_CASE(nothing_is_linearizable) {
  BOOST_TEST(map_fits(""));
  BOOST_TEST(register_fits(""));
}

BOOST_AUTO_TEST_CASE(a_read_sees_what_was_written_before) {
  BOOST_TEST(map_fits("1 1 2 put x a\n1 3 4 get x -> a\n"));
  BOOST_TEST(!map_fits("1 1 2 put x a\n1 3 4 get x -> nil\n"));
  BOOST_TEST(!map_fits("1 1 2 put x a\n1 3 4 put x b\n2 5 6 get x -> a\n"));
  BOOST_TEST(!map_fits("1 1 2 get x -> a\n1 3 4 put x a\n"));
}

BOOST_AUTO_TEST_CASE(simultaneous_operations_have_either_order) {
  BOOST_TEST(map_fits("1 1 4 put x a\n2 2 3 get x -> nil\n"));
  BOOST_TEST(map_fits("1 1 4 put x a\n2 2 3 get x -> a\n"));
  BOOST_TEST(map_fits("1 1 9 put x a\n2 2 3 get x -> nil\n2 4 5 get x -> a\n"));
  BOOST_TEST(
    !map_fits("1 1 9 put x a\n2 2 3 get x -> a\n3 4 5 get x -> nil\n"));
}

BOOST_AUTO_TEST_CASE(what_touches_is_simultaneous) {
  BOOST_TEST(map_fits("1 1 2 put x a\n2 2 3 get x -> nil\n"));
  BOOST_TEST(!map_fits("1 1 2 put x a\n2 3 3 get x -> nil\n"));
  BOOST_TEST(map_fits("1 5 5 put x a\n2 5 5 get x -> a\n3 5 5 get x -> nil\n"));
}

BOOST_AUTO_TEST_CASE(an_unknown_outcome_may_come_late_or_never) {
  BOOST_TEST(map_fits("1 1 ? put x a\n2 8 9 get x -> nil\n"));
  BOOST_TEST(map_fits("1 1 ? put x a\n2 8 9 get x -> a\n"));
  BOOST_TEST(map_fits("1 1 ? put x a\n2 2 3 get x -> nil\n2 8 9 get x -> a\n"));
  BOOST_TEST(
    !map_fits("1 1 ? put x a\n2 2 3 get x -> a\n2 8 9 get x -> nil\n"));
  // But not before it begins, and not twice.
  BOOST_TEST(!map_fits("2 1 2 get x -> a\n1 3 ? put x a\n"));
  BOOST_TEST(map_fits("1 1 ? append x a\n2 8 9 get x -> a\n"));
  BOOST_TEST(!map_fits("1 1 ? append x a\n2 8 9 get x -> aa\n"));
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_not_known_does_not_count) {
  BOOST_TEST(map_fits("1 1 2 append x a\n2 3 4 get x -> a\n"));
  BOOST_TEST(!map_fits("1 1 2 append x a\n2 3 4 get x -> nil\n"));
  BOOST_TEST(map_fits("1 1 2 put x a\n2 3 4 get x\n"));
  BOOST_TEST(register_fits("1 1 2 cas nil 3\n2 3 4 read -> 3\n"));
  BOOST_TEST(!register_fits("1 1 2 cas nil 3\n2 3 4 read -> nil\n"));
}

BOOST_AUTO_TEST_CASE(the_map_answers_as_the_key_value_state_machine) {
  BOOST_TEST(map_fits("1 1 2 append x ab -> 2\n1 3 4 append x c -> 3\n"
                      "1 5 6 get x -> abc\n"));
  BOOST_TEST(!map_fits("1 1 2 append x ab -> 3\n"));
  BOOST_TEST(map_fits("1 1 2 delete x -> 0\n1 3 4 put x a\n"
                      "1 5 6 delete x -> 1\n1 7 8 get x -> nil\n"));
  BOOST_TEST(!map_fits("1 1 2 delete x -> 1\n"));
  BOOST_TEST(!map_fits("1 1 2 put x a\n1 3 4 delete x\n1 5 6 get x -> a\n"));
  BOOST_TEST(map_fits("1 1 2 cas x nil a -> ok\n1 3 4 cas x nil b -> failed a\n"
                      "1 5 6 cas x a c -> ok\n1 7 8 get x -> c\n"));
  BOOST_TEST(!map_fits("1 1 2 cas x nil a -> failed\n"));
  BOOST_TEST(!map_fits("1 1 2 cas x a b -> ok\n"));
  BOOST_TEST(!map_fits("1 1 2 put x a\n1 3 4 cas x b c -> failed d\n"));
  // A key that is empty is there.
  BOOST_TEST(!map_fits("1 1 2 put x \"\"\n1 3 4 get x -> nil\n"));
  BOOST_TEST(map_fits("initial \"\"\n1 3 4 get x -> \"\"\n"));
}

BOOST_AUTO_TEST_CASE(the_register_compares_and_sets) {
  BOOST_TEST(register_fits("1 1 2 write 3\n1 3 4 cas 3 4 -> ok\n"
                           "1 5 6 cas 3 5 -> failed\n1 7 8 read -> 4\n"));
  BOOST_TEST(!register_fits("1 1 2 write 3\n1 3 4 cas 3 4 -> failed\n"));
  BOOST_TEST(!register_fits("1 1 2 write 3\n1 3 4 cas 4 5 -> ok\n"));
  BOOST_TEST(register_fits("initial 7\n1 1 2 read -> 7\n"));
}

BOOST_AUTO_TEST_CASE(keys_are_objects_of_their_own) {
  BOOST_TEST(map_fits("1 1 2 put x a\n2 1 2 put y b\n1 3 4 get y -> b\n"
                      "1 5 6 get x -> a\n1 7 8 get z -> nil\n"));
  BOOST_TEST(!map_fits("1 1 2 put x a\n2 3 4 get y -> a\n"));
}

BOOST_AUTO_TEST_CASE(a_search_that_takes_too_much_is_given_up) {
  std::string text{"history 1 map\n"};
  for (auto i = 0; i < 12; ++i)
    text += std::to_string(i) + " 1 100 put x " + std::to_string(i) + '\n';
  text += "99 200 300 append x z\n99 400 500 get x -> 50\n";
  BOOST_TEST((check_text(text, {1000}) == verdict::undecided));
  BOOST_TEST((check_text(text) == verdict::not_linearizable));
}

BOOST_AUTO_TEST_CASE(many_unknown_outcomes_are_no_burden_where_none_is_needed) {
  std::string text{"history 1 map\n"};
  for (auto i = 0; i < 200; ++i) {
    auto n = std::to_string(i);
    text += "1 " + std::to_string(10 * i) + " ? append x <" + n + ">\n";
    text += "2 " + std::to_string(10 * i + 1) + ' ' + std::to_string(10 * i + 2)
          + " put x " + n + '\n';
    text += "3 " + std::to_string(10 * i + 3) + ' ' + std::to_string(10 * i + 4)
          + " get x -> " + n + (i % 3 == 0 ? "<" + n + ">" : "") + '\n';
  }
  BOOST_TEST(fits(text));
}

/// Answers that say little, a length or that a comparison failed, leave it open
/// which of many unknown outcomes came about.
BOOST_AUTO_TEST_CASE(what_says_little_needs_few_of_many_unknown_outcomes) {
  auto unknown = [](const std::string& what) {
    std::string text;
    for (auto i = 0; i < 24; ++i) {
      auto n = std::to_string(10 + i);
      text += n + ' ' + n + " ? " + what + n + '\n';
    }
    return text;
  };
  auto decided = [](const std::string& text, verdict expected) {
    return check_text("history 1 " + text, {10'000}) == expected;
  };
  auto puts = unknown("put x ");
  auto writes = unknown("write ");
  BOOST_TEST(decided("map\n" + puts + "1 50 60 append x z -> 3\n",
                     verdict::linearizable));
  BOOST_TEST(decided("map\n" + puts + "1 50 60 append x z -> 4\n",
                     verdict::not_linearizable));
  BOOST_TEST(decided("map\n" + puts + "1 50 60 delete x -> 1\n"
                       + "1 70 80 delete x -> 1\n1 90 99 get x -> nil\n",
                     verdict::linearizable));
  BOOST_TEST(decided("map\n1 1 2 put x a\n" + puts
                       + "1 50 60 cas x a b -> failed\n1 70 80 get x -> c\n",
                     verdict::not_linearizable));
  BOOST_TEST(decided("register\n1 1 2 write 7\n" + writes
                       + "1 50 60 cas 7 8 -> failed\n1 70 80 read -> 9\n",
                     verdict::not_linearizable));
}

/// Which ones are used up can matter later, also if they are fewer.
BOOST_AUTO_TEST_CASE(fewer_unknown_outcomes_may_be_the_wrong_ones) {
  BOOST_TEST(map_fits("1 1 ? put x ab\n2 2 ? append x a\n3 3 ? append x b\n"
                      "4 10 20 get x -> ab\n4 30 40 put x z\n"
                      "4 50 60 get x -> ab\n"));
}

BOOST_AUTO_TEST_CASE(what_is_longer_may_be_found_later) {
  BOOST_TEST(map_fits("1 0 1 put x zz\n1 2 3 append x z -> 3\n"
                      "1 4 5 put x \"\"\n2 6 ? put x aa\n1 7 8 append x d\n"
                      "1 9 10 append x cc -> 5\n"));
}

/// To append does not make what was there before disappear: only what is used
/// up tells these orders apart.
BOOST_AUTO_TEST_CASE(an_order_that_uses_fewer_unknown_outcomes_does) {
  std::string text{"history 1 map\n"};
  std::string value;
  for (auto i = 0; i < 12; ++i) {
    auto t = std::to_string(10 * i);
    text += "1 " + t + " ? append x a\n2 " + t + " ? append x a\n";
    value += 'a';
    text += "3 " + std::to_string(10 * i + 2) + ' ' + std::to_string(10 * i + 4)
          + " get x -> " + value + '\n';
  }
  text += "3 200 201 get x -> b\n";
  BOOST_TEST((check_text(text, {1000}) == verdict::not_linearizable));
}

BOOST_AUTO_TEST_CASE(an_append_that_is_lost_among_many_is_found) {
  std::string text{"history 1 map\n"};
  std::string value;
  auto line = [&](int client, int start, const std::string& rest) {
    text += std::to_string(client) + ' ' + std::to_string(start) + ' ' + rest
          + '\n';
  };
  // Six at a time, and a read now and then.
  for (auto i = 0; i < 300; ++i) {
    auto piece = '<' + std::to_string(i) + '>';
    auto start = 10 * (i / 6) + i % 6;
    line(i % 6, start, std::to_string(start + 6) + " append x " + piece);
    if (i != 200)
      value += piece;
    if (i % 12 == 11)
      line(7, start + 7, std::to_string(start + 8) + " get x -> " + value);
    if (i % 30 == 29)
      line(8, start, "? append x <late" + std::to_string(i) + ">");
  }
  auto shown = explain_text(text);
  BOOST_TEST(shown.find("append \"x\" \"<200>\"") != std::string::npos);
  BOOST_TEST(shown.find("      not ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_violation_is_shown_by_its_smallest_part) {
  std::string text{"history 1 map\n"};
  for (auto i = 0; i < 100; ++i) {
    auto t = std::to_string(100 + i);
    text += "1 " + t + "0 " + t + "1 put y v" + std::to_string(i) + '\n';
    text += "2 " + t + "0 " + t + "1 put x v" + std::to_string(i) + '\n';
    text += "3 " + t + "2 " + t + "3 get y\n";
  }
  text += "4 20000 20001 put x w\n4 20002 20005 get x -> v99\n"
          "5 20003 20009 append x z\n3 30000 30001 get x -> w\n";
  BOOST_TEST(
    explain_text(text)
    == "  These 3 of 304 operations have no order in which each takes "
       "effect\n"
       "  between its start and its end:\n"
       "    1  client 2  put \"x\" \"v99\"     1990 to 1991    [--]\n"
       "    2  client 4  put \"x\" \"w\"       20000 to 20001      [--]\n"
       "    3  client 4  get \"x\" -> \"v99\"  20002 to 20005          "
       "[--]\n"
       "  The order that goes furthest ends like this:\n"
       "    1 2 and then:\n"
       "      not 3: the key holds \"w\", but it saw \"v99\"\n");
}

BOOST_AUTO_TEST_CASE(long_values_are_told_apart) {
  std::string a(100, 'a');
  auto text = explain_text("history 1 map\n1 1 2 put x " + a
                           + "\n1 3 4 get x -> " + a + "c\n");
  BOOST_TEST(
    text.find("after the same 100 bytes, the key holds nothing, where it "
              "saw \"c\"")
    != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// The example of docs/histories.md: a model of somebody else.
struct counter {
  struct input {
    int add = 0;
  };
  using output = int;
  using state = int;

  state initial() const {
    return 0;
  }

  std::optional<state> step(const state& now, const input& in,
                            const output* out) const {
    auto sum = now + in.add;
    if (out && *out != sum)
      return std::nullopt;
    return sum;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(models_of_ones_own)

BOOST_AUTO_TEST_CASE(a_counter) {
  history<counter> seen;
  seen.operations.push_back({1, 10, 20, {5}, 5});
  seen.operations.push_back({2, 30, {}, {2}, {}});
  BOOST_TEST((check(seen).result == verdict::linearizable));
  seen.operations.push_back({1, 40, 50, {1}, 8});
  BOOST_TEST((check(seen).result == verdict::linearizable));
  seen.operations.push_back({1, 60, 70, {1}, 7});
  auto found = check(seen);
  BOOST_TEST((found.result == verdict::not_linearizable));
  BOOST_TEST(found.part.size() == 4u);
}

BOOST_AUTO_TEST_CASE(an_answer_without_an_end_is_refused) {
  history<counter> seen;
  seen.operations.push_back({1, 10, {}, {5}, 5});
  BOOST_CHECK_THROW(check(seen), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
