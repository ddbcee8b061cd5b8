// Large commands over slow links: nobody takes a busy leader for a dead one.

#include <raft/kv/command.hpp>
#include <raft/simulation/cluster.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <string>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

using cluster = simulation::cluster;

constexpr std::uint64_t megabits = 1'000'000 / 8;

cluster_options slow(std::uint64_t bytes_per_second) {
  cluster_options result;
  result.network.in_order = true;
  result.network.bytes_per_second = bytes_per_second;
  return result;
}

/// Entries as large as they are in one request, and as much on the wire as
/// there is.
cluster_options without_frames(cluster_options x) {
  x.settings.frame_bytes_max = 64 << 20;
  x.settings.wire_bytes_max = 64 << 20;
  return x;
}

bytes value_of(std::size_t size) {
  return bytes{std::string(size, 'x')};
}

peer_id leader_of(cluster& x) {
  BOOST_REQUIRE(
    x.run_until([&] { return !x.leaders().empty(); }, x.now() + 10s));
  return x.leaders().back();
}

/// Whether the leader takes so many commands and they are committed in time.
bool takes(cluster& x, std::size_t count, std::size_t size, duration within) {
  log_index last;
  auto leader = leader_of(x);
  const auto deadline = x.now() + within;
  for (std::size_t i = 0; i < count; ++i) {
    last = x.start(leader, value_of(size)).index;
    if (!last)
      return false;
    x.run_for(10ms);
  }
  return x.run_until(
    [&] { return x.runs(leader) && x.state(leader).commit >= last; }, deadline);
}

} // namespace

BOOST_AUTO_TEST_SUITE(bandwidth)

BOOST_AUTO_TEST_CASE(what_is_sent_waits_for_what_was_sent_before) {
  auto profile = perfect_network();
  profile.bytes_per_second = 1000;
  network x{profile, 1};
  BOOST_CHECK((x.send({1, 2, true, 100}, 0ms) == std::vector<instant>{100ms}));
  BOOST_CHECK((x.send({1, 2, true, 10}, 50ms) == std::vector<instant>{110ms}));
  // The way back and other ways are free.
  BOOST_CHECK((x.send({2, 1, false, 10}, 50ms) == std::vector<instant>{60ms}));
  BOOST_CHECK((x.send({1, 3, true, 10}, 50ms) == std::vector<instant>{60ms}));
  BOOST_CHECK((x.send({1, 2, true, 10}, 200ms) == std::vector<instant>{210ms}));
  x.send({1, 2, true, 1000}, 210ms);
  x.send({1, 2, true, 3000}, 210ms);
  BOOST_TEST(x.send({1, 2, true, 1}, 210ms).empty());
  x.clear_queues(2);
  BOOST_CHECK((x.send({1, 2, true, 10}, 220ms) == std::vector<instant>{230ms}));
}

// That this network can do what is held against it.
BOOST_AUTO_TEST_CASE(
  without_frames_a_large_command_costs_the_leader_its_office) {
  cluster x{without_frames(slow(64 * megabits))};
  auto leader = leader_of(x);
  auto term = x.state(leader).term;
  x.start(leader, value_of(8 << 20));
  x.run_for(10s);
  BOOST_CHECK(x.state(leader_of(x)).term > term);
}

BOOST_AUTO_TEST_CASE(a_large_command_keeps_the_leader_in_office) {
  struct link {
    std::uint64_t bytes_per_second;
    duration within;
  };
  for (const auto& link : {link{64 * megabits, 3s}, link{20 * megabits, 6s},
                           link{4 * megabits, 30s}})
    BOOST_TEST_CONTEXT(link.bytes_per_second) {
      cluster x{slow(link.bytes_per_second)};
      leader_of(x);
      BOOST_TEST(takes(x, 1, 8 << 20, link.within));
      BOOST_TEST(x.terms_led() == 1u);
    }
}

BOOST_AUTO_TEST_CASE(many_large_commands_keep_the_leader_in_office) {
  cluster x{slow(20 * megabits)};
  leader_of(x);
  BOOST_TEST(takes(x, 40, 1 << 20, 40s));
  BOOST_TEST(x.terms_led() == 1u);
}

BOOST_AUTO_TEST_CASE(requests_of_small_commands_keep_the_leader_in_office) {
  cluster x{slow(4 * megabits)};
  leader_of(x);
  BOOST_TEST(takes(x, 300, 10'000, 30s));
  BOOST_TEST(x.terms_led() == 1u);
}

// The command takes more than three seconds to the leader, over the client's
// own link, and as long to the followers.
BOOST_AUTO_TEST_CASE(a_client_waits_for_a_large_command_over_a_slow_link) {
  cluster x{slow(20 * megabits)};
  leader_of(x);
  client_options options;
  options.deadline = 60s;
  auto client = x.open_client(options);
  std::optional<executed> answer;
  constexpr std::size_t size = 8'000'000;
  x.execute(client, kv::encode(kv::put{"k", std::string(size, 'x')}),
            [&](const executed& y) { answer = y; });
  x.run_until([&] { return answer.has_value(); }, x.now() + 60s);
  BOOST_REQUIRE(answer.has_value());
  BOOST_CHECK(answer->result == outcome::committed);
  BOOST_TEST(x.terms_led() == 1u);
  // Once to the leader, and once to each follower.
  BOOST_TEST(x.sent().bytes < 7 * size / 2);
}

BOOST_AUTO_TEST_CASE(a_large_command_survives_losses_and_broken_links) {
  auto options = slow(64 * megabits);
  options.network.requests_lost = options.network.replies_lost = 100;
  options.network.doubled = 100;
  cluster x{options};
  auto leader = leader_of(x);
  auto begun = x.start(leader, value_of(4 << 20));
  for (int i = 0; i < 10; ++i) {
    x.run_for(100ms);
    peer_id other{leader.value % 3 + 1};
    x.break_link(leader, other);
    x.run_for(50ms);
    x.mend_link(leader, other);
  }
  BOOST_TEST(x.run_until([&] { return x.state(leader).commit >= begun.index; },
                         x.now() + 30s));
}

BOOST_AUTO_TEST_SUITE_END()
