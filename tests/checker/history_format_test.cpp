// Histories as text: what is written reads the same, and what is wrong is
// refused with its line.

#include <raft/checker/history_format_words.hpp>
#include <raft/tests/checker/histories.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace raft::checker;
using raft::checker::test::parse;

namespace {

std::string rewrite(const std::string& text) {
  std::ostringstream out;
  std::visit([&](const auto& x) { write(out, x); }, parse(text));
  return out.str();
}

/// "LINE: reason", or "fine".
std::string error_of(const std::string& text) {
  try {
    parse(text);
    return "fine";
  } catch (const history_error& e) {
    return std::to_string(e.line()) + ": " + e.what();
  }
}

bool refuses(const std::string& text, const std::string& why) {
  auto error = error_of(text);
  if (error.find(why) != std::string::npos)
    return true;
  BOOST_TEST_MESSAGE(error);
  return false;
}

const std::string map_header{"history 1 map\n"};

} // namespace

BOOST_AUTO_TEST_SUITE(history_format)

BOOST_AUTO_TEST_CASE(what_is_written_reads_the_same) {
  for (const auto& text : {
         std::string{"history 1 register\n"
                     "initial 7\n"
                     "1 -5 2 read -> nil\n"
                     "2 3 4 write -4\n"
                     "1 5 ? cas nil 3\n"
                     "1 5 6 cas 1 2 -> ok\n"
                     "1 7 8 cas 1 2 -> failed\n"
                     "1 7 8 read\n"},
         std::string{"history 1 map\n"
                     "initial \"\"\n"
                     "1 1 2 get \"a b\" -> \"\\\"\\\\\\n\\x00\\xff\"\n"
                     "1 1 2 get \"nil\" -> nil\n"
                     "1 1 ? put \"#\" \"->\"\n"
                     "1 3 4 append \"k\" \"v\" -> 12\n"
                     "1 3 4 append \"k\" \"v\"\n"
                     "1 3 4 delete \"k\" -> 1\n"
                     "1 3 4 cas \"k\" nil \"v\" -> ok\n"
                     "1 3 4 cas \"k\" \"u\" \"v\" -> failed\n"
                     "1 3 4 cas \"k\" \"u\" \"v\" -> failed nil\n"
                     "1 3 4 cas \"k\" \"u\" \"v\" -> failed \"w\"\n"},
       })
    BOOST_TEST(rewrite(text) == text);
}

BOOST_AUTO_TEST_CASE(people_may_write_it_loosely) {
  BOOST_TEST(rewrite("\n# made by hand\n  history  1 map \r\n\n"
                     "\t# client start end\n"
                     " 1\t1  2   put  k v -> ok\r\n")
             == map_header + "1 1 2 put \"k\" \"v\"\n");
}

