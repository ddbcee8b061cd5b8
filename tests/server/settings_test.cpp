// Flags, file and checks of a server's settings.

#include <raft/server/configuration.hpp>
#include <raft/server/options.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ostream>

namespace raft::server {

std::ostream& operator<<(std::ostream& out, const option& x) {
  return out << x.name;
}

} // namespace raft::server

using namespace raft;
using namespace raft::server;
using raft::cluster::configuration_error;
using raft::links::address;
using raft::links::member;
using namespace std::chrono_literals;

namespace {

arguments read(std::vector<const char*> flags) {
  flags.insert(flags.begin(), "raftd");
  return read_arguments(static_cast<int>(flags.size()), flags.data());
}

const std::vector<const char*> three{
  "--id",   "2",         "--data",
  "/tmp/x", "--members", "1=127.0.0.1:7001,2=127.0.0.1:7002,3=[::1]:7003"};

std::vector<const char*> and_also(std::vector<const char*> more) {
  auto result = three;
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

bool contains(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

/// A file that is gone at the end of the test.
struct temporary_file {
  explicit temporary_file(const std::string& content) {
    auto pattern
      = (std::filesystem::temp_directory_path() / "raft-XXXXXX").string();
    close_later = mkstemp(pattern.data());
    path = pattern;
    std::ofstream{path} << content;
  }

  ~temporary_file() {
    std::filesystem::remove(path);
    ::fclose(::fdopen(close_later, "r"));
  }

  std::string path;
  int close_later = -1;
};

configuration good() {
  return *read(three).config;
}

/// Asserts that `check` complains about a changed configuration, with a text
/// that holds `what`.
void refuses(const std::string& what,
             const std::function<void(configuration&)>& change) {
  auto x = good();
  change(x);
  BOOST_CHECK_EXCEPTION(check(x), configuration_error,
                        [&](const configuration_error& e) {
                          BOOST_TEST_MESSAGE(e.what());
                          return contains(e.what(), what);
                        });
}

using field = std::function<std::uint64_t(const configuration&)>;

using flag_fields = std::vector<std::pair<const char*, field>>;

/// Flags of numbers, and what of the configuration each sets.
flag_fields number_flags_of_snapshots() {
  return {
    {"--log-for-lagging",
     [](auto& x) { return x.node.raft.lagging_bytes_max; }},
    {"--snapshots-sent",
     [](auto& x) { return x.node.raft.snapshots_sent_max; }},
    {"--snapshot-rate",
     [](auto& x) { return x.node.snapshot_bytes_per_second; }},
  };
}

flag_fields number_flags_of_others() {
  static constexpr auto count
    = [](auto x) { return static_cast<std::uint64_t>(x.count()); };
  return {
    {"--heartbeat",
     [](auto& x) { return count(x.node.raft.heartbeat_interval); }},
    {"--election-timeout-min",
     [](auto& x) { return count(x.node.raft.election_timeout_min); }},
    {"--election-timeout-max",
     [](auto& x) { return count(x.node.raft.election_timeout_max); }},
    {"--level-after", [](auto& x) { return count(x.node.raft.level_after); }},
    {"--lease-drift-ppm", [](auto& x) { return x.node.raft.lease_drift_ppm; }},
    {"--disk-retry",
     [](auto& x) { return count(x.node.raft.disk_retry_interval); }},
    {"--batches-under-way",
     [](auto& x) { return x.node.raft.batches_under_way_max; }},
    {"--requests-in-flight",
     [](auto& x) { return x.node.raft.requests_in_flight_max; }},
    {"--bytes-in-flight",
     [](auto& x) { return x.node.raft.bytes_in_flight_max; }},
    {"--frame-bytes", [](auto& x) { return x.node.raft.frame_bytes_max; }},
    {"--wire-bytes", [](auto& x) { return x.node.raft.wire_bytes_max; }},
    {"--batch-bytes", [](auto& x) { return x.node.raft.batch_bytes_max; }},
    {"--command-bytes", [](auto& x) { return x.node.raft.command_bytes_max; }},
    {"--uncommitted-bytes",
     [](auto& x) { return x.node.raft.uncommitted_bytes_max; }},
    {"--undurable-bytes",
     [](auto& x) { return x.node.raft.undurable_bytes_max; }},
    {"--unapplied-bytes",
     [](auto& x) { return x.node.raft.unapplied_bytes_max; }},
    {"--applying-bytes",
     [](auto& x) { return x.node.raft.applying_bytes_max; }},
    {"--log-in-memory",
     [](auto& x) { return x.node.raft.log_bytes_in_memory; }},
    {"--log-kept", [](auto& x) { return x.node.raft.log_bytes_kept; }},
    {"--compaction-bytes",
     [](auto& x) { return x.node.raft.compaction_bytes_min; }},
    {"--subscriptions",
     [](auto& x) { return x.node.bounds.subscriptions_max; }},
    {"--subscription-bytes",
     [](auto& x) { return x.node.bounds.subscription_bytes_max; }},
    {"--redis-unread-bytes", [](auto& x) { return x.redis_unread_bytes; }},
    {"--redis-unread-total", [](auto& x) { return x.redis_unread_total; }},
    {"--redis-requests-total", [](auto& x) { return x.redis_requests_total; }},
    {"--dirty-bytes", [](auto& x) { return x.dirty_bytes; }},
    {"--cached-bytes", [](auto& x) { return x.cached_bytes; }},
    {"--checkpoint-after",
     [](auto& x) { return count(x.node.checkpoint_after); }},
    {"--map-bytes", [](auto& x) { return x.node.map_bytes; }},
    {"--space-ahead", [](auto& x) { return x.node.reserved_space.ahead; }},
    {"--space-reserve", [](auto& x) { return x.node.reserved_space.reserve; }},
    {"--journal-segment-bytes",
     [](auto& x) { return x.node.journal.segment_bytes; }},
  };
}

const flag_fields& number_flags() {
  static const auto all = [] {
    auto result = number_flags_of_others();
    for (auto& x : number_flags_of_snapshots())
      result.push_back(std::move(x));
    return result;
  }();
  return all;
}

const option& find_option(const std::string& name) {
  auto i = std::ranges::find_if(
    options(), [&](const option& x) { return name == x.name; });
  BOOST_REQUIRE((i != options().end()));
  return *i;
}

std::vector<option> bounded_options() {
  auto result = options();
  std::erase_if(result, [](const option& x) { return !x.range; });
  return result;
}

/// A value that `option::measure` finds to be `size`.
std::string value_of(const option& x, std::uint64_t size) {
  return x.type == option_kind::number ? std::to_string(size)
                                       : std::string(size, 'x');
}

} // namespace

BOOST_AUTO_TEST_SUITE(settings_suite)

BOOST_AUTO_TEST_CASE(each_number_has_bounds_and_a_default_within) {
  for (const auto& x : options()) {
    if (x.type == option_kind::number)
      BOOST_TEST(x.range.has_value(), x.name);
    // This one has no default.
    if (x.name != std::string{"id"})
      BOOST_TEST(complaint_about(x, {}) == "", x.name);
  }
}

BOOST_DATA_TEST_CASE(what_is_out_of_bounds_is_refused_by_name,
                     bounded_options(), x) {
  configuration ignored;
  auto lowest = x.range->lowest, highest = x.range->highest;
  BOOST_CHECK_NO_THROW(x.set(ignored, {value_of(x, lowest)}));
  if (x.type != option_kind::number || highest != ~std::uint64_t{0})
    BOOST_CHECK_NO_THROW(x.set(ignored, {value_of(x, highest)}));
  auto flag = "--" + std::string{x.name};
  auto words = std::to_string(lowest) + " to " + std::to_string(highest);
  auto refused = [&](std::uint64_t size) {
    auto value = value_of(x, size);
    auto quote = x.type == option_kind::text ? "\"" : "";
    temporary_file file{x.name + (" = " + (quote + value)) + quote + '\n'};
    auto by_flag = read(and_also({flag.c_str(), value.c_str()}));
    auto in_file = read({"--config", file.path.c_str()});
    for (const auto& [result, begin] :
         {std::pair{by_flag, flag}, {in_file, file.path + ":1: " + x.name}}) {
      BOOST_TEST(result.exit_code == 2);
      BOOST_TEST(contains(result.text, begin + ": must "), result.text);
      BOOST_TEST(contains(result.text, words), result.text);
      BOOST_TEST(contains(result.text, "not " + std::to_string(size)),
                 result.text);
    }
  };
  if (lowest > 0)
    refused(lowest - 1);
  if (highest != ~std::uint64_t{0})
    refused(highest + 1);
}

BOOST_AUTO_TEST_CASE(help_shows_bounds_where_they_are_useful) {
  auto help = read({"--help"}).text;
  // Lines are broken anywhere.
  help.erase(std::unique(help.begin(), help.end(),
                         [](char a, char b) {
                           return std::isspace(a) && std::isspace(b);
                         }),
             help.end());
  std::ranges::replace(help, '\n', ' ');
  for (const auto& x : bounded_options())
    if (x.range->shown)
      BOOST_TEST(contains(help, "(" + std::to_string(x.range->lowest) + " to "
                                  + std::to_string(x.range->highest) + ")"),
                 x.name);
}

BOOST_AUTO_TEST_CASE(flags_make_a_configuration) {
  auto result
    = read(and_also({"--heartbeat", "50", "--bootstrap", "--redis",
                     "127.0.0.1:6379", "--restore", "x.snapshot", "--cluster",
                     "blue", "--listen", "127.0.0.1:0"}));
  BOOST_TEST_REQUIRE(result.config.has_value(), result.text);
  auto& x = *result.config;
  BOOST_TEST(x.node.id.value == 2u);
  BOOST_TEST(x.node.cluster == "blue");
  BOOST_TEST(x.node.data_directory == "/tmp/x");
  BOOST_TEST(x.node.members.size() == 3u);
  BOOST_TEST((x.node.members[2] == member{{3}, {"::1", 7003}}));
  BOOST_TEST(x.node.raft.heartbeat_interval.count() == 50);
  BOOST_TEST(x.node.bootstrap);
  BOOST_TEST(x.restore == "x.snapshot");
  BOOST_TEST(!x.node.insecure);
  BOOST_TEST((x.redis == address{"127.0.0.1", 6379}));
  BOOST_TEST((listen_address(x.node) == address{"127.0.0.1", 0}));
}

BOOST_AUTO_TEST_CASE(former_names_are_taken_as_flags_and_in_a_file) {
  auto flags
    = and_also({"--unsaved-bytes", "2000000", "--save-after", "3000",
                "--room-ahead", "4000000", "--room-reserve", "1500000"});
  temporary_file written{"unsaved-bytes = 2000000\nsave-after = 3000\n"
                         "room-ahead = 4000000\nroom-reserve = 1500000\n"};
  auto in_file = and_also({"--config", written.path.c_str()});
  for (const auto& words : {flags, in_file}) {
    auto x = *read(words).config;
    BOOST_TEST(x.dirty_bytes == 2'000'000u);
    BOOST_TEST(x.node.checkpoint_after.count() == 3000);
    BOOST_TEST(x.node.reserved_space.ahead == 4'000'000u);
    BOOST_TEST(x.node.reserved_space.reserve == 1'500'000u);
  }
}

/// Reads flags of numbers, with values that all differ, and shows what the
/// configuration then holds.
BOOST_AUTO_TEST_CASE(each_number_has_a_flag_of_its_own) {
  const auto& all = number_flags();
  // The first is the shortest time.
  std::uint64_t next = 0;
  std::vector<std::string> values;
  for (const auto& x : all)
    values.push_back(
      std::to_string(find_option(x.first + 2).range->lowest + (next += 1000)));
  auto flags = and_also({});
  std::string file;
  for (std::size_t i = 0; i < all.size(); ++i) {
    flags.push_back(all[i].first);
    flags.push_back(values[i].c_str());
    file += std::string{all[i].first + 2} + " = " + values[i] + "\n";
  }
  temporary_file written{file};
  for (auto& result :
       {read(flags), read(and_also({"--config", written.path.c_str()}))}) {
    BOOST_TEST_REQUIRE(result.config.has_value(), result.text);
    for (std::size_t i = 0; i < all.size(); ++i)
      BOOST_TEST(std::to_string(all[i].second(*result.config)) == values[i],
                 all[i].first);
  }
}

BOOST_AUTO_TEST_CASE(of_a_flag_that_comes_twice_the_last_counts) {
  auto x = read(and_also({"--heartbeat", "50", "--cluster", "blue", "--listen",
                          "127.0.0.1:1", "--heartbeat", "60", "--cluster",
                          "green", "--listen", "127.0.0.1:2"}));
  BOOST_TEST_REQUIRE(x.config.has_value(), x.text);
  BOOST_TEST(x.config->node.raft.heartbeat_interval.count() == 60);
  BOOST_TEST(x.config->node.cluster == "green");
  BOOST_TEST((x.config->node.listen == address{"127.0.0.1", 2}));
}

BOOST_AUTO_TEST_CASE(the_journal_has_a_number_of_files) {
  BOOST_TEST(good().node.journal.segments == 4u);
  auto x = *read(and_also({"--journal-segments", "7"})).config;
  BOOST_TEST(x.node.journal.segments == 7u);
  BOOST_TEST(contains(read(and_also({"--journal-segments", "1"})).text, "2"));
}

BOOST_AUTO_TEST_CASE(members_may_come_one_by_one) {
  auto result = read({"--id", "1", "--data", "x", "--members",
                      "1=127.0.0.1:7001", "--members", "2=127.0.0.1:7002"});
  BOOST_TEST_REQUIRE(result.config.has_value(), result.text);
  BOOST_TEST(result.config->node.members.size() == 2u);
  BOOST_TEST(
    (listen_address(result.config->node) == address{"127.0.0.1", 7001}));
}

BOOST_AUTO_TEST_CASE(help_names_every_option_and_its_default) {
  auto result = read({"--help"});
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(!result.config.has_value());
  BOOST_TEST(contains(result.text, "--election-timeout-min"));
  BOOST_TEST(
    contains(result.text, "How often a leader speaks (1 to 86400000) [100]"));
  BOOST_TEST(contains(result.text, "[info]"));
}

BOOST_AUTO_TEST_CASE(wrong_flags_end_with_2) {
  for (const auto& flags : {std::vector<const char*>{"--nonsense"},
                            and_also({"--heartbeat", "soon"}),
                            and_also({"--listen", "7001"}),
                            {"--id", "1"}}) {
    auto result = read(flags);
    BOOST_TEST(result.exit_code == 2);
    BOOST_TEST(!result.config.has_value());
    BOOST_TEST(!result.text.empty());
  }
  BOOST_TEST(contains(read(and_also({"--heartbeat", "soon"})).text,
                      "--heartbeat: \"soon\" is no whole number"));
}

BOOST_AUTO_TEST_CASE(file_gives_values_and_flags_win) {
  temporary_file file{"id = 3\n"
                      "cluster = \"green\"\n"
                      "data = \"/tmp/y\"\n"
                      "members = [\"1=127.0.0.1:7001\", \"3=127.0.0.1:7003\"]\n"
                      "bootstrap = true\n"
                      "heartbeat = 70\n"};
  auto result = read({"--config", file.path.c_str(), "--heartbeat", "80"});
  BOOST_TEST_REQUIRE(result.config.has_value(), result.text);
  auto& x = *result.config;
  BOOST_TEST(x.node.id.value == 3u);
  BOOST_TEST(x.node.cluster == "green");
  BOOST_TEST(x.node.bootstrap);
  BOOST_TEST(x.node.members.size() == 2u);
  BOOST_TEST(x.node.raft.heartbeat_interval.count() == 80);
}

struct bad_file {
  const char* content;
  const char* complaint;
};

std::ostream& operator<<(std::ostream& out, const bad_file& x) {
  return out << x.content;
}

const bad_file bad_files[] = {
  {"id = 1\nhaertbeat = 5\n", ":2: unknown key \"haertbeat\""},
  {"id = \"one\"\n", ":1: id: must be a whole number"},
  {"\nid = -1\n", ":2: id: \"-1\" is no whole number"},
  {"bootstrap = \"yes\"\n", ":1: bootstrap: must be true or false"},
  {"members = \"1=a:1\"\n", ":1: members: must be a list"},
  {"members = [\"1=a\"]\n", ":1: members: \"a\" is no address"},
  {"cluster = 5\n", ":1: cluster: must be a string"},
  {"[server]\nid = 1\n", ":1: unknown key \"server\""},
  {"id = 1\nid = 2\n", ":2: "},
  {"id = \n", ":1: "},
};

BOOST_DATA_TEST_CASE(file_errors_name_line_and_key, bad_files, x) {
  temporary_file file{x.content};
  auto result = read({"--config", file.path.c_str()});
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(contains(result.text, file.path + x.complaint), result.text);
}

BOOST_AUTO_TEST_CASE(missing_file_is_named) {
  auto result = read({"--config", "/nonexistent/raft.toml"});
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(contains(result.text, "/nonexistent/raft.toml"), result.text);
}

BOOST_AUTO_TEST_CASE(what_can_not_work_is_refused) {
  refuses("no members", [](auto& x) { x.node.members.clear(); });
  refuses("no id", [](auto& x) { x.node.id = {}; });
  refuses("peer 9 is not among the members", [](auto& x) { x.node.id = {9}; });
  refuses("two members have the id 1",
          [](auto& x) { x.node.members[1].id = {1}; });
  refuses("the same address",
          [](auto& x) { x.node.members[1].where = x.node.members[0].where; });
  refuses("member 1 has port 0",
          [](auto& x) { x.node.members[0].where.port = 0; });
  refuses("no data directory", [](auto& x) { x.node.data_directory.clear(); });
  refuses("1 to 200 characters", [](auto& x) { x.node.cluster.clear(); });
  refuses("--log-level: \"loud\" is none of trace, debug, info",
          [](auto& x) { x.log_level = "loud"; });
  refuses("", [](auto& x) { x.node.raft.election_timeout_min = {}; });
  refuses("--dirty-bytes: must be from 1048576 to 17179869184, not 1023",
          [](auto& x) { x.dirty_bytes = 1023; });
  refuses("--checkpoint-after",
          [](auto& x) { x.node.checkpoint_after = 99ms; });
  refuses("--checkpoint-after",
          [](auto& x) { x.node.checkpoint_after = 24h + 1ms; });
}

BOOST_AUTO_TEST_CASE(reads_by_lease_need_a_bound_for_clocks) {
  BOOST_TEST(!good().node.raft.commands_read_by_lease);
  auto x
    = *read(and_also({"--lease-drift-ppm", "100000", "--lease-reads"})).config;
  BOOST_TEST(x.node.raft.commands_read_by_lease);
  BOOST_CHECK_NO_THROW(check(x));
  refuses("lease-drift-ppm",
          [](auto& y) { y.node.raft.commands_read_by_lease = true; });
  refuses("500000 millionths",
          [](auto& y) { y.node.raft.lease_drift_ppm = 500'001; });
}

BOOST_AUTO_TEST_CASE(foreign_addresses_need_consent) {
  auto foreign
    = [](configuration& x) { x.node.members[2].where.host = "10.0.0.3"; };
  refuses("10.0.0.3:7003 is not a loopback address", foreign);
  refuses("--insecure", foreign);
  refuses("0.0.0.0:7002", [](auto& x) {
    x.node.listen = address{"0.0.0.0", 7002};
  });
  refuses("Redis", [](auto& x) { x.redis = address{"::", 6379}; });
  auto x = good();
  foreign(x);
  x.node.insecure = true;
  BOOST_CHECK_NO_THROW(check(x));
}

BOOST_AUTO_TEST_SUITE_END()
