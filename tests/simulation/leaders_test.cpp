// Who leads when disks are slow or hang, and when state machines are stuck.

#include <raft/kv/command.hpp>
#include <raft/kv/engine.hpp>
#include <raft/simulation/cluster.hpp>
#include <raft/simulation/liveness.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

constexpr disk_profile slow_profile{disk_profile::mode::works, 300ms, 800ms};
constexpr disk_profile hung_profile{disk_profile::mode::hangs, 50us, 1ms};
constexpr disk_profile full_profile{disk_profile::mode::full, 50us, 1ms};

/// Ten of the longest election timeouts.
constexpr duration soon = 6s;

/// A cluster, and a client that has one command after the other executed.
struct leaders_lab {
  explicit leaders_lab(const cluster_options& options) : x{options} {
    client_options patient;
    patient.deadline = 1000s;
    patient.pause_max = 100ms;
    patient.settings.answer_timeout_min = patient.settings.answer_timeout_max
      = 500ms;
    x.run_program(x.open_client(patient), [this](const program_context& c) {
      served = c.number;
      return std::optional{
        kv::encode(kv::put{std::to_string(c.number % 1000), "x"})};
    });
  }

  explicit leaders_lab(std::uint64_t seed, std::size_t peers = 3)
    : leaders_lab{options_of(seed, peers)} {
    // nop
  }

  static cluster_options options_of(std::uint64_t seed, std::size_t peers) {
    cluster_options result;
    result.seed = seed;
    result.peers = peers;
    return result;
  }

  /// Key-value engines that have room for a few changes in memory.
  static cluster_options with_small_engines(cluster_options options) {
    options.machine = [](machine_disk& disk, simulation::random&) {
      if (!disk)
        disk = kv::make_memory_table();
      return std::make_unique<kv::engine>(
        std::static_pointer_cast<kv::table>(disk), 2000);
    };
    return options;
  }

  /// Whether another command is executed within some time.
  bool serves_within(duration time) {
    auto before = served;
    return x.run_until([&] { return served > before; }, x.now() + time);
  }

  peer_id leader() {
    BOOST_REQUIRE(serves_within(20s));
    return x.leaders().back();
  }

  peer_id next(peer_id who) const {
    return {who.value % x.size() + 1};
  }

  /// The highest term that anybody is in.
  std::uint64_t term() const {
    std::uint64_t result = 0;
    for (auto who : x.ids())
      result = std::max(result, x.state(who).term.value);
    return result;
  }

  cluster x;
  std::uint64_t served = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(leaders)

// -- slow disks ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(with_slow_disks_somebody_is_elected_and_stays) {
  for (std::size_t peers : {3, 5})
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      auto options = leaders_lab::options_of(seed, peers);
      options.disk = slow_profile;
      leaders_lab l{options};
      BOOST_TEST(l.serves_within(20s), peers << " peers, seed " << seed);
      l.x.run_for(60s - l.x.now());
      BOOST_TEST(l.served >= 20u);
      BOOST_TEST(l.x.terms_led() <= 5u);
    }
}

// A candidate that is granted pre-votes has its own vote on the disk only much
// later; campaigns of others in between would begin term after term.
BOOST_AUTO_TEST_CASE(with_slow_disks_candidates_do_not_outbid_each_other) {
  for (std::size_t peers : {5, 7})
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      auto options = leaders_lab::options_of(seed, peers);
      options.disk = slow_profile;
      leaders_lab l{options};
      BOOST_TEST(l.serves_within(20s), peers << " peers, seed " << seed);
      BOOST_TEST(l.term() <= 12u);
    }
}

BOOST_AUTO_TEST_CASE(one_slow_disk_disturbs_nobody) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    leaders_lab l{seed};
    auto leader = l.leader();
    // That of a follower, and that of the leader.
    for (auto whose : {l.next(leader), leader}) {
      l.x.set_log_disk(whose, slow_profile);
      auto term = l.term();
      auto before = l.served;
      l.x.run_for(30s);
      BOOST_TEST(l.term() == term);
      BOOST_TEST(l.served - before >= 400u);
      l.x.set_log_disk(whose, {});
    }
  }
}

// -- disks that hang ----------------------------------------------------------

BOOST_AUTO_TEST_CASE(whose_log_disk_hangs_hands_over) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    leaders_lab l{seed};
    auto leader = l.leader();
    l.x.set_log_disk(leader, hung_profile);
    l.x.run_for(soon);
    BOOST_TEST(l.x.leaders().size() == 1u);
    BOOST_TEST((l.x.leaders().back() != leader));
    auto term = l.term();
    l.x.run_for(60s);
    BOOST_TEST(l.term() == term);
    l.x.set_log_disk(leader, {});
    l.x.run_for(10s);
    BOOST_TEST(l.term() == term);
  }
}

