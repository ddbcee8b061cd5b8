// Rounds of SIGKILL at random moments for random peers, under load through the
// Redis port, while members change. RAFT_ROUNDS=500 in the environment asks for
// more than the usual 20 rounds, RAFT_SEED for others.

#include <raft/kv/dump.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/persistence/dump.hpp>
#include <raft/tests/soak/peers.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <sstream>

using namespace raft;
using namespace raft::soak;
using namespace std::chrono_literals;
using cluster::eventually;

namespace {

constexpr std::uint64_t rounds_per_block = 10;

/// Whether a peer has, or had when it was killed, a checkpoint on the disk that
/// counts and has not come to its end.
bool is_checkpointing(const std::string& data) {
  std::ostringstream text;
  for (auto group : kv::engines_in(data))
    kv::dump({kv::engine_directory(data, group), group}, text);
  return text.str().find("  staged ") != std::string::npos;
}

bool has_dropped_entries(const std::string& data) {
  std::ostringstream text;
  persistence::dump({data, {}, {0}, {0}}, text);
  return text.str().find("compacted") != std::string::npos;
}

struct totals {
  std::uint64_t operations = 0;
  std::uint64_t unknown = 0;
  std::array<std::uint64_t, peers::count> killed{};
  /// How many were killed in a checkpoint, and with a log that had been cut
  /// off.
  std::uint64_t checkpointing = 0;
  std::uint64_t compacted = 0;
  std::uint64_t replaced = 0;
  std::uint64_t demoted = 0;
  std::uint64_t snapshots = 0;
  /// Whether a change may be under way, so that one peer may be needed.
  bool changing = false;

  /// Whether all that kills should come upon was there.
  bool has_all() const {
    return unknown > 0 && checkpointing > 0 && compacted > 0 && replaced > 0
        && demoted > 0 && snapshots > 0;
  }
};

/// One round: at some moment, some peers die; then they come back.
void kill_and_restart(peers& all, load& clients, base::random& source,
                      totals& sum) {
  auto wait_for = [&](std::uint64_t commands) {
    auto until = clients.acknowledged() + commands;
    return eventually([&] { return clients.acknowledged() >= until; },
                      progress_max);
  };
  BOOST_REQUIRE_MESSAGE(wait_for(1 + source.below(200)), "no progress");
  std::vector<std::size_t> victims{0, 1, 2};
  auto n = std::array<std::size_t, 4>{1, 1, 2, 3}[source.below(4)];
  while (victims.size() > n)
    victims.erase(victims.begin()
                  + static_cast<std::ptrdiff_t>(source.below(victims.size())));
  // Checkpoints are short, so in some rounds it waits for one.
  if (source.below(2) == 0)
    eventually([&] { return is_checkpointing(all.data(victims.front())); }, 2s);
  all.kill(victims);
  ++sum.killed[n - 1];
  for (auto i : victims) {
    sum.checkpointing += is_checkpointing(all.data(i));
    sum.compacted += has_dropped_entries(all.data(i));
  }
  // A majority goes on without the third, for some time.
  if (n == 1 && source.below(2) == 0 && !sum.changing)
    BOOST_REQUIRE_MESSAGE(wait_for(1 + source.below(100)),
                          "no progress of two");
  for (auto i : victims)
    all.start(i);
}

/// Between two rounds, now and then: a machine is replaced, a peer loses its
/// vote for a while, a snapshot is taken. The next kills come upon that.
void change(peers& all, base::random& source, totals& sum) {
  const auto i = static_cast<std::size_t>(source.below(peers::count));
  const auto id = std::to_string(all.ids[i]);
  const auto what = source.below(8);
  if (what < 2 || (sum.changing && what < 4)) {
    all.settle();
    sum.changing = false;
  }
  if (what == 0) {
    all.replace(i);
    ++sum.replaced;
    sum.changing = true;
  } else if (what == 1) {
    all.ctl("member demote " + id + " --wait");
    all.ctl("member promote " + id);
    ++sum.demoted;
    sum.changing = true;
  } else if (what == 2) {
    all.ctl("snapshot");
    ++sum.snapshots;
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(kills)

BOOST_AUTO_TEST_CASE(what_was_acknowledged_survives_kills_and_is_in_order) {
  auto rounds = number_of("RAFT_ROUNDS", 20);
  auto seed = number_of("RAFT_SEED", 1);
  auto began = now();
  base::random source{seed};
  peers all;
  for (std::size_t i = 0; i < peers::count; ++i)
    all.start(i);
  load clients{all.redis, seed};
  totals sum;
  // What a kill comes upon is a matter of luck: there may be more rounds.
  auto goes_on = [&](std::uint64_t round) {
    return round < rounds
        || (rounds >= rounds_per_block && !sum.has_all() && round < 5 * rounds);
  };
  for (std::uint64_t round = 0; goes_on(round);) {
    auto block = round / rounds_per_block;
    clients.resume(block);
    for (; goes_on(round) && round / rounds_per_block == block; ++round) {
      change(all, source, sum);
      kill_and_restart(all, clients, source, sum);
    }
    auto seen = pause_and_check(all, clients, block);
    sum.operations += seen.operations.size();
    for (const auto& x : seen.operations)
      sum.unknown += x.end ? 0 : 1;
    BOOST_TEST_MESSAGE(
      round << " rounds, " << sum.operations << " operations, of which "
            << sum.unknown << " with unknown outcome; kills of 1, 2, 3 peers: "
            << sum.killed[0] << ", " << sum.killed[1] << ", " << sum.killed[2]
            << "; left with changes staged " << sum.checkpointing
            << ", with a log that was cut off " << sum.compacted
            << "; machines replaced " << sum.replaced << ", votes taken "
            << sum.demoted << ", snapshots " << sum.snapshots
            << "; longest silence " << clients.longest_silence() / 1ms
            << " ms; " << (now() - began) / 1'000'000'000 << " s");
  }
  BOOST_TEST(sum.operations > 10 * rounds);
  BOOST_TEST((rounds < rounds_per_block || sum.has_all()));
}

BOOST_AUTO_TEST_SUITE_END()
