// The parser takes what redis-server takes, however the bytes are split.

#include <raft/redis/resp.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace raft::redis;

namespace {

using namespace std::literals;

struct request_sample {
  std::string input;
  /// All requests, a word in <...>, a request in (...), and the error, if any.
  std::string expected;
};

std::ostream& operator<<(std::ostream& out, const request_sample& x) {
  return out << x.input.substr(0, 80);
}

// As redis-server 7.0.15 does it.
const std::vector<request_sample> request_samples{
  {"", ""},
  {"PING\r\n", "(<PING>)"},
  {"PING\n", "(<PING>)"},
  {"\r\n  \r\n\nPING\r\n", "(<PING>)"},
  {"SET k v\r\nGET k\r\n", "(<SET><k><v>)(<GET><k>)"},
  {"ECHO \"a b\"\r\n", "(<ECHO><a b>)"},
  {R"(ECHO "a\x41\n\t\q\"")"
   "\n",
   "(<ECHO><aA\n\tq\">)"},
  {R"(ECHO "\xzz\x4")"
   "\n",
   "(<ECHO><xzzx4>)"},
  {R"(ECHO 'a\'b\n')"
   "\n",
   "(<ECHO><a'b\\n>)"},
  {"ECHO \"\" ''\n", "(<ECHO><><>)"},
  {"ECHO a\"b c\" d\r\n", "(<ECHO><ab c><d>)"},
  {"'PING'\r\n", "(<PING>)"},
  {"ECHO \vb\vc\r\n", "(<ECHO><b\vc>)"},
  {"PING\rX\n", "(<PING><X>)"},
  {"ECHO a\0b\r\nPING\r\n"s, "(<ECHO><a>)(<PING>)"},
  {"ECHO \"a\"b\r\nPING\r\n", "!unbalanced quotes in request"},
  {"ECHO \"a\r\n", "!unbalanced quotes in request"},
  {"ECHO \"a\\\r\n", "!unbalanced quotes in request"},
  {"ECHO 'a\n", "!unbalanced quotes in request"},
  {"ECHO a'b'c\n", "!unbalanced quotes in request"},
  {"$4\r\n", "(<$4>)"},
  {"*1\r\n$4\r\nPING\r\n", "(<PING>)"},
  {"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", "(<ECHO><>)"},
  {"*2\r\n$4\r\nECHO\r\n$7\r\na\r\n\0\xff*1\r\n"s, "(<ECHO><a\r\n\0\xff*1>)"s},
  {"*0\r\nPING\r\n", "(<PING>)"},
  {"*-1\r\n*-10\r\nPING\r\n", "(<PING>)"},
  {"*1\r\n$0\r\n\r\n", "(<>)"},
  {"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", "(<PING>)(<PING>)"},
  {"*1\rX$4\rXPING\r\n", "(<PING>)"},
  {"PING\r\n*x\r\nPING\r\n", "(<PING>)!invalid multibulk length"},
  {"*1\n$4\r\nPING\r\n", "!invalid multibulk length"},
  {"*\r\n", "!invalid multibulk length"},
  {"*01\r\n$4\r\nPING\r\n", "!invalid multibulk length"},
  {"*+1\r\n$4\r\nPING\r\n", "!invalid multibulk length"},
  {"*-0\r\n", "!invalid multibulk length"},
  {"* 1\r\n", "!invalid multibulk length"},
  {"*1 \r\n", "!invalid multibulk length"},
  {"*99999999999999999999\r\n", "!invalid multibulk length"},
  {"*11\r\n", "!invalid multibulk length"},
  {"*1\r\n4\r\nPING\r\n", "!expected '$', got '4'"},
  {"*1\r\n\r\n", "!expected '$', got ' '"},
  {"*1\r\n\x01\r\n", "!expected '$', got '\x01'"},
  {"*1\r\n$-1\r\n", "!invalid bulk length"},
  {"*1\r\n$x\r\n", "!invalid bulk length"},
  {"*1\r\n$\r\n", "!invalid bulk length"},
  {"*1\r\n$4a\r\nPING\r\n", "!invalid bulk length"},
  {"*1\r\n$04\r\nPING\r\n", "!invalid bulk length"},
  {"*1\r\n$21\r\n", "!invalid bulk length"},
  {"*1\r\n$20\r\n01234567890123456789\r\n", "(<01234567890123456789>)"},
  {std::string(32, 'a') + "\n", "(<" + std::string(32, 'a') + ">)"},
  {std::string(33, 'a'), "!too big inline request"},
  {std::string(33, 'a') + "\n", "!too big inline request"},
  {"*" + std::string(32, '1'), "!too big mbulk count string"},
  {"*" + std::string(32, '1') + "\r\n", "!too big mbulk count string"},
  {"*1\r\n$" + std::string(32, '1'), "!too big bulk count string"},
  {"*3\r\n$20\r\n01234567890123456789\r\n$20\r\n01234567890123456789\r\n$"
   "14\r\n",
   "!too big request"},
};

