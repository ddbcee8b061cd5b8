// The cluster that is driven by hand: what each of its switches does.

#include <raft/consensus/durable_commit.hpp>
#include <raft/kv/command.hpp>
#include <raft/kv/engine.hpp>
#include <raft/simulation/cluster.hpp>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

using cluster = simulation::cluster;

/// @returns the leader, after at most ten seconds.
peer_id elect(cluster& x) {
  BOOST_REQUIRE(
    x.run_until([&] { return !x.leaders().empty(); }, x.now() + 10s));
  return x.leaders().back();
}

bool commits(cluster& x, peer_id leader, const char* what) {
  auto begun = x.start(leader, bytes{what});
  return begun.index
      && x.run_until(
        [&] { return x.runs(leader) && x.state(leader).commit >= begun.index; },
        x.now() + 2s);
}

std::vector<event> trace(std::uint64_t seed) {
  recorder seen;
  cluster_options options;
  options.seed = seed;
  options.network = unreliable_network();
  cluster x{options, &seen};
  auto leader = elect(x);
  x.start(leader, bytes{"one"});
  x.crash(leader, unfinished_write::kept);
  x.run_for(3s);
  return seen.events();
}

} // namespace

BOOST_AUTO_TEST_SUITE(simulated_cluster)

BOOST_AUTO_TEST_CASE(elects_and_commits) {
  cluster x{cluster_options{}};
  std::vector<log_index> seen;
  x.on_delivery([&](peer_id who, const entry& e) {
    if (who == peer_id{1})
      seen.push_back(e.index);
  });
  auto leader = elect(x);
  BOOST_TEST(commits(x, leader, "hello"));
  x.run_for(1s);
  for (auto who : x.ids())
    BOOST_TEST(x.delivered(who).back().data.view() == "hello");
  BOOST_REQUIRE(seen.size() == 2u);
  BOOST_TEST((seen[1] == log_index{2}));
}

BOOST_AUTO_TEST_CASE(same_seed_same_trace_and_another_seed_another) {
  BOOST_TEST((trace(7) == trace(7)));
  BOOST_TEST((trace(7) != trace(8)));
}

BOOST_AUTO_TEST_CASE(disconnected_leader_is_replaced_and_steps_down) {
  cluster x{cluster_options{}};
  auto old = elect(x);
  x.disconnect(old);
  x.run_for(3s);
  BOOST_REQUIRE(x.leaders().size() == 1u);
  BOOST_TEST((x.leaders().front() != old));
  x.connect(old);
  x.run_for(1s);
  BOOST_TEST(x.leaders().size() == 1u);
}

BOOST_AUTO_TEST_CASE(minority_commits_nothing_until_it_heals) {
  cluster_options options;
  options.peers = 5;
  cluster x{options};
  auto leader = elect(x);
  auto other = peer_id{leader.value % 5 + 1};
  x.partition({{leader, other}});
  BOOST_TEST(!commits(x, leader, "lost"));
  x.heal();
  x.run_for(3s);
  BOOST_TEST(commits(x, elect(x), "kept"));
}

BOOST_AUTO_TEST_CASE(restarted_peers_deliver_from_the_beginning) {
  cluster x{cluster_options{}};
  BOOST_TEST(commits(x, elect(x), "stays"));
  for (auto who : x.ids())
    x.crash(who);
  BOOST_TEST(x.leaders().empty());
  for (auto who : x.ids())
    x.restart(who);
  elect(x);
  x.run_for(1s);
  for (auto who : x.ids())
    BOOST_TEST(x.delivered(who).at(1).data.view() == "stays");
}

BOOST_AUTO_TEST_CASE(wiped_peer_neither_votes_nor_campaigns) {
  cluster x{cluster_options{}};
  auto leader = elect(x);
  auto victim = peer_id{leader.value % 3 + 1};
  x.wipe(victim);
  x.restart(victim);
  x.crash(leader);
  x.run_for(5s);
  BOOST_TEST(x.leaders().empty());
  BOOST_TEST((x.state(victim).term == term_number{0}));
}