BOOST_AUTO_TEST_CASE(strings_of_json_are_understood) {
  BOOST_TEST(
    split_words(R"("\u0041\u00e9\u20ac\ud83d\ude00\/\b\f\r\t")")[0].text
    == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\b\f\r\t");
  for (auto wrong : {R"("a)", R"("\)", R"("\q")", R"("\x4")", R"("\ud83d")",
                     R"("\ude00")", R"("\ud83d\u0041")", R"("a"b)", R"(a"b")"})
    BOOST_CHECK_THROW(split_words(wrong), word_error);
}

BOOST_AUTO_TEST_CASE(every_byte_survives_quoting) {
  std::string all;
  for (auto i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  auto words = split_words(quote(all));
  BOOST_TEST(words.size() == 1u);
  BOOST_TEST((words.at(0).text == all));
}

BOOST_AUTO_TEST_CASE(errors_name_line_and_reason) {
  BOOST_TEST(refuses("", "1: it is empty"));
  BOOST_TEST(refuses("# nothing\n\n", "2: it is empty"));
  BOOST_TEST(refuses("hello\n", "1: expected 'history 1"));
  BOOST_TEST(refuses("\nhistory 2 map\n", "2: expected 'history 1"));
  BOOST_TEST(refuses("history 1 set\n", "1: expected 'history 1"));
  BOOST_TEST(refuses("history \"1\n", "1: a quote is not closed"));
  for (auto [line, why] : std::vector<std::pair<std::string, std::string>>{
         {"1 2 3", "expected CLIENT START END"},
         {"x 2 3 get k -> v", "'x' is no client number"},
         {"1 2x 3 get k -> v", "'2x' is no start time"},
         {"1 2 3.5 get k -> v", "'3.5' is no end time"},
         {"1 3 2 get k -> v", "it ends before it starts"},
         {"1 2 ? get k -> v", "an answer, but no end"},
         {"1 2 3 get", "expected get KEY"},
         {"1 2 3 get k ->", "expected get KEY -> VALUE"},
         {"1 2 3 -> v", "expected an operation"},
         {"1 2 3 fetch k", "expected get KEY"},
         {"1 2 3 append k v -> x", "'x' is no count"},
         {"1 2 3 put k v -> 7", "expected put KEY VALUE"},
         {"1 2 3 put k v -> failed", "expected put KEY VALUE"},
         {"1 2 3 cas k a b -> ok x", "expected cas KEY OLD NEW"},
         {"1 2 3 put k \"v", "a quote is not closed"},
         {"initial \"\"", "expected CLIENT START END"},
       })
    BOOST_TEST(
      refuses(map_header + "1 1 2 get k -> v\n" + line + '\n', "3: " + why),
      line);
  BOOST_TEST(refuses("history 1 register\n1 1 2 write x\n", "2: 'x' is no "
                                                            "integer"));
}

BOOST_AUTO_TEST_CASE(logs_of_jepsen_are_read) {
  const std::string mark{"INFO  jepsen.util - "};
  auto text = rewrite(
    "noise\n" + mark + "0\t:invoke\t:read\tnil\n" + mark
    + "1 :invoke :write 4\n" + mark + "0 :ok :read nil\n" + mark
    + "2 :invoke :cas [1 2]\nmore noise\n" + mark
    + "1 :info :write :timed-out\n" + mark + "2 :fail :cas [1 2]\n" + mark
    + "3 :invoke :read nil\n" + mark + "3 :fail :read :timed-out\n" + mark
    + ":nemesis :info :start \"Cut off\n" + mark + "4 :invoke :write 5\n");
  BOOST_TEST(text
             == "history 1 register\n0 2 4 read -> nil\n1 3 ? write 4\n"
                "2 5 8 cas 1 2 -> failed\n4 12 ? write 5\n");
  BOOST_TEST(refuses(mark + "0 :ok :read 3\n", "1: process 0 ends what"));
  BOOST_TEST(
    refuses(mark + "0 :invoke :read nil\n" + mark + "0 :invoke :read nil\n",
            "2: process 0 has not finished"));
  BOOST_TEST(refuses(mark + "0 :invoke :pop 1\n", "1: no operation"));
  BOOST_TEST(refuses(mark + "0 :invoke :write\n", "1: no operation"));
  BOOST_TEST(refuses(mark + "0 :invoke :write x\n", "1: 'x' is no number"));
  BOOST_TEST(
    refuses(mark + "0 :invoke :write 1\n" + mark + "0 :what :write 1\n",
            "2: unknown type"));
}

BOOST_AUTO_TEST_CASE(logs_of_edn_maps_are_read) {
  auto line = [](const std::string& type, const std::string& rest) {
    return "{:process 3, :type :" + type + ", " + rest + "}\n";
  };
  auto text = rewrite(line("invoke", R"(:f :put, :key "a", :value "x, } \"y")")
                      + line("ok", R"(:f :put, :key "a", :value "x, } \"y")")
                      + line("invoke", R"(:f :get, :key "a", :value nil)")
                      + line("ok", R"(:f :get, :key "a", :value "v")")
                      + line("invoke", R"(:f :append, :key "a", :value "z")"));
  BOOST_TEST(text
             == "history 1 map\ninitial \"\"\n3 1 2 put \"a\" \"x, } \\\"y\"\n"
                "3 3 4 get \"a\" -> \"v\"\n3 5 ? append \"a\" \"z\"\n");
  BOOST_TEST(refuses("{:process 3", "1: no map"));
  BOOST_TEST(refuses("{:process 3}", "1: there is no :type"));
  BOOST_TEST(refuses("{:process 3} x", "1: no map"));
  BOOST_TEST(refuses("{:process", "1: a name without a value"));
  BOOST_TEST(refuses(line("invoke", R"(:f :pop, :key "a", :value "v")"),
                     "1: no operation"));
  BOOST_TEST(refuses(line("invoke", R"(:f :put, :key "a", :value nil)"),
                     "1: a value must be a string"));
  BOOST_TEST(refuses("{:process x, :type :invoke, :f :get, :key \"a\", :value "
                     "nil}\nx\n",
                     "1: 'x' is no process number"));
}

BOOST_AUTO_TEST_SUITE_END()
