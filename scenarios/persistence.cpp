// Persistence: peers that crash and come back with what is on their disk.

#include <raft/scenarios/scenario.hpp>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

void revive(test_context& x, peer_number who) {
  x.restart(who);
  x.connect(who);
}

void basic_persistence(test_context& x) {
  x.one(11, 3, true);
  for (peer_number i = 0; i < 3; ++i)
    x.restart(i);
  x.connect_all();
  x.one(12, 3, true);
  auto first = x.check_one_leader();
  revive(x, first);
  x.one(13, 3, true);
  auto second = x.check_one_leader();
  x.disconnect(second);
  auto index = x.one(14, 2, true);
  revive(x, second);
  x.wait(index, 3);
  auto third = (x.check_one_leader() + 1) % 3;
  x.disconnect(third);
  x.one(15, 2, true);
  revive(x, third);
  x.one(16, 3, true);
}

void more_persistence(test_context& x) {
  std::uint64_t command = 10;
  for (int round = 0; round < 5; ++round) {
    x.one(++command, 5, true);
    auto leader = x.check_one_leader();
    auto at = [&](peer_number i) { return (leader + i) % 5; };
    x.disconnect(at(1));
    x.disconnect(at(2));
    x.one(++command, 3, true);
    x.disconnect(at(0));
    x.disconnect(at(3));
    x.disconnect(at(4));
    // Of the three that come back only the third has the newest entry.
    revive(x, at(1));
    revive(x, at(2));
    x.sleep(1s);
    revive(x, at(3));
    x.one(++command, 3, true);
    x.connect(at(4));
    x.connect(at(0));
  }
  x.one(1000, 5, true);
}

void partitioned_leader(test_context& x) {
  x.one(101, 3, true);
  auto leader = x.check_one_leader();
  auto at = [&](peer_number i) { return (leader + i) % 3; };
  x.disconnect(at(2));
  x.one(102, 2, true);
  x.crash(at(0));
  x.crash(at(1));
  x.connect(at(2));
  revive(x, at(0));
  x.one(103, 2, true);
  revive(x, at(1));
  x.one(104, 3, true);
}

void figure_8(test_context& x) {
  x.one(x.draw_command(), 1, true);
  std::size_t up = 5;
  for (int i = 0; i < 1000; ++i) {
    std::optional<peer_number> leader;
    for (peer_number who = 0; who < 5; ++who)
      if (x.where().runs(who) && x.where().start(who, x.draw_command()).leads)
        leader = who;
    x.sleep(x.draw(10) == 0 ? x.draw(0ms, 499ms) : x.draw(0ms, 12ms));
    if (leader) {
      x.crash(*leader);
      --up;
    }
    auto other = x.draw_peer();
    if (up < 3 && !x.where().runs(other)) {
      revive(x, other);
      ++up;
    }
  }
  for (peer_number who = 0; who < 5; ++who)
    if (!x.where().runs(who))
      revive(x, who);
  x.one(x.draw_command(), 5, true);
}

} // namespace

std::vector<scenario> persistence_scenarios() {
  return {
    {"basic-persistence",
     "basic persistence",
     "persistence",
     "All three peers are restarted between commands, then the leader, then "
     "the leader while the others go on, then a follower. Everything must be "
     "there, in the same order, and new commands must be committed.",
     3,
     {},
     {},
     basic_persistence},
    {"more-persistence",
     "more persistence",
     "persistence",
     "Five times, two of five peers miss a command. Then all are cut off, and "
     "those two come back restarted, with a third that alone has the command: "
     "only that one may become leader.",
     5,
     {},
     {},
     more_persistence},
    {"partitioned-leader",
     "partitioned leader and one follower crash, leader restarts",
     "persistence",
     "A follower misses a command; leader and the other follower crash. The "
     "old leader comes back and goes on with the one that missed it; then the "
     "third comes back.",
     3,
     {},
     {},
     partitioned_leader},
    {"figure-8",
     "figure 8",
     "persistence",
     "A thousand times, all peers are offered a command, and whoever took it "
     "is crashed a moment later; others come back so that three run. This is "
     "figure 8 of the paper many times over: an entry of an old term counts as "
     "committed only with one of the leader's own. At the end all come back "
     "and must agree within ten seconds.",
     5,
     {},
     {},
     figure_8},
  };
}

} // namespace raft::scenarios