BOOST_AUTO_TEST_CASE(others_go_on_without_a_wiped_peer) {
  cluster x{cluster_options{}};
  auto victim = elect(x);
  x.wipe(victim);
  x.restart(victim);
  BOOST_TEST(commits(x, elect(x), "goes on"));
  BOOST_TEST(x.wiped(victim));
  BOOST_TEST((x.state(victim).last == log_index{0}));
}

BOOST_AUTO_TEST_CASE(what_is_sent_on_a_stalled_way_comes_later) {
  cluster x{cluster_options{}};
  auto leader = elect(x);
  auto other = peer_id{leader.value % 3 + 1};
  x.run_for(1s);
  auto before = x.state(other).last;
  x.stall(leader, other);
  BOOST_TEST(commits(x, leader, "by the third"));
  x.run_for(50ms);
  BOOST_TEST((x.state(other).last == before));
  x.release(leader, other);
  x.run_for(200ms);
  BOOST_TEST((x.state(other).last > before));
}

BOOST_AUTO_TEST_CASE(echoes_are_of_what_a_peer_was_told_in_its_last_terms) {
  auto told = [](std::uint64_t number) {
    return parcel_under_way{nullptr, number};
  };
  replayed_messages uut;
  simulation::random source{1};
  for (std::uint64_t term = 1; term <= 6; ++term)
    for (std::uint64_t i = 0; i < 5; ++i)
      uut.remember({1}, {2}, {term}, told(10 * term + i));
  uut.remember({1}, {3}, {1}, told(7));
  std::set<std::uint64_t> drawn;
  for (auto i = 0; i < 1000; ++i)
    drawn.insert(uut.draw({2}, source)->number);
  // The last four messages of each of the last four terms.
  const std::set<std::uint64_t> wanted{31, 32, 33, 34, 41, 42, 43, 44,
                                       51, 52, 53, 54, 61, 62, 63, 64};
  BOOST_TEST((drawn == wanted));
  BOOST_TEST((uut.draw({3}, source)->number == 7u));
  BOOST_TEST(!uut.draw({1}, source));
}

BOOST_AUTO_TEST_CASE(who_starts_again_hears_again_what_it_was_told) {
  auto received = [](std::uint64_t replays) {
    cluster_options options;
    options.network.replays = replays;
    cluster x{options};
    auto leader = elect(x);
    x.run_for(1s);
    auto other = peer_id{leader.value % 3 + 1};
    x.crash(other);
    // Nobody else talks to it.
    for (auto who : x.ids())
      if (who != other)
        x.cut(who, other);
    x.restart(other);
    x.run_for(4s);
    return x.received(other).messages;
  };
  BOOST_TEST(received(0) == 0u);
  BOOST_TEST(received(20) >= 20u);
}

BOOST_AUTO_TEST_CASE(after_faults_end_all_is_as_the_options_say) {
  cluster_options options;
  options.network = unreliable_network();
  options.disk.delay_max = 30ms;
  options.traits = {{}, {5ms, 7ms}};
  cluster x{options};
  auto client = x.open_client();
  std::uint64_t commands = 0;
  x.run_program(client, [&](const program_context&) {
    ++commands;
    return std::optional{kv::encode(kv::append{"k", "x"})};
  });
  x.run_for(5s);
  BOOST_TEST(commands > 0u);
  x.end_faults();
  x.stop_programs();
  x.run_for(5s);
  BOOST_TEST((x.network_now() != options.network));
  BOOST_TEST((x.log_disk({1}) == disk_profile{}));
  auto before = commands;
  x.run_for(5s);
  BOOST_TEST(commands == before);
  x.resume_faults();
  x.start_programs();
  BOOST_TEST((x.network_now() == options.network));
  BOOST_TEST((x.log_disk({1}).delay_max == 30ms));
  BOOST_TEST((x.log_disk({2}).delay_max == 37ms));
  x.run_for(5s);
  BOOST_TEST(commands > before);
}

