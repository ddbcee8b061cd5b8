// Snapshots: logs that hold little, and peers that lack more than that.

#include <raft/kv/command.hpp>
#include <raft/scenarios/scenario.hpp>

#include <utility>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

constexpr int snapshot_iterations = 30;

/// What the original allows: 2000 bytes, which are 80 to 97 of its commands.
/// Ours have about 100 bytes each.
constexpr std::uint64_t log_bytes_max = 8000;

/// What is done to one of three peers while the others go on.
enum class absence { none, cut_off, crashed };

/// The state of the machine is the list of all commands.
bytes next_word(test_context& x) {
  return kv::encode(kv::append{"all", std::to_string(x.draw(1 << 30)) + ' '});
}

log_index agree(test_context& x, std::size_t expected) {
  return x.one(next_word(x), expected, true);
}

void come_back(test_context& x, peer_number who) {
  if (!x.where().runs(who))
    x.restart(who);
  x.connect(who);
}

void write_many(test_context& x, absence what, bool all_follow) {
  agree(x, 3);
  auto leader = x.check_one_leader();
  for (int i = 0; i < snapshot_iterations; ++i) {
    auto sender = leader;
    auto victim = (leader + 1) % 3;
    if (i % 3 == 1)
      std::swap(sender, victim);
    if (what == absence::crashed)
      x.crash(victim);
    else if (what == absence::cut_off)
      x.disconnect(victim);
    if (what != absence::none)
      agree(x, 2);
    for (auto n = 5 + x.draw(10); n > 0; --n)
      x.where().start(sender, next_word(x));
    agree(x, all_follow ? 3 : 2);
    x.require_short_logs(log_bytes_max);
    if (what != absence::none) {
      come_back(x, victim);
      agree(x, 3);
      leader = x.check_one_leader();
    }
    x.require_states();
  }
  // Its snapshots are what the scenario is about.
  if (what == absence::cut_off)
    require(x.where().record().snapshots() > 0, "peers that get a snapshot",
            "none");
}

void nobody_misses(test_context& x) {
  write_many(x, absence::none, true);
}

template <absence What>
void one_misses(test_context& x) {
  write_many(x, What, false);
}

void crash_and_return(test_context& x) {
  for (peer_number i = 0; i < x.size(); ++i)
    x.crash(i);
  for (peer_number i = 0; i < x.size(); ++i)
    come_back(x, i);
}

void crash_all(test_context& x) {
  agree(x, 3);
  for (int round = 0; round < 5; ++round) {
    for (auto n = 5 + x.draw(10); n > 0; --n)
      agree(x, 3);
    auto before = agree(x, 3);
    crash_and_return(x);
    auto after = agree(x, 3);
    require(after > before, "an index above " + to_text(before),
            to_text(after));
    x.require_states();
  }
}

void begin_again(test_context& x) {
  for (int i = 0; i < 12; ++i)
    agree(x, 3);
  for (int i = 0; i < 2; ++i) {
    crash_and_return(x);
    agree(x, 3);
    x.require_states();
  }
}

const std::string snapshot_story
  = "Thirty times, five to fourteen commands and some more, while peers take "
    "a snapshot after each ten. Logs must stay short, and the state of each "
    "peer must be that of all commands, none left out.";
const std::string snapshot_misses
  = " Each time, one of three peers misses them, in turn a follower and the "
    "leader, and lacks more afterwards than logs hold.";

constexpr network_profile lossy{true, false};

std::vector<scenario> scenarios_of_all_crashing() {
  return {
    {"snapshots-crash-all",
     "all crash and come back with their snapshots",
     "snapshots",
     "Five times, some commands, and then all peers crash. What follows must "
     "go on behind what was there.",
     3,
     {},
     {},
     crash_all},
    {"snapshots-crash-twice",
     "all crash twice, with little in between",
     "snapshots",
     "Enough commands for a snapshot; then all crash, one more command, and "
     "all crash again. Whoever forgets that it began with a snapshot has an "
     "empty state then.",
     3,
     {},
     {},
     begin_again},
  };
}

} // namespace

std::vector<scenario> snapshot_scenarios() {
  const std::vector<ability> losing{ability::losing_messages};
  std::vector<scenario> result{
    {"snapshots",
     "snapshots",
     "snapshots",
     snapshot_story,
     3,
     {},
     {},
     nobody_misses},
    {"snapshots-cut-off",
     "snapshots for peers that were cut off",
     "snapshots",
     snapshot_story + snapshot_misses,
     3,
     {},
     {},
     one_misses<absence::cut_off>},
    {"snapshots-cut-off-unreliable",
     "snapshots for peers that were cut off, unreliable network", "snapshots",
     snapshot_story + snapshot_misses + " The network loses messages.", 3,
     lossy, losing, one_misses<absence::cut_off>},
    {"snapshots-crash",
     "snapshots for peers that crash",
     "snapshots",
     snapshot_story + snapshot_misses
       + " It crashes, and comes back with its own snapshot.",
     3,
     {},
     {},
     one_misses<absence::crashed>},
    {"snapshots-crash-unreliable",
     "snapshots for peers that crash, unreliable network", "snapshots",
     snapshot_story + snapshot_misses
       + " It crashes, and comes back with its own snapshot. The network "
         "loses messages.",
     3, lossy, losing, one_misses<absence::crashed>},
  };
  for (auto& x : scenarios_of_all_crashing())
    result.push_back(std::move(x));
  for (auto& x : result)
    x.snapshots = true;
  return result;
}

} // namespace raft::scenarios
