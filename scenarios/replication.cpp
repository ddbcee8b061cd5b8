// The log when followers and leaders come and go.

#include <raft/scenarios/scenario.hpp>

#include <memory>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

/// Starts a command on a leader and checks that it stands right behind `last`,
/// apart from the empty entries of leaders since then.
log_index start_behind(test_context& x, peer_number leader,
                       std::uint64_t command, log_index last) {
  auto begun = x.where().start(leader, test_context::command(command));
  require(begun.leads, "the leader to take a command", "it does not lead");
  auto terms = begun.term.value - x.where().record().at(last)->term.value;
  // One empty entry in each term since then that had a leader, this one
  // included.
  auto least = last + (terms > 0 ? 2 : 1);
  auto most = last + (1 + terms);
  require(begun.index >= least && begun.index <= most,
          "the index of the command to be " + to_text(least)
            + (least < most ? " to " + to_text(most) : std::string{}),
          to_text(begun.index));
  return begun.index;
}

void follower_failure(test_context& x) {
  x.one(101, 3, false);
  auto first = x.check_one_leader();
  x.disconnect((first + 1) % 3);
  x.one(102, 2, false);
  x.sleep(1s);
  auto last = x.one(103, 2, false);
  auto second = x.check_one_leader();
  x.disconnect((second + 1) % 3);
  x.disconnect((second + 2) % 3);
  auto index = start_behind(x, second, 104, last);
  x.sleep(2s);
  require_equal(x.committed(index), 0u,
                "the peers with an entry that no "
                "majority can have");
}

void leader_failure(test_context& x) {
  x.one(101, 3, false);
  auto first = x.check_one_leader();
  x.disconnect(first);
  x.one(102, 2, false);
  x.sleep(1s);
  auto last = x.one(103, 2, false);
  auto second = x.check_one_leader();
  x.disconnect(second);
  for (peer_number i = 0; i < 3; ++i)
    x.where().start(i, test_context::command(104));
  x.sleep(2s);
  require_equal(x.committed(last.next()), 0u,
                "the peers with an entry that no "
                "majority can have");
}

void follower_reconnects(test_context& x) {
  x.one(101, 3, false);
  auto leader = x.check_one_leader();
  x.disconnect((leader + 1) % 3);
  x.one(102, 2, false);
  x.one(103, 2, false);
  x.sleep(1s);
  x.one(104, 2, false);
  x.one(105, 2, false);
  x.connect((leader + 1) % 3);
  x.one(106, 3, true);
  x.sleep(1s);
  x.one(107, 3, true);
}

void no_majority(test_context& x) {
  auto last = x.one(10, 5, false);
  auto leader = x.check_one_leader();
  for (peer_number i = 1; i <= 3; ++i)
    x.disconnect((leader + i) % 5);
  auto index = start_behind(x, leader, 20, last);
  x.sleep(2s);
  require_equal(x.committed(index), 0u,
                "the peers with an entry that no "
                "majority can have");
  for (peer_number i = 1; i <= 3; ++i)
    x.connect((leader + i) % 5);
  // The majority may have chosen a leader without the entry.
  auto second = x.check_one_leader();
  auto begun = x.where().start(second, test_context::command(30));
  require(begun.leads, "the leader to take a command", "it does not lead");
  x.one(1000, 5, true);
  // Where it stands among the commands is known now.
  const auto& record = x.where().record();
  if (record.at(begun.index)->data == test_context::command(30)) {
    auto place = record.commands_up_to(begun.index);
    require(place == 2 || place == 3, "it to be command 2 or 3",
            std::to_string(place));
  }
}

void rejoin(test_context& x) {
  x.one(101, 3, true);
  auto first = x.check_one_leader();
  x.disconnect(first);
  for (std::uint64_t i = 102; i <= 104; ++i)
    x.where().start(first, test_context::command(i));
  x.one(103, 2, true);
  auto second = x.check_one_leader();
  x.disconnect(second);
  x.connect(first);
  x.one(104, 2, true);
  x.connect(second);
  x.one(105, 3, true);
}

void start_many(test_context& x, peer_number who, std::size_t count) {
  std::vector<bytes> commands;
  for (std::size_t i = 0; i < count; ++i)
    commands.push_back(x.draw_command());
  x.where().start(who, commands);
}

void fast_backup(test_context& x) {
  constexpr std::size_t commands = 50;
  x.one(x.draw_command(), 5, true);
  auto first = x.check_one_leader();
  auto at = [&](peer_number i) { return (first + i) % 5; };
  // A leader with one follower collects entries that cannot be committed.
  for (peer_number i = 2; i <= 4; ++i)
    x.disconnect(at(i));
  start_many(x, first, commands);
  x.sleep(500ms);
  x.disconnect(at(0));
  x.disconnect(at(1));
  // The other three commit many.
  for (peer_number i = 2; i <= 4; ++i)
    x.connect(at(i));
  for (std::size_t i = 0; i < commands; ++i)
    x.one(x.draw_command(), 3, true);
  // Now another leader with one follower does the same.
  auto second = x.check_one_leader();
  auto other = at(2) == second ? (second + 1) % 5 : at(2);
  x.disconnect(other);
  start_many(x, second, commands);
  x.sleep(500ms);
  for (peer_number i = 0; i < 5; ++i)
    x.disconnect(i);
  // The first two and one that knows better go on.
  x.connect(at(0));
  x.connect(at(1));
  x.connect(other);
  for (std::size_t i = 0; i < commands; ++i)
    x.one(x.draw_command(), 3, true);
  x.connect_all();
  x.one(x.draw_command(), 5, true);
}

} // namespace

std::vector<scenario> replication_scenarios() {
  return {
    {"follower-failure",
     "progressive failure of followers",
     "log",
     "One follower is cut off: the others go on. Then the other one, too: what "
     "the leader takes, at the next index, must not be committed within 2 s.",
     3,
     {},
     {},
     follower_failure},
    {"leader-failure",
     "failure of leaders",
     "log",
     "The leader is cut off: the other two go on. Then their leader is: a "
     "command offered to all three must not be committed within 2 s.",
     3,
     {},
     {},
     leader_failure},
    {"follower-reconnects",
     "agreement after a follower reconnects",
     "log",
     "A follower misses four commands and comes back: it must get them, and "
     "two further commands must be committed by all three.",
     3,
     {},
     {},
     follower_reconnects},
    {"no-majority",
     "no agreement if too many followers are cut off",
     "log",
     "A leader keeps one of four followers. It takes a command at the next "
     "index, which must not be committed within two seconds. After all came "
     "back, a command takes the place after it, or its place.",
     5,
     {},
     {},
     no_majority},
    {"rejoin",
     "rejoin of a partitioned leader",
     "log",
     "A leader that is cut off collects entries, the others commit different "
     "ones. It comes back as another one is cut off: at the end all agree.",
     3,
     {},
     {},
     rejoin},
    {"fast-backup",
     "fast back-up over incorrect logs of followers",
     "log",
     "Twice a leader with one follower collects 50 entries that are never "
     "committed, while others commit 50. Wrong entries must be found and "
     "replaced fast enough to commit within ten seconds, each time.",
     5,
     {},
     {},
     fast_backup},
  };
}

} // namespace raft::scenarios
