// Patterns match as in Redis.

#include <raft/redis/glob.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <random>
#include <string>
#include <vector>

using namespace raft::redis;

namespace {

struct glob_sample {
  const char* pattern;
  const char* prefix;
  std::vector<std::string> fits;
  std::vector<std::string> fits_not;
};

std::ostream& operator<<(std::ostream& out, const glob_sample& x) {
  return out << x.pattern;
}

const std::vector<glob_sample> glob_samples{
  {"", "", {""}, {"a"}},
  {"*", "", {"", "a", "abc"}, {}},
  {"a", "a", {"a"}, {"", "aa", "b"}},
  {"a*", "a", {"a", "ab", "abc"}, {"", "ba"}},
  {"*a", "", {"a", "ba", "aaa"}, {"", "ab"}},
  {"a*b*c", "a", {"abc", "axxbxxc", "abcbc"}, {"ab", "acb", "abcx"}},
  {"**a**", "", {"a", "bab"}, {"", "b"}},
  {"h?llo", "h", {"hello", "h*llo"}, {"hllo", "heello"}},
  {"h[ae]llo", "h", {"hello", "hallo"}, {"hillo", "hllo"}},
  {"h[^e]llo", "h", {"hallo", "h^llo"}, {"hello"}},
  {"[a-c]", "", {"a", "b", "c"}, {"d", "-", ""}},
  {"[c-a]", "", {"a", "b", "c"}, {"d"}},
  {"[^a-c]", "", {"d", "-"}, {"b"}},
  {"[a\\]b]x", "", {"ax", "]x", "bx"}, {"\\x", "cx"}},
  {"[\\-x]", "", {"-", "x"}, {"\\"}},
  {"[]a]", "", {}, {"a", "]", "]a]"}},
  {"[^]", "", {"a", "]"}, {""}},
  {"[abc", "", {"a", "c"}, {"[", "[abc"}},
  {"a[", "a", {}, {"a", "a["}},
  {"a\\*b", "a*b", {"a*b"}, {"axb", "a\\*b"}},
  {"a\\", "a\\", {"a\\"}, {"a"}},
  {"\\[a", "[a", {"[a"}, {"a"}},
  {"\\a", "a", {"a"}, {"\\a"}},
  {"user:*:[0-9]", "user:", {"user:x:1", "user::9"}, {"user:x:", "user:1"}},
};

/// Patterns without classes, by a table: whether the first i bytes of the
/// pattern fit to the first j of the text.
bool fits(const std::string& pattern, const std::string& text) {
  std::vector<char> row(text.size() + 1);
  row[0] = 1;
  for (auto c : pattern) {
    std::vector<char> next(row.size());
    next[0] = c == '*' && row[0];
    for (std::size_t j = 1; j < row.size(); ++j)
      next[j] = c == '*' ? row[j] || next[j - 1]
                         : row[j - 1] && (c == '?' || c == text[j - 1]);
    row = next;
  }
  return row.back();
}

} // namespace

BOOST_AUTO_TEST_SUITE(globs)

BOOST_DATA_TEST_CASE(patterns, boost::unit_test::data::make(glob_samples), x) {
  for (auto& text : x.fits) {
    BOOST_TEST(matches(x.pattern, text), text << " should match");
    BOOST_TEST(text.starts_with(literal_prefix(x.pattern)));
  }
  for (auto& text : x.fits_not)
    BOOST_TEST(!matches(x.pattern, text), text << " should not match");
  BOOST_TEST(literal_prefix(x.pattern) == x.prefix);
}

BOOST_AUTO_TEST_CASE(many_stars_do_not_take_for_ever) {
  std::string pattern;
  for (auto i = 0; i < 1000; ++i)
    pattern += "a*";
  BOOST_TEST(!matches(pattern + "b", std::string(10'000, 'a')));
}

BOOST_AUTO_TEST_CASE(no_pattern_costs_more_than_its_length) {
  BOOST_TEST(glob{"user:*"}.steps() == 1u);
  for (const auto& part : {"a", "*", "?", "[^a]", "*a", "\\a"}) {
    std::string pattern;
    while (pattern.size() + 4 <= pattern_bytes_max)
      pattern += part;
    BOOST_TEST(glob{pattern}.steps() <= pattern_bytes_max / 64 + 1);
  }
}

BOOST_DATA_TEST_CASE(a_pattern_fits_what_a_slow_look_says_that_it_fits,
                     boost::unit_test::data::xrange(20), seed) {
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  auto draw = [&random](const std::string& from, std::size_t size_max) {
    std::string result;
    for (auto n = random() % (size_max + 1); n > 0; --n)
      result += from[random() % from.size()];
    return result;
  };
  for (auto i = 0; i < 500; ++i) {
    // Now and then so long that it takes more than one word of bits.
    auto pattern = draw("ab*?", i % 10 == 0 ? 90 : 9);
    auto text = draw("ab", i % 10 == 0 ? 90 : 9);
    BOOST_REQUIRE_EQUAL(matches(pattern, text), fits(pattern, text));
  }
}

BOOST_AUTO_TEST_SUITE_END()
