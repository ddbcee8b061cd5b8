// Patterns match as in Redis.

#include <raft/redis/glob.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
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

} // namespace

BOOST_AUTO_TEST_SUITE(glob)

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

BOOST_AUTO_TEST_SUITE_END()