BOOST_AUTO_TEST_CASE(machines_go_on_from_what_they_checkpointed) {
  cluster_options options;
  options.checkpoint_after = 100ms;
  options.settings.compaction_bytes_min = 1;
  options.settings.log_bytes_kept = 0;
  options.machine = [](machine_disk& disk, simulation::random&) {
    if (!disk)
      disk = kv::make_memory_table();
    return std::make_unique<kv::engine>(
      std::static_pointer_cast<kv::table>(disk));
  };
  cluster x{options};
  auto client = x.open_client();
  auto done = 0;
  for (auto i = 0; i < 20; ++i)
    x.execute(client, kv::encode(kv::append{"k", "x"}),
              [&](const executed&) { ++done; });
  BOOST_REQUIRE(x.run_until([&] { return done == 20; }, x.now() + 10s));
  x.run_for(2s);
  log_index lowest{1'000'000};
  x.on_delivery(
    [&](peer_id, const entry& e) { lowest = std::min(lowest, e.index); });
  for (auto who : x.ids())
    x.crash(who);
  for (auto who : x.ids())
    x.restart(who);
  std::string seen;
  x.execute(client, kv::encode(kv::get{{"k"}}), [&](const executed& answer) {
    seen = *kv::decode_reply(answer.reply)->values.at(0);
  });
  BOOST_TEST(x.run_until([&] { return !seen.empty(); }, x.now() + 10s));
  BOOST_TEST(seen == std::string(20, 'x'));
  BOOST_TEST((lowest > log_index{20}));
}

BOOST_AUTO_TEST_CASE(machine_that_forgets_what_it_checkpointed_is_found_out) {
  cluster_options options;
  options.checkpoint_after = 100ms;
  options.machine = [](machine_disk&, simulation::random&) {
    return std::make_unique<kv::engine>(kv::make_memory_table());
  };
  cluster x{options};
  auto leader = elect(x);
  x.run_for(2s);
  x.crash(leader);
  BOOST_CHECK_THROW(x.restart(leader), violation);
}

/// The log on the disk can end earlier than before, but what was committed and
/// durable stays.
BOOST_AUTO_TEST_CASE(what_is_durable_and_not_committed_is_no_durable_commit) {
  virtual_peer x{{2}, {}, {{1}, {2}, {3}}, 1};
  x.boot(0us);
  auto request = [](std::uint64_t from, std::uint64_t term) {
    append_request result;
    result.header = {{1}, {from}, {2}, {from}};
    result.term = {term};
    return result;
  };
  auto first = request(1, 1);
  first.entries = {{{1}, {1}, entry_kind::empty, 0, {}, {}},
                   {{1}, {2}, entry_kind::empty, 0, {}, {}},
                   {{1}, {3}, entry_kind::empty, 0, {}, {}}};
  x.receive(first);
  x.complete_write();
  BOOST_TEST((x.core().log().durable() == log_index{3}));
  BOOST_TEST((durable_commit(x.core()) == log_index{0}));
  auto second = request(3, 2);
  second.previous = {{1}, {1}};
  second.entries = {{{2}, {2}, entry_kind::empty, 0, {}, {}},
                    {{2}, {3}, entry_kind::empty, 0, {}, {}}};
  second.commit = {3};
  x.receive(second);
  BOOST_TEST((x.core().commit() == log_index{3}));
  BOOST_TEST((durable_commit(x.core()) == log_index{1}));
  x.complete_write();
  BOOST_TEST((durable_commit(x.core()) == log_index{3}));
}

BOOST_AUTO_TEST_CASE(paused_leader_is_replaced) {
  cluster x{cluster_options{}};
  auto old = elect(x);
  x.pause(old);
  x.run_for(3s);
  auto term = x.state(elect(x)).term;
  x.resume(old);
  x.run_for(1s);
  BOOST_TEST((x.state(old).term >= term));
}

BOOST_AUTO_TEST_CASE(disks_that_hang_fill_and_fail) {
  using mode = disk_profile::mode;
  for (auto how : {mode::hangs, mode::used_up}) {
    cluster x{cluster_options{}};
    auto leader = elect(x);
    for (auto who : x.ids())
      x.set_disk(who, {how, 50us, 1ms});
    BOOST_TEST(!commits(x, leader, "waits"));
    for (auto who : x.ids())
      x.set_disk(who, disk_profile{});
    x.run_for(3s);
    BOOST_TEST(commits(x, elect(x), "goes on"));
  }
  cluster x{cluster_options{}};
  auto leader = elect(x);
  x.set_disk(leader, {mode::fails, 50us, 1ms});
  x.start(leader, bytes{"fails"});
  x.run_for(1s);
  BOOST_TEST(!x.runs(leader));
}