/// Small, so that the samples reach them.
request_limits small_limits() {
  request_limits x;
  x.arguments_max = 10;
  x.bulk_bytes_max = 20;
  x.line_bytes_max = 32;
  x.request_bytes_max = 64;
  return x;
}

void collect(request_parser& parser, std::string& out) {
  for (;;) {
    switch (parser.next()) {
      case request_parser::result::incomplete:
        return;
      case request_parser::result::failed:
        // It stays failed, and is told once.
        if (out.find('!') == std::string::npos)
          out += "!" + parser.error().substr("Protocol error: "sv.size());
        return;
      case request_parser::result::request:
        out += '(';
        for (auto word : parser.arguments())
          out.append("<").append(word).append(">");
        out += ')';
    }
  }
}

std::string parse(const std::vector<std::string_view>& parts) {
  request_parser parser{small_limits()};
  std::string result;
  for (auto part : parts) {
    parser.feed(part);
    collect(parser, result);
  }
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(resp)

BOOST_DATA_TEST_CASE(requests_are_found,
                     boost::unit_test::data::make(request_samples), x) {
  BOOST_TEST(parse({x.input}) == x.expected);
}

BOOST_DATA_TEST_CASE(splitting_changes_nothing,
                     boost::unit_test::data::make(request_samples), x) {
  std::string_view input = x.input;
  for (std::size_t i = 0; i <= input.size(); ++i)
    for (auto j = i; j <= input.size(); ++j)
      BOOST_REQUIRE_EQUAL(
        parse({input.substr(0, i), input.substr(i, j - i), input.substr(j)}),
        x.expected);
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < input.size(); ++i)
    single.push_back(input.substr(i, 1));
  BOOST_TEST(parse(single) == x.expected);
}

BOOST_DATA_TEST_CASE(garbage_gives_the_same_however_it_is_split,
                     boost::unit_test::data::xrange(300), seed) {
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  static constexpr auto alphabet = "*$0123456\r\n\r\n\"'\\ aP\0\xff"sv;
  for (auto i = 0; i < 200; ++i) {
    std::string input = random() % 2 ? "*2\r\n$2\r\n" : "";
    for (auto n = random() % 60; n > 0; --n)
      input += alphabet[random() % alphabet.size()];
    auto whole = parse({input});
    std::vector<std::string_view> parts;
    for (std::size_t at = 0; at < input.size();) {
      auto size = 1 + random() % 5;
      parts.push_back(std::string_view{input}.substr(at, size));
      at += size;
    }
    BOOST_REQUIRE_EQUAL(parse(parts), whole);
  }
}

