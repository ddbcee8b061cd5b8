// Peers of different releases in one cluster.

#include <raft/kv/command.hpp>
#include <raft/simulation/cluster.hpp>
#include <raft/simulation/kv_workload.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

constexpr auto newest = protocol_version;
constexpr auto older = levels_since_version - 1;

cluster_options of_releases(const std::vector<std::uint32_t>& versions,
                            std::size_t spares = 0) {
  cluster_options result;
  result.peers = versions.size() - spares;
  result.spares = spares;
  for (const auto version : versions) {
    result.traits.emplace_back();
    result.traits.back().release = version;
  }
  auto& x = result.settings;
  x.level_after = 1s;
  x.log_waits_for_absent = false;
  x.compaction_bytes_min = 500;
  x.log_bytes_kept = 500;
  result.checkpoint_after = 100ms;
  static const kv_workload keys;
  result.machine = [](machine_disk& disk, base::random& source) {
    return keys.make_machine_on(disk, source);
  };
  return result;
}

struct mixed_cluster {
  explicit mixed_cluster(const std::vector<std::uint32_t>& versions,
                         std::size_t spares = 0)
    : x{of_releases(versions, spares)} {
    const auto client = x.open_client();
    x.run_program(client, [](const program_context& c) {
      return kv::encode(kv::put{"k" + std::to_string(c.number % 7), "value"});
    });
    await([this] { return x.committed() > 10; });
  }

  template <class F>
  void await(F what) {
    BOOST_REQUIRE(x.run_until(what, x.now() + 60s));
  }

  peer_id leader() {
    await([this] { return !x.leaders().empty(); });
    return x.leaders().back();
  }

  std::uint32_t level(peer_id who) const {
    return x.runs(who) ? x.state(who).level : 0;
  }

  void await_level(std::uint32_t wanted) {
    await([&] {
      return std::ranges::all_of(
        x.ids(), [&](peer_id who) { return level(who) == wanted; });
    });
  }

  void become(peer_id who, std::uint32_t version) {
    x.crash(who);
    x.set_release(who, version);
    x.restart(who);
  }

  /// They go on.
  void check_progress() {
    const auto before = x.committed();
    await([&] { return x.committed() > before + 10; });
  }

  simulation::cluster x;
};

} // namespace

BOOST_AUTO_TEST_SUITE(releases)

BOOST_AUTO_TEST_CASE(the_level_rises_when_the_last_one_is_updated) {
  mixed_cluster y{{newest, newest, older}};
  y.x.run_for(30s);
  for (const auto who : y.x.ids())
    BOOST_TEST(y.level(who) == 0u);
  y.become({3}, newest);
  y.await_level(newest);
  y.check_progress();
}

BOOST_AUTO_TEST_CASE(all_may_go_back_before_and_nobody_afterwards) {
  mixed_cluster y{{older, older, older}};
  for (const auto who : y.x.ids())
    if (who != peer_id{3})
      y.become(who, newest);
  y.check_progress();
  y.become({1}, older);
  y.become({2}, older);
  y.check_progress();
  for (const auto who : y.x.ids())
    y.become(who, newest);
  y.await_level(newest);
  y.become({2}, older);
  BOOST_TEST(!y.x.runs({2}));
  BOOST_TEST(y.x.counts().starts_too_old == 1u);
  y.check_progress();
  y.become({2}, newest);
  y.await_level(newest);
}

// Who comes later has the level from a snapshot; who is too old does not come.
BOOST_AUTO_TEST_CASE(new_members_get_the_level_with_a_snapshot) {
  mixed_cluster y{{newest, newest, newest, newest, older}, 2};
  const auto of_founders
    = [&] { return y.level({1}) == newest && y.level({2}) == newest; };
  y.await(of_founders);
  y.await([&] { return y.x.state(y.leader()).first.value > 20; });
  const auto add = [&](peer_id who) {
    const auto store = y.x.join(who);
    for (auto begun = false; !begun; y.x.run_for(20ms)) {
      const auto leader = y.leader();
      auto next = y.x.state(leader).configuration;
      next.learners.push_back(who);
      next.details.push_back({who, store, {}, false, {}});
      const auto now = next.index;
      begun = y.x.change(leader, {{1}, now, std::move(next), false}).result
           == change_result::begun;
    }
    y.x.run_for(5s);
  };
  add({4});
  BOOST_TEST(y.level({4}) == newest);
  BOOST_TEST(y.x.counts().snapshots_installed == 1u);
  add({5});
  BOOST_TEST(!y.x.state({5}).last);
  BOOST_TEST(y.level({5}) == 0u);
  y.check_progress();
  y.become({5}, newest);
  y.await([&] { return y.level({5}) == newest; });
}

BOOST_AUTO_TEST_SUITE_END()
