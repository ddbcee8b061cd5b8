// What raftctl reads and writes: lines of pairs, progress.

#include <raft/tools/lib/progress.hpp>
#include <raft/tools/lib/tsv.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <sstream>

using namespace raft::tools;
using seconds = std::chrono::duration<double>;

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(every_byte_survives_a_line) {
  std::string all;
  for (auto i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  std::istringstream in{to_line({all, all + all}) + to_line({"", ""})};
  auto pairs = read_tsv(in);
  BOOST_REQUIRE(pairs.size() == 2u);
  BOOST_TEST((pairs[0] == key_value{all, all + all}));
  BOOST_TEST((pairs[1] == key_value{"", ""}));
}

BOOST_AUTO_TEST_CASE(escapes_are_readable) {
  BOOST_TEST(to_line({"a\tb", "c\n\\d"}) == "a\\tb\tc\\n\\\\d\n");
}

BOOST_AUTO_TEST_CASE(the_last_newline_may_be_missing) {
  std::istringstream in{"a\t1\nb\t2"};
  BOOST_TEST(read_tsv(in).size() == 2u);
}

BOOST_DATA_TEST_CASE(bad_lines_are_named,
                     data::make({"a\t1\nb", "a\t1\nb\t2\t3", "a\t1\nb\tx\\q",
                                 "a\t1\nb\tx\\", "a\t1\n\n"})) {
  std::istringstream in{std::string{sample}};
  BOOST_CHECK_EXCEPTION(read_tsv(in), tsv_error, [](const auto& problem) {
    return std::string{problem.what()}.starts_with("line 2: ");
  });
}

BOOST_AUTO_TEST_CASE(the_bar_shows_share_rate_and_time_left) {
  BOOST_TEST(progress_bar(50, 200, seconds{2}, 60)
             == "[######.....................]  25 %  50/200  25/s  0:06 left");
  BOOST_TEST(
    progress_bar(0, 200, seconds{0}, 80).find("0 %  0/200  0/s  -:-- left")
    != std::string::npos);
  BOOST_TEST(progress_bar(0, 0, seconds{0}, 80).find("100 %")
             != std::string::npos);
}

BOOST_DATA_TEST_CASE(the_bar_never_exceeds_the_terminal,
                     data::xrange(std::size_t{1}, std::size_t{120})) {
  BOOST_TEST(progress_bar(63'000, 63'666, seconds{7}, sample).size() <= sample);
}

BOOST_AUTO_TEST_CASE(a_terminal_sees_one_line_that_changes) {
  std::ostringstream out;
  progress x{out, 10, 80};
  x.update(1, seconds{0});
  x.update(2, seconds{0.05}); // too early
  x.update(3, seconds{0.11});
  x.finish(10, seconds{0.12});
  auto text = out.str();
  BOOST_TEST(std::count(text.begin(), text.end(), '\r') == 3);
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 1);
  BOOST_TEST(text.find("100 %  10/10") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(elsewhere_there_is_a_line_now_and_then) {
  std::ostringstream out;
  progress x{out, 10, 0};
  x.update(0, seconds{0});
  x.update(1, seconds{4.9});
  x.update(2, seconds{5});
  x.update(3, seconds{9});
  x.finish(10, seconds{9.5});
  BOOST_TEST(out.str() == "2 of 10 (20 %), 5.0 s, 0 a second\n");
}

BOOST_AUTO_TEST_SUITE_END()
