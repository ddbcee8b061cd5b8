// What waits for a checkpoint of the key-value data is bounded: raftd processes
// whose log goes on while the disk of that data hangs.

#include <raft/tests/cluster/bounds_fixture.hpp>

#include <algorithm>
#include <string>

using namespace raft;
using namespace raft::cluster;

namespace {

/// The settings that bound what waits.
struct waiting_bounds {
  std::size_t dirty = 4 * mib;
  std::size_t unapplied = 8 * mib;
  std::size_t applying = 4 * mib;
};

/// What may wait beside that: for the log's disk.
constexpr std::size_t undurable_max = 4 * mib;

/// What a peer takes at least before it takes nothing more: a checkpoint that
/// does not go on leaves a quarter of the room. Commands count as not applied
/// until all are that were handed to the state machine with them.
std::size_t least_taken(const waiting_bounds& x) {
  constexpr std::size_t beside_values = mib;
  const auto dirty = x.dirty - x.dirty / 4;
  return x.unapplied + (dirty - std::min(dirty, x.applying)) - beside_values;
}

/// What it takes at most: half as much as may be dirty is on its way to the
/// disk by then.
std::size_t most_taken(const waiting_bounds& x) {
  return x.dirty / 2 + x.dirty + x.unapplied + undurable_max;
}

struct checkpoints_fixture : bounds_fixture {
  /// Starts a peer that is a cluster of its own.
  void start_alone(std::size_t i, const waiting_bounds& x) {
    start_on_hanging_disk(
      i, std::to_string(i + 1) + "=" + to_text(where[i]),
      {"--bootstrap", "--log-level", "error", "--log-in-memory", "4194304",
       "--batch-bytes", "262144", "--undurable-bytes",
       std::to_string(undurable_max), "--dirty-bytes", std::to_string(x.dirty),
       "--unapplied-bytes", std::to_string(x.unapplied), "--applying-bytes",
       std::to_string(x.applying)},
      "/kv-1/");
    user = std::make_unique<client::blocking_client>(std::vector{where[i]});
    BOOST_REQUIRE(
      (user->execute(put_at("first"), patience).result == outcome::committed));
  }

  /// Sends `sent` bytes, each under a key of its own, and more until so many
  /// have been taken, and then nothing for a while.
  flood offer_until_stuck(std::size_t i, std::size_t least) {
    guest visitor{where[i]};
    flood result;
    std::size_t offered = 0;
    auto offer_next = [&] {
      return offer(visitor, put_at("k" + std::to_string(offered++)), result);
    };
    while (offered < sent / value_bytes)
      offer_next();
    std::size_t refused = 0;
    BOOST_TEST(eventually([&] {
      refused = offer_next() ? 0 : refused + 1;
      return refused >= 50 && result.accepted_bytes >= least
          && state_of(i).commit >= result.last;
    }));
    return result;
  }

  /// Has the checkpoints of a peer hang until it takes nothing more, and then
  /// go on.
  /// @returns by how much its memory grew.
  std::size_t fill(std::size_t i, const waiting_bounds& x) {
    start_alone(i, x);
    auto before = processes[i]->memory();
    hang(i);
    auto told = offer_until_stuck(i, least_taken(x));
    auto after = processes[i]->memory();
    BOOST_TEST_MESSAGE(before / mib << " MiB, then " << after / mib << " MiB, "
                                    << told.accepted_bytes / mib
                                    << " MiB were taken");
    BOOST_TEST(told.busy > 0u);
    BOOST_TEST(told.accepted_bytes >= least_taken(x));
    BOOST_TEST(told.accepted_bytes <= most_taken(x));
    // Its log was not what hung.
    auto now = state_of(i);
    BOOST_TEST((now.commit == told.last));
    BOOST_TEST((now.applied < told.last));
    BOOST_TEST(
      (user->execute(put_at("first"), 500ms).result != outcome::committed));
    heal(i);
    BOOST_TEST(eventually([&] { return state_of(i).applied >= told.last; }));
    BOOST_TEST(
      (user->execute(put_at("first"), patience).result == outcome::committed));
    // What was taken is not lost, and nothing else took effect.
    BOOST_TEST(digest_of(i).keys == 1 + told.accepted_bytes / value_bytes);
    return after - std::min(before, after);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(checkpoints_suite, checkpoints_fixture)

BOOST_AUTO_TEST_CASE(commands_wait_when_too_much_is_not_checkpointed) {
  waiting_bounds low;
  BOOST_TEST(fill(0, low) < growth_max);
  auto high = low;
  high.dirty += 32 * mib;
  BOOST_REQUIRE(least_taken(high) > most_taken(low));
  fill(1, high);
}

BOOST_AUTO_TEST_CASE(commands_are_refused_when_too_much_is_not_applied) {
  waiting_bounds high;
  high.unapplied += 56 * mib;
  BOOST_REQUIRE(least_taken(high) > most_taken({}));
  // They are on the disk, for what is handed to the state machine is bounded.
  auto growth = fill(0, high);
  BOOST_TEST(growth < growth_max);
  high.applying = high.unapplied;
  BOOST_TEST(fill(1, high) > growth + 32 * mib);
}

BOOST_AUTO_TEST_SUITE_END()
