// The page of a run: that all is there, that a browser can read it, and that it
// needs nothing else.

#include <raft/simulation/cluster.hpp>
#include <raft/simulation/json_text.hpp>
#include <raft/simulation/timeline.hpp>
#include <raft/tests/support/temporary_directory.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

event make(event_kind what, std::uint64_t peer = 0, std::uint64_t other = 0,
           std::uint64_t number = 0) {
  event result;
  result.what = what;
  result.peer = {peer};
  result.other = {other};
  result.number = number;
  return result;
}

event at(std::chrono::microseconds when, event x, std::string text = {}) {
  x.when = when;
  x.text = std::move(text);
  return x;
}

/// What a page says between two marks.
std::string between(const std::string& page, const std::string& from,
                    const std::string& to) {
  auto begin = page.find(from);
  BOOST_REQUIRE(begin != std::string::npos);
  begin += from.size();
  auto end = page.find(to, begin);
  BOOST_REQUIRE(end != std::string::npos);
  return page.substr(begin, end - begin);
}

/// The data of a page, as its program reads them.
json data_of(const std::string& page) {
  return json::parse(between(
    page, "<script id=\"data\" type=\"application/json\">", "</script>"));
}

json data_of(const std::vector<event>& events,
             const timeline_caption& caption = {}) {
  return data_of(timeline_page(events, caption));
}

std::string run(std::uint64_t seed) {
  recorder seen;
  cluster_options options;
  options.seed = seed;
  options.network = unreliable_network();
  cluster x{options, &seen};
  x.run_for(2s);
  x.crash({1}, unfinished_write::kept);
  x.disconnect({2});
  x.run_for(2s);
  return timeline_page(seen.events(), {"A run", "", ""});
}

using table = std::vector<std::int64_t>;

} // namespace

BOOST_AUTO_TEST_SUITE(timeline)

BOOST_AUTO_TEST_CASE(the_same_run_gives_the_same_page_and_another_another) {
  BOOST_TEST(run(7) == run(7));
  BOOST_TEST(run(7) != run(8));
}

BOOST_AUTO_TEST_CASE(a_page_holds_the_run_and_needs_nothing_else) {
  auto page = run(7);
  BOOST_TEST(page.starts_with("<!DOCTYPE html>"));
  BOOST_TEST(page.ends_with("</html>\n"));
  BOOST_TEST(between(page, "<title>", "</title>") == "A run");
  for (const auto* link : {"http:", "https:", " src=", " href=", "@import",
                           "url(", "@style@", "@script@"})
    BOOST_TEST(page.find(link) == std::string::npos, link);
  auto data = data_of(page);
  BOOST_TEST((data["peers"] == 3));
  // Of four seconds; who hears of no leader calls for an election every 0.6 s.
  BOOST_TEST((data["end"] > 3'400'000));
  BOOST_TEST(data["messages"].size() % 6 == 0u);
  BOOST_TEST(data["messages"].size() > 6u * 20);
  BOOST_TEST(data["cuts"].size() == 4u * 4); // never healed
  BOOST_TEST(data["changes"].size() == 3u);
  for (const auto& x : data["changes"])
    BOOST_TEST(x.size() % 4 == 0u);
  BOOST_TEST(!data.contains("violation"));
}

BOOST_AUTO_TEST_CASE(messages_arrive_are_lost_doubled_or_under_way) {
  using enum event_kind;
  auto data = data_of(std::vector<event>{
    at(1us, make(sent, 1, 2, 1), "one"), at(2us, make(sent, 1, 2, 2), "two"),
    at(2us, make(lost, 1, 2, 2)), at(3us, make(received, 2, 1, 1)),
    at(4us, make(received, 2, 1, 1)), at(5us, make(sent, 2, 1, 3), "three"),
    at(9us, make(started, 1))});
  BOOST_TEST((data["texts"] == json{"", "two", "one", "three"}));
  BOOST_TEST(
    (data["messages"]
     == table{1, 2, 2, 2, 1, 1, 1, 2, 1, 3, 0, 2, // lost, arrived,
              1, 2, 1, 4, 3, 2, 2, 1, 5, 9, 2, 3})); // again, under way
}