BOOST_AUTO_TEST_CASE(a_parser_keeps_only_what_it_needs) {
  request_parser parser;
  std::string input;
  add_array(input, 2);
  add_bulk(input, "ECHO");
  add_bulk(input, std::string(1 << 20, 'x'));
  parser.feed(input + "PI");
  BOOST_TEST((parser.next() == request_parser::result::request));
  BOOST_TEST(parser.arguments()[1].size() == 1u << 20);
  BOOST_TEST(parser.unread() == 2u);
  BOOST_TEST((parser.next() == request_parser::result::incomplete));
  parser.feed("NG\r\n");
  BOOST_TEST((parser.next() == request_parser::result::request));
  BOOST_TEST(parser.unread() == 0u);
}

BOOST_AUTO_TEST_CASE(a_parser_gives_back_what_a_large_request_took) {
  constexpr std::size_t kept_max = 64 << 10;
  request_parser parser;
  std::string large;
  add_array(large, 2);
  add_bulk(large, "ECHO");
  add_bulk(large, std::string(8 << 20, 'x'));
  std::string many;
  add_array(many, 1 << 20);
  for (auto i = 0; i < 1 << 20; ++i)
    add_bulk(many, "");
  std::string words;
  for (auto i = 0; i < 30'000; ++i)
    words += "x ";
  for (const auto& input : {large, many, words + "\r\n"}) {
    parser.feed(input);
    BOOST_TEST((parser.next() == request_parser::result::request));
    BOOST_TEST(parser.memory() > kept_max);
    BOOST_TEST(parser.kept() > kept_max);
    BOOST_TEST((parser.next() == request_parser::result::incomplete));
    BOOST_TEST(parser.memory() == 0u);
    BOOST_TEST(parser.kept() <= kept_max);
  }
  request_parser other;
  other.feed(std::string(1 << 20, '*'));
  BOOST_TEST((other.next() == request_parser::result::failed));
  BOOST_TEST(other.kept() <= kept_max);
}

BOOST_AUTO_TEST_CASE(an_unfinished_request_costs_no_more_than_its_bytes) {
  // Arguments without a byte in them are those that take most beside it.
  std::string input = "*1048576\r\n";
  for (auto i = 0; i < (1 << 20) - 1; ++i)
    add_bulk(input, "");
  request_parser parser;
  for (std::size_t at = 0; at < input.size(); at += 16 << 10) {
    parser.feed(std::string_view{input}.substr(at, 16 << 10));
    BOOST_TEST((parser.next() == request_parser::result::incomplete));
  }
  BOOST_TEST_MESSAGE(parser.memory() << " for " << input.size());
  BOOST_TEST(parser.memory() <= request_memory_max({}));
}

BOOST_AUTO_TEST_CASE(a_failed_parser_takes_nothing_more) {
  request_parser parser;
  parser.feed("*x\r\n");
  BOOST_TEST((parser.next() == request_parser::result::failed));
  parser.feed("PING\r\n");
  BOOST_TEST((parser.next() == request_parser::result::failed));
  BOOST_TEST(parser.unread() == 0u);
}

BOOST_AUTO_TEST_CASE(replies_are_written_as_redis_writes_them) {
  std::string out;
  add_simple(out, "OK");
  add_error(out, "ERR a\r\nb");
  add_integer(out, -7);
  add_bulk(out, "a\r\n");
  add_nil(out);
  add_array(out, 0);
  BOOST_TEST(out == "+OK\r\n-ERR a  b\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*0\r\n");
}

BOOST_AUTO_TEST_CASE(integers_are_read_strictly) {
  BOOST_TEST((to_integer("0") == 0));
  BOOST_TEST((to_integer("-12") == -12));
  BOOST_TEST((to_integer("9223372036854775807") == INT64_MAX));
  BOOST_TEST((to_integer("-9223372036854775808") == INT64_MIN));
  for (auto x : {"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "0x1",
                 "9223372036854775808"})
    BOOST_TEST(!to_integer(x), x);
}

BOOST_AUTO_TEST_SUITE_END()
