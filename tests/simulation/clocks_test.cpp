// Wall clocks that are wrong, and what becomes of sessions.

#include <raft/kv/command.hpp>
#include <raft/simulation/cluster.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <iterator>
#include <set>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

using cluster = simulation::cluster;

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t fifty_years_ms = 50LL * 365 * 24 * hour_ms;

/// A client that asks something each second, while wall clocks jump. Sessions
/// that nobody uses for ten seconds expire.
struct clocks_jump {
  cluster on;
  /// Where they were opened.
  std::set<log_index> sessions;
  std::uint64_t answered = 0;

  explicit clocks_jump(std::uint64_t seed) : on{options(seed)} {
    on.on_delivery([this](peer_id, const entry& e) {
      if (e.kind == entry_kind::open_session)
        sessions.insert(e.index);
    });
  }

  static cluster_options options(std::uint64_t seed) {
    cluster_options result;
    result.seed = seed;
    result.session_bounds.idle_ms_max = 10'000;
    return result;
  }

  void set_all(std::int64_t ahead_ms) {
    for (auto who : on.ids())
      on.set_wall(who, ahead_ms);
  }

  void ask(cluster::client_number who) {
    on.execute(who, kv::encode(kv::append{"k", "x"}),
               [this](const executed& x) {
                 answered += x.result == outcome::committed ? 1 : 0;
               });
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(wall_clocks)

BOOST_AUTO_TEST_CASE(wall_clocks_that_jump_expire_no_session_in_use) {
  clocks_jump x{1};
  auto client = x.on.open_client();
  constexpr std::int64_t jumps[]
    = {0, fifty_years_ms, 2 * hour_ms, -fifty_years_ms, 0, -hour_ms};
  for (std::size_t i = 0; i < 60; ++i) {
    x.ask(client);
    x.on.run_for(1s);
    // Some of the jumps come with a new leader.
    x.set_all(jumps[i % std::size(jumps)]);
    auto leaders = x.on.leaders();
    if (i % 10 != 9 || leaders.empty())
      continue;
    x.on.crash(leaders.back());
    x.on.restart(leaders.back());
  }
  x.on.run_for(10s);
  BOOST_TEST(x.answered == 60u);
  BOOST_TEST(x.sessions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(times_go_on_after_a_start_fifty_years_ahead) {
  clocks_jump x{2};
  x.set_all(fifty_years_ms);
  auto idle = x.on.open_client();
  auto busy = x.on.open_client();
  x.ask(idle);
  x.ask(busy);
  x.on.run_for(5s);
  x.set_all(0);
  for (auto i = 0; i < 20; ++i) {
    x.ask(busy);
    x.on.run_for(1s);
  }
  BOOST_TEST(x.sessions.size() == 2u);
  // It is expired by now, as the other one is not.
  x.ask(idle);
  x.on.run_for(5s);
  BOOST_TEST(x.sessions.size() == 3u);
  BOOST_TEST(x.answered == 23u);
}

BOOST_AUTO_TEST_SUITE_END()