BOOST_AUTO_TEST_CASE(full_disk_refuses_commands_and_keeps_terms_and_votes) {
  using mode = disk_profile::mode;
  cluster x{cluster_options{}};
  auto old = elect(x);
  auto term = x.state(old).term;
  x.run_for(1s);
  for (auto who : x.ids())
    x.set_disk(who, {mode::full, 50us, 1ms});
  x.start(old, bytes{"has no room"});
  x.run_for(1s);
  // Who cannot write has left its office, and another one has been elected,
  // whose term begins with an empty entry.
  x.crash(old);
  auto leader = elect(x);
  BOOST_TEST((x.state(leader).term > term));
  x.run_for(1s);
  BOOST_TEST((x.state(leader).commit == x.state(leader).last));
}

BOOST_AUTO_TEST_CASE(used_up_disk_keeps_peers_from_voting) {
  using mode = disk_profile::mode;
  cluster x{cluster_options{}};
  auto leader = elect(x);
  x.run_for(1s);
  for (auto who : x.ids())
    x.set_disk(who, {mode::used_up, 50us, 1ms});
  x.crash(leader);
  x.run_for(5s);
  BOOST_TEST(x.leaders().empty());
}

BOOST_AUTO_TEST_CASE(counters_count_requests_once) {
  cluster_options options;
  options.network = perfect_network();
  cluster x{options};
  auto leader = elect(x);
  x.run_for(1s); // until all have the leader's first entry
  auto before = x.sent();
  x.run_for(1s);
  // Ten heartbeats a second to each of two followers, each with its answer.
  BOOST_TEST(x.sent().exchanges - before.exchanges >= 18u);
  BOOST_TEST(x.sent().exchanges - before.exchanges <= 22u);
  BOOST_TEST(x.sent().messages - before.messages
             <= 2 * (x.sent().exchanges - before.exchanges) + 2);
  BOOST_TEST(x.received(peer_id{leader.value % 3 + 1}).exchanges > 0u);
}

BOOST_AUTO_TEST_CASE(clients_are_served_over_an_unreliable_network) {
  cluster_options options;
  options.network = unreliable_network();
  cluster x{options};
  auto client = x.open_client();
  std::string seen;
  auto done = 0;
  for (auto i = 0; i < 20; ++i)
    x.execute(client, kv::encode(kv::append{"k", "x"}),
              [&](const executed&) { ++done; });
  BOOST_TEST(x.run_until([&] { return done == 20; }, x.now() + 60s));
  x.execute(client, kv::encode(kv::get{{"k"}}), [&](const executed& answer) {
    seen = *kv::decode_reply(answer.reply)->values.at(0);
  });
  BOOST_TEST(x.run_until([&] { return !seen.empty(); }, x.now() + 60s));
  BOOST_TEST(seen == std::string(20, 'x'));
  BOOST_TEST(x.outstanding() == 0u);
  BOOST_TEST(x.history().size() == 21u);
}

BOOST_AUTO_TEST_CASE(clients_without_reach_wait) {
  cluster x{cluster_options{}};
  elect(x);
  auto client = x.open_client();
  x.set_reach(client, {});
  auto done = false;
  x.execute(client, kv::encode(kv::put{"a", "b"}),
            [&](const executed&) { done = true; });
  x.run_for(5s);
  BOOST_TEST(!done);
  x.set_reach(client, {{1}, {2}, {3}});
  x.run_for(5s);
  BOOST_TEST(done);
}

BOOST_AUTO_TEST_CASE(clocks_drift) {
  drifting_clock clock{100s};
  clock.set_drift(10s, 100'000);
  BOOST_TEST((clock.at(20s) == 100s + 10s + 11s));
  BOOST_TEST((clock.when(121s) == 20s));
  clock.set_drift(20s, -500'000);
  BOOST_TEST((clock.at(22s) == 122s));
  BOOST_TEST((clock.at(clock.when(121'333'333us)) >= 121'333'333us));
  BOOST_TEST((clock.when(50s) == 20s));
}

BOOST_AUTO_TEST_SUITE_END()
