// Members that come and go while clients go on.

#include <raft/kv/command.hpp>
#include <raft/simulation/cluster.hpp>
#include <raft/simulation/kv_workload.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

cluster_options with_spares(std::size_t peers, std::size_t spares) {
  static const kv_workload keys;
  cluster_options result;
  result.peers = peers;
  result.spares = spares;
  result.machine = [](machine_disk& disk, base::random& source) {
    return keys.make_machine_on(disk, source);
  };
  auto& x = result.settings;
  x.log_waits_for_absent = false;
  x.compaction_bytes_min = 500;
  x.log_bytes_kept = 500;
  result.checkpoint_after = 100ms;
  return result;
}

/// A cluster that a client writes to all the time.
struct busy_cluster {
  busy_cluster(std::size_t peers, std::size_t spares)
    : x{with_spares(peers, spares)} {
    client = x.open_client();
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

  /// Asks whoever leads until he begins it.
  template <class F>
  void change(F wanted) {
    for (auto end = x.now() + 60s; x.now() < end; x.run_for(20ms)) {
      const auto who = leader();
      const auto now = x.state(who).configuration;
      auto next = now;
      wanted(next);
      if (x.change(who, {{1}, now.index, std::move(next), false}).result
          == change_result::begun)
        return;
    }
    BOOST_FAIL("no leader begins the change");
  }

  /// A learner that becomes a voter, in the place of another one or of none.
  void take_in(std::vector<std::pair<peer_id, peer_id>> all) {
    change([&](membership& to) {
      for (const auto& [who, instead_of] : all) {
        to.learners.push_back(who);
        to.details.push_back({who, x.join(who), {}, true, instead_of});
      }
    });
  }

  /// It is done, and all members know.
  void await_voters(const std::vector<peer_id>& voters) {
    await([&] {
      return std::ranges::all_of(voters, [&](peer_id who) {
        const auto& now = x.state(who).configuration;
        return !is_joint(now) && now.voters == voters
            && now.index <= x.state(who).commit;
      });
    });
  }

  /// All have the same, and nothing was lost.
  void check(const std::vector<peer_id>& members) {
    x.stop_programs();
    const auto first = members.front();
    await([&] {
      return x.outstanding() == 0
          && std::ranges::all_of(members, [&](peer_id who) {
               return x.state(who).applied == x.state(first).last;
             });
    });
    for (const auto who : members)
      BOOST_TEST(keys.final_state(x.machine(who))
                 == keys.final_state(x.machine(first)));
    for (const auto& y : x.history())
      BOOST_TEST((y.result.result == outcome::committed));
  }

  kv_workload keys;
  simulation::cluster x;
  simulation::cluster::client_number client = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(changing_members)

BOOST_AUTO_TEST_CASE(a_lost_machine_is_replaced) {
  busy_cluster y{3, 1};
  const peer_id lost{y.leader().value % 3 + 1};
  y.x.wipe(lost);
  const auto terms = y.x.terms_led();
  y.take_in({{{4}, lost}});
  std::vector<peer_id> members{{1}, {2}, {3}, {4}};
  std::erase(members, lost);
  y.await_voters(members);
  y.check(members);
  BOOST_TEST(y.x.terms_led() == terms);
  // It got what the others had dropped.
  BOOST_TEST(y.x.counts().snapshots_installed == 1u);
}

BOOST_AUTO_TEST_CASE(one_grows_to_three_and_shrinks_again) {
  busy_cluster y{1, 2};
  y.take_in({{{2}, {}}, {{3}, {}}});
  y.await_voters({{1}, {2}, {3}});
  y.change([](membership& to) {
    to = {{}, {{3}}, {}, {}, {details_of(to, {3})}};
  });
  y.await_voters({{3}});
  y.check({{3}});
  BOOST_TEST(y.x.terms_led() == 2u);
}

// Its own leader moves last, and hands over.
BOOST_AUTO_TEST_CASE(five_move_to_five_others_with_one_change_of_leader) {
  busy_cluster y{5, 5};
  const auto terms = y.x.terms_led();
  y.take_in({{{6}, {1}}, {{7}, {2}}, {{8}, {3}}, {{9}, {4}}, {{10}, {5}}});
  const std::vector<peer_id> members{{6}, {7}, {8}, {9}, {10}};
  y.await_voters(members);
  y.check(members);
  BOOST_TEST(y.x.terms_led() <= terms + 1);
}

BOOST_AUTO_TEST_CASE(whoever_is_removed_disturbs_nobody) {
  busy_cluster y{3, 0};
  const auto leader = y.leader();
  const peer_id removed{leader.value % 3 + 1};
  std::vector<peer_id> members{{1}, {2}, {3}};
  std::erase(members, removed);
  y.change([&](membership& to) { to.voters = members; });
  y.await_voters(members);
  const auto terms = y.x.terms_led();
  y.x.run_for(30s);
  y.x.crash(removed);
  y.x.restart(removed);
  y.x.run_for(30s);
  BOOST_TEST(y.x.terms_led() == terms);
  BOOST_TEST((y.leader() == leader));
  y.check(members);
}

// The leader ends after so many microseconds, in the middle of whatever the
// change is at.
BOOST_AUTO_TEST_CASE(a_crash_at_any_moment_costs_nothing) {
  for (auto after = 100us; after < 300ms; after += 1ms + after / 8) {
    BOOST_TEST_CONTEXT(after.count() << " us") {
      busy_cluster y{3, 1};
      const auto leader = y.leader();
      y.take_in({{{4}, leader}});
      y.x.run_for(after);
      y.x.crash(leader, after.count() % 2 == 0 ? unfinished_write::kept
                                               : unfinished_write::lost);
      y.x.run_for(3s);
      y.x.restart(leader);
      std::vector<peer_id> members{{1}, {2}, {3}, {4}};
      std::erase(members, leader);
      y.x.run_for(3s);
      // It may be that nobody else knew of it.
      if (!is_member(y.x.state(y.leader()).configuration, {4}))
        continue;
      y.await_voters(members);
      y.check(members);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
