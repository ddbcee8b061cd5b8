// Peers that stand still for a while and do not know it.

#include <raft/scenarios/kv_user.hpp>
#include <raft/scenarios/scenario.hpp>

#include <string>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

/// How long clients may wait for the next leader.
constexpr auto replaced_max = 5s;

void paused_leader(test_context& x) {
  kv_history history;
  kv_user before{x, history};
  for (int round = 0; round < 3; ++round) {
    auto older = "older " + std::to_string(round);
    auto newer = "newer " + std::to_string(round);
    before.put("x", older);
    auto leader = x.check_one_leader();
    x.where().pause(leader, true);
    // One client has spoken with that leader, the other one with nobody yet.
    kv_user other{x, history};
    auto begin = x.where().now();
    other.put("x", newer);
    require_at_most((x.where().now() - begin) / 1ms, replaced_max / 1ms,
                    "the milliseconds without a leader");
    x.sleep(1s);
    x.where().pause(leader, false);
    // It may take itself for the leader still.
    for (auto* user : {&before, &other}) {
      auto seen = user->get("x");
      require(seen == newer, "the newer value, " + newer, seen);
    }
    x.one(100 + static_cast<std::uint64_t>(round), x.size(), true);
  }
  require_linearizable(x, history);
}

} // namespace

std::vector<scenario> pause_scenarios() {
  return {
    {"paused-leader",
     "a leader stands still and comes back",
     "pauses",
     "The leader stands still, as a process does that is stopped or swapped "
     "out. Within five seconds a client must be able to write through another "
     "leader. Then the old one goes on, in the belief that it leads: both "
     "clients must read what was written meanwhile, and all three peers must "
     "commit the next command. Three times.",
     3,
     {},
     {ability::pausing_peers},
     paused_leader},
  };
}

} // namespace raft::scenarios
