// Medians, ratios, tables and JSON of a comparison.

#include <raft/bench/chart.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <ostream>

using namespace raft::bench;

namespace raft::bench {

std::ostream& operator<<(std::ostream& out, const spread& x) {
  return out << x.median << " (" << x.lowest << " to " << x.highest << ')';
}

} // namespace raft::bench

namespace {

const load few{256, operation::set, {1, 1}};
const load many{256, operation::set, {64, 16}};
const load reads{256, operation::get, {1, 1}};

measurement make(std::string system, unsigned round, double rate,
                 const load& what = few) {
  measurement x;
  x.system = std::move(system);
  x.round = round;
  x.load = what;
  x.keys = 10;
  x.seconds = 2;
  x.commands = static_cast<std::uint64_t>(rate * x.seconds);
  x.p50 = 0.5;
  x.p99 = 1.5;
  x.p999 = 2.5;
  x.cpu_seconds = 0.25;
  x.written_bytes = 1 << 20;
  x.disk_flushes = 2 * x.commands;
  x.disk_bytes = 1000 * x.commands;
  x.memory = {{3 << 20, 2 << 20}, {5 << 20, 1 << 20}};
  return x;
}

comparison three_rounds() {
  return comparison{{make("ours", 1, 1000), make("etcd", 1, 500),
                     make("ours", 2, 3000), make("etcd", 2, 1000),
                     make("ours", 3, 2000), make("etcd", 3, 2000),
                     make("ours", 1, 70'000, many)}};
}

/// Different medians and floors in each round.
comparison with_floors() {
  auto all = three_rounds().all();
  all.at(2).p50 = 1.5; // ours, round 2
  all.at(4).p50 = 1;
  return comparison{
    std::move(all),
    {{1, 256, 0.375, 0.125}, {2, 256, 0.125, 0.125}, {3, 256, 0.75, 0.25}}};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(comparisons)

BOOST_AUTO_TEST_CASE(a_spread_is_median_and_range) {
  BOOST_TEST(spread_of({3, 1, 2}) == (spread{2, 1, 3}));
  BOOST_TEST(spread_of({4}) == (spread{4, 4, 4}));
  BOOST_TEST(spread_of({4, 1}) == (spread{1, 1, 4}));
}

BOOST_AUTO_TEST_CASE(figures_are_medians_over_rounds) {
  auto x = three_rounds();
  BOOST_TEST(x.rounds() == 3u);
  BOOST_TEST(x.systems() == (std::vector<std::string>{"ours", "etcd"}));
  BOOST_TEST(x.of("ours", few, metrics::rate).value()
             == (spread{2000, 1000, 3000}));
  BOOST_TEST(x.of("ours", few, metrics::flushes).value() == (spread{2, 2, 2}));
  BOOST_TEST(x.of("ours", few, metrics::memory).value().median == 5 << 20);
  BOOST_TEST(x.of("ours", few, metrics::anonymous).value().median == 2 << 20);
  // 0.25 s for 2000 commands.
  BOOST_TEST(x.of("ours", few, metrics::cpu).value().highest == 12.5);
  BOOST_TEST(!x.of("etcd", many, metrics::rate).has_value());
  BOOST_TEST(!x.of("ours", reads, metrics::rate).has_value());
}

BOOST_AUTO_TEST_CASE(ratios_are_taken_within_a_round) {
  auto x = three_rounds();
  // 2, 3 and 1; the ratio of the medians would be 2, too, but its range not.
  BOOST_TEST(x.ratio("ours", "etcd", few, metrics::rate).value()
             == (spread{2, 1, 3}));
  BOOST_TEST(!x.ratio("ours", "etcd", many, metrics::rate).has_value());
}

BOOST_AUTO_TEST_CASE(a_floor_belongs_to_one_client_that_sets) {
  auto x = with_floors();
  auto sum = [](const floor_figure& y) { return y.sum_ms(); };
  auto sync = [](const floor_figure& y) { return y.sync_ms; };
  BOOST_TEST(x.floor_of(few, sum).value() == (spread{0.5, 0.25, 1}));
  BOOST_TEST(x.floor_of(few, sync).value() == (spread{0.375, 0.125, 0.75}));
  BOOST_TEST(!x.floor_of(many, sum).has_value());
  BOOST_TEST(!x.floor_of(reads, sum).has_value());
  auto larger = few;
  larger.value_bytes = 4096;
  BOOST_TEST(!x.floor_of(larger, sum).has_value());
  BOOST_TEST(!three_rounds().floor_of(few, sum).has_value());
}

BOOST_AUTO_TEST_CASE(a_median_is_divided_by_the_floor_of_its_round) {
  auto x = with_floors();
  // 0.5, 1.5 and 1 by 0.5, 0.25 and 1; the ratio of medians would be 2.
  BOOST_TEST(x.by_floor("ours", few).value() == (spread{1, 1, 6}));
  BOOST_TEST(x.by_floor("etcd", few).value() == (spread{1, 0.5, 2}));
  BOOST_TEST(!x.by_floor("ours", many).has_value());
  BOOST_TEST(!three_rounds().by_floor("ours", few).has_value());
}

BOOST_AUTO_TEST_CASE(floors_are_shown_beside_what_they_are_below) {
  auto text = to_text(with_floors(), {});
  BOOST_TEST(has(text, "clients  floor   sync  round trip  system"));
  BOOST_TEST(has(text, "1.00 (1.00 to 6.00)"));
  BOOST_TEST(!has(to_text(three_rounds(), {}), "p50 by floor"));
  auto x = to_json(with_floors(), {});
  BOOST_TEST(x["floors"].size() == 3u);
  BOOST_TEST(x["medians"][0]["p50_by_floor"]["highest"] == 6.0);
  BOOST_TEST(x["medians"][0]["floor_ms"]["median"] == 0.5);
  BOOST_TEST(x["medians"][2]["floor_ms"].is_null()); // of 64x16
  nlohmann::json line = with_floors().floors().at(1);
  BOOST_TEST(nlohmann::json(line.get<floor_figure>()) == line);
}

BOOST_AUTO_TEST_CASE(what_is_not_counted_is_not_shown) {
  auto one = make("ours", 1, 1000), other = make("etcd", 1, 1000);
  one.disk_flushes = other.disk_bytes = std::nullopt;
  other.disk_flushes = 0;
  comparison x{{one, other}};
  BOOST_TEST(!x.of("ours", few, metrics::flushes).has_value());
  BOOST_TEST(!x.ratio("ours", "etcd", few, metrics::flushes).has_value());
  BOOST_TEST(!x.ratio("ours", "etcd", few, metrics::disk_bytes).has_value());
}

BOOST_AUTO_TEST_CASE(numbers_have_three_digits_or_all) {
  BOOST_TEST(to_text(0) == "0");
  BOOST_TEST(to_text(0.0444) == "0.044");
  BOOST_TEST(to_text(0.9996) == "1.00");
  BOOST_TEST(to_text(9.996) == "10.0");
  BOOST_TEST(to_text(12.34) == "12.3");
  BOOST_TEST(to_text(99.96) == "100");
  BOOST_TEST(to_text(1234567.2) == "1,234,567");
}

BOOST_AUTO_TEST_CASE(tables_have_figures_and_ratios) {
  auto text = to_text(three_rounds(), {{"machine", "a small one"}});
  BOOST_TEST(has(text, "machine: a small one\n\nSET, values of 256 bytes\n\n"));
  BOOST_TEST(has(text, "clients  system  commands/s    p50"));
  BOOST_TEST(has(text, "      1  ours         2,000  0.500"));
  BOOST_TEST(has(text, "  64x16  ours        70,000  0.500"));
  BOOST_TEST(has(text, "1  etcd     2.00 (1.00 to 3.00)  1.00 (1.00 to 1.00)"));
  BOOST_TEST(!has(text, "64x16  etcd"));
}

BOOST_AUTO_TEST_CASE(json_has_all_of_it) {
  auto x = to_json(three_rounds(), {{"date", "today"}});
  BOOST_TEST(x["facts"]["date"] == "today");
  BOOST_TEST(x["measurements"].size() == 7u);
  BOOST_TEST(x["ratios"][0]["by"] == "etcd");
  BOOST_TEST(x["ratios"][0]["commands_per_second"]["highest"] == 3.0);
  BOOST_TEST(x["medians"][0]["p99_ms"]["median"] == 1.5);
}

BOOST_AUTO_TEST_CASE(a_picture_has_a_dot_for_each_median) {
  auto svg = to_svg(three_rounds(), {{"machine", "a <small> one & quiet"}});
  BOOST_TEST(svg.starts_with("<svg xmlns="));
  BOOST_TEST(svg.ends_with("</svg>\n"));
  BOOST_TEST(has(svg, "machine: a &lt;small&gt; one &amp; quiet</text>"));
  BOOST_TEST(has(svg, "SET, values of 256 bytes: commands/s</text>"));
  BOOST_TEST(has(svg, "<title>ours: 2,000 (1,000 to 3,000)</title>"));
  // Two of a panel with one client, one with many; two panels.
  std::size_t dots = 0;
  for (auto at = svg.find("<title>"); at != std::string::npos;
       at = svg.find("<title>", at + 1))
    ++dots;
  BOOST_TEST(dots == 6u);
  BOOST_TEST(!has(svg, "nan"));
  BOOST_TEST(!has(svg, "inf"));
}

BOOST_AUTO_TEST_CASE(a_measurement_survives_its_line) {
  auto x = make("etcd", 2, 12.5, many);
  x.disk_flushes = std::nullopt;
  x.load_average = 0.75;
  x.client_cpu_seconds = 0.125;
  nlohmann::json line = x;
  auto y = nlohmann::json::parse(line.dump()).get<measurement>();
  BOOST_TEST(nlohmann::json(y) == line);
  BOOST_TEST(y.load.shape.pipeline == 16u);
  BOOST_TEST(!y.disk_flushes.has_value());
  BOOST_TEST(y.memory.at(1).resident == 5u << 20);
}

BOOST_AUTO_TEST_CASE(shapes_are_written_as_they_are_read) {
  for (auto text : {"1", "64x16", "1000x2"})
    BOOST_TEST(to_text(parse_shape(text)) == text);
  for (auto text : {"", "0", "x", "64x", "64x0", "-1", "64x16x2", "1001", "4 "})
    BOOST_CHECK_THROW(parse_shape(text), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