BOOST_AUTO_TEST_CASE(cuts_end_when_they_are_healed_or_with_the_run) {
  using enum event_kind;
  auto data = data_of(
    std::vector<event>{at(1us, make(cut, 1, 2)), at(2us, make(cut, 2, 1)),
                       at(3us, make(healed, 1, 2)), at(3us, make(cut, 3)),
                       at(7us, make(paused, 3))});
  BOOST_TEST(
    (data["cuts"] == table{1, 2, 1, 3, 2, 1, 2, 7, // by pairs
                           3, 1, 3, 7, 1, 3, 3, 7, 3, 2, 3, 7, 2, 3, 3, 7}));
}

BOOST_AUTO_TEST_CASE(clients_wait_from_their_question_to_its_answer) {
  using enum event_kind;
  auto data = data_of(std::vector<event>{
    at(1us, make(asked, 0, 0, 1), "get 'a'"),
    at(2us, make(asked, 0, 0, 2), "put 'a' '1'"),
    at(3us, make(answered, 0, 0, 1), "committed get 'a' -> nil"),
    at(4us, make(started, 1))});
  BOOST_TEST((data["clients"] == table{1, 1, 3, 0, 1, 2, 2, -1, 3, 2}));
  BOOST_TEST((data["texts"]
              == json{"", "committed get 'a' -> nil", "asked put 'a' '1'"}));
}

BOOST_AUTO_TEST_CASE(commands_and_replies_are_made_readable) {
  using raft::simulation::readable;
  BOOST_TEST(readable(raft::bytes{std::string{"it's\n\0", 6}})
             == R"('it\'s\x0a\x00')");
  BOOST_TEST(readable(raft::bytes{"abcdef"}, 3) == "'abc...'");
  raft::simulation::client_operation x;
  x.command = raft::bytes{"inc"};
  BOOST_TEST(readable(x) == "'inc'");
  x.answered = 5us;
  x.result.result = raft::outcome::committed;
  x.result.reply = raft::bytes{"3"};
  BOOST_TEST(readable(x) == "'inc' -> '3'");
}

BOOST_AUTO_TEST_CASE(a_violation_is_shown_when_it_happened_or_at_the_end) {
  using enum event_kind;
  std::vector<event> events{at(1us, make(started, 1)),
                            at(2us, make(violated), "two <leaders>")};
  auto data = data_of(events, {"", "", "the same, told in the end"});
  BOOST_TEST((data["violation"]["text"] == "two <leaders>"));
  BOOST_TEST((data["violation"]["when"] == 2));
  events.back() = at(5us, make(paused, 1));
  data = data_of(events, {"", "", "not linearizable"});
  BOOST_TEST((data["violation"]["text"] == "not linearizable"));
  BOOST_TEST((data["violation"]["when"] == 5));
}

BOOST_AUTO_TEST_CASE(texts_can_not_break_out_of_the_page) {
  std::string text{"</script><b>&\"\\\n\x01 \xc3\xa9 \xff \xe2\x82"};
  auto page = timeline_page({at(1us, make(event_kind::changed), text)},
                            {"<i>&", "", ""});
  BOOST_TEST(between(page, "<title>", "</title>") == "&lt;i>&amp;");
  auto data = data_of(page);
  BOOST_TEST((data["title"] == "<i>&"));
  BOOST_TEST((data["texts"][1]
              == "</script><b>&\"\\\n\x01 \xc3\xa9 \xef\xbf\xbd "
                 "\xef\xbf\xbd\xef\xbf\xbd"));
}

BOOST_AUTO_TEST_CASE(only_utf_8_gets_into_json) {
  for (const auto* bad : {"\x80", "\xc1\x81", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5"})
    BOOST_TEST(json_text(bad).find("\\ufffd") == 1u);
  for (const auto* good : {"\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    BOOST_TEST((json::parse(json_text(good)) == good));
}

BOOST_AUTO_TEST_CASE(a_file_that_can_not_be_written_is_refused_at_once) {
  BOOST_CHECK_THROW(timeline_file{"/no/such/place.html"}, std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_file_is_there_only_if_it_was_written) {
  test::temporary_directory place;
  auto name = place.path("page.html");
  { timeline_file unused{name}; }
  BOOST_TEST(!std::filesystem::exists(name));
  timeline_file{name}.write("first, and long");
  timeline_file{name}.write("second");
  { timeline_file unused{name}; }
  std::ifstream in{name};
  BOOST_TEST(std::string(std::istreambuf_iterator<char>{in}, {}) == "second");
}

BOOST_AUTO_TEST_SUITE_END()