/// One follower is behind, and the entries that it lacks are on a disk that
/// hangs: the leader cannot bring it up to date, so nothing is committed.
BOOST_AUTO_TEST_CASE(whose_reads_hang_hands_over) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto options = leaders_lab::options_of(seed, 3);
    options.settings.log_bytes_in_memory = 0;
    leaders_lab l{options};
    auto leader = l.leader();
    auto behind = l.next(leader);
    l.x.disconnect(behind);
    l.x.run_for(2s);
    l.x.set_log_disk(leader, hung_profile);
    l.x.run_for(100ms);
    l.x.connect(behind);
    BOOST_TEST(l.serves_within(soon), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(when_all_disks_hang_nobody_campaigns_for_ever) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    leaders_lab l{seed};
    l.leader();
    for (auto who : l.x.ids())
      l.x.set_disk(who, hung_profile);
    auto term = l.term();
    l.x.run_for(60s);
    BOOST_TEST(l.term() <= term + 2);
    for (auto who : l.x.ids())
      l.x.set_disk(who, {});
    BOOST_TEST(l.serves_within(soon));
  }
}

// -- state machines that are stuck --------------------------------------------

BOOST_AUTO_TEST_CASE(whose_state_machine_is_stuck_hands_over) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    leaders_lab l{seed};
    auto leader = l.leader();
    l.x.stick_machine(leader);
    l.x.run_for(100ms);
    BOOST_TEST(l.serves_within(soon), "seed " << seed);
    BOOST_TEST((l.x.leaders().back() != leader));
    auto term = l.term();
    l.x.run_for(60s);
    BOOST_TEST(l.term() == term);
  }
}

BOOST_AUTO_TEST_CASE(whose_data_can_not_be_checkpointed_hands_over) {
  for (const auto& disk : {hung_profile, full_profile})
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      leaders_lab l{
        leaders_lab::with_small_engines(leaders_lab::options_of(seed, 3))};
      auto leader = l.leader();
      l.x.set_data_disk(leader, disk);
      // At first there is room in memory.
      l.x.run_for(20s);
      BOOST_TEST(l.serves_within(soon), "seed " << seed);
      BOOST_TEST((l.x.leaders().back() != leader));
    }
}

/// The one that is free wins also against others that are stuck, but may take
/// a leader in between.
BOOST_AUTO_TEST_CASE(it_goes_to_the_one_that_moves) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    leaders_lab l{seed, 5};
    auto leader = l.leader();
    auto free = l.next(leader);
    for (auto who : l.x.ids())
      if (who != free)
        l.x.stick_machine(who);
    BOOST_TEST(l.x.run_until(
      [&] {
        auto all = l.x.leaders();
        return all.size() == 1 && all.back() == free;
      },
      l.x.now() + 30s));
    BOOST_TEST(l.serves_within(soon));
  }
}

BOOST_AUTO_TEST_CASE(when_all_are_stuck_nobody_campaigns_for_ever) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    leaders_lab l{seed};
    l.leader();
    for (auto who : l.x.ids())
      l.x.stick_machine(who);
    auto term = l.term();
    l.x.run_for(60s);
    BOOST_TEST(l.term() <= term + 2);
    BOOST_TEST(l.x.leaders().size() == 1u);
    for (auto who : l.x.ids())
      l.x.free_machine(who);
    BOOST_TEST(l.serves_within(soon));
  }
}

BOOST_AUTO_TEST_CASE(a_cluster_of_one_leads_and_serves_by_itself) {
  leaders_lab l{1, 1};
  BOOST_TEST((l.leader() == peer_id{1}));
  l.x.crash({1});
  l.x.restart({1});
  BOOST_TEST(l.serves_within(soon));
}

// -- the liveness checker ----------------------------------------------------

BOOST_AUTO_TEST_CASE(a_majority_that_could_serve_is_known) {
  leaders_lab l{1};
  l.leader();
  auto able = [&] { return l.x.able_majority().size(); };
  BOOST_TEST(able() == 3u);
  l.x.stick_machine({1});
  BOOST_TEST(able() == 2u);
  l.x.free_machine({1});
  l.x.set_data_disk({1}, full_profile);
  BOOST_TEST(able() == 2u);
  l.x.set_log_disk({2}, hung_profile);
  BOOST_TEST(able() == 0u);
  l.x.set_log_disk({2}, slow_profile);
  BOOST_TEST(able() == 2u);
  l.x.cut({2}, {3});
  BOOST_TEST(able() == 0u);
  l.x.heal();
  l.x.pause({3});
  BOOST_TEST(able() == 0u);
  l.x.resume({3});
  l.x.set_data_disk({1}, {});
  auto profile = l.x.network_now();
  profile.requests_lost = 1;
  l.x.set_network(profile);
  BOOST_TEST(able() == 0u);
}

BOOST_AUTO_TEST_CASE(nobody_served_is_a_violation_if_a_majority_could) {
  leaders_lab l{1};
  l.leader();
  liveness_checker uut;
  auto look_on = [&](duration time) {
    for (auto end = l.x.now() + time; l.x.now() < end;) {
      l.x.run_for(liveness_checker::looks_each);
      uut.look_at(l.x);
    }
  };
  look_on(10s);
  l.x.stop_programs();
  look_on(5s);
  // Something changed.
  l.x.set_log_disk({1}, slow_profile);
  look_on(5s);
  l.x.set_log_disk({1}, {});
  look_on(5s);
  BOOST_CHECK_THROW(look_on(5s), violation);
}

BOOST_AUTO_TEST_SUITE_END()
