// Networks that are broken in part: some peers reach each other, and others
// only by a third one. The three shapes are those of figure 1 of the Omni-Paxos
// paper (Ng, Haridi and Carbone, EuroSys 2023), where five peers lose their
// quorum, where only one of them can be elected that may not be, and where
// three are a chain.

#include <raft/scenarios/scenario.hpp>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

void cut_both(test_context& x, peer_number a, peer_number b,
              bool closed = true) {
  x.where().cut(a, b, closed);
  x.where().cut(b, a, closed);
}

void mend(test_context& x) {
  for (peer_number a = 0; a < x.size(); ++a)
    for (peer_number b = 0; b < a; ++b)
      cut_both(x, a, b, false);
}

/// Leaves no connections but those of one peer.
void leave_only_those_of(test_context& x, peer_number hub) {
  for (peer_number a = 0; a < x.size(); ++a)
    for (peer_number b = 0; b < a; ++b)
      if (a != hub && b != hub)
        cut_both(x, a, b);
}

bool leads(test_context& x, peer_number who) {
  return x.where().state(who).role == peer_role::leader;
}

bool nobody_leads(test_context& x) {
  for (peer_number i = 0; i < x.size(); ++i)
    if (leads(x, i))
      return false;
  return true;
}

/// Waits until a peer leads, and no other.
void wait_for_leader(test_context& x, peer_number who) {
  auto alone = [&] {
    for (peer_number i = 0; i < x.size(); ++i)
      if (leads(x, i) != (i == who))
        return false;
    return true;
  };
  require(x.where().wait_until(5s, alone),
          "peer " + to_text(id_of(who)) + " to lead within five seconds",
          "another leader or none");
}

/// The peers but two.
std::vector<peer_number> others(const test_context& x, peer_number a,
                                peer_number b) {
  std::vector<peer_number> result;
  for (peer_number i = 0; i < x.size(); ++i)
    if (i != a && i != b)
      result.push_back(i);
  return result;
}

void lost_quorum(test_context& x) {
  auto leader = x.check_one_leader();
  x.one(1, 5, true);
  auto hub = (leader + 1) % x.size();
  leave_only_those_of(x, hub);
  // The old leader reaches two of five, itself included, and must go.
  wait_for_leader(x, hub);
  x.one(2, 5, true);
  auto term = x.highest_term();
  x.sleep(2s);
  require(x.highest_term() == term, "no election while the hub leads",
          "term " + to_text(x.highest_term()));
  mend(x);
  x.one(3, 5, true);
}

void constrained_election(test_context& x) {
  auto leader = x.check_one_leader();
  x.one(1, 5, true);
  auto hub = (leader + 1) % x.size();
  // The hub lacks an entry that a majority has.
  for (peer_number i = 0; i < x.size(); ++i)
    if (i != hub)
      cut_both(x, i, hub);
  auto last = x.one(2, 4, true);
  for (peer_number i = 0; i < x.size(); ++i)
    if (i != leader)
      cut_both(x, i, leader);
  leave_only_those_of(x, hub);
  // Whoever leads by now, if another one was elected meanwhile, must have left
  // before the hub is reached again, or it would bring the entry there.
  require(x.where().wait_until(5s, [&] { return nobody_leads(x); }),
          "no leader where all are alone", "one after five seconds");
  auto rest = others(x, leader, hub);
  for (auto i : rest)
    cut_both(x, i, hub, false);
  // Of those that a majority could vote for there is only the hub, and it may
  // not have their votes.
  x.sleep(2s);
  auto term = x.highest_term();
  x.sleep(3s);
  for (peer_number i = 0; i < x.size(); ++i)
    require(!leads(x, i), "no leader", "peer " + to_text(id_of(i)) + " leads");
  require(x.highest_term() == term, "terms that do not rise in vain",
          "term " + to_text(x.highest_term()) + " after " + to_text(term));
  require(x.committed(last.next()) == 0, "nothing committed", "something");
  // One connection more is enough, as both its ends have the entry.
  cut_both(x, rest[0], rest[1], false);
  auto led = [&] { return leads(x, rest[0]) || leads(x, rest[1]); };
  require(x.where().wait_until(5s, led), "a leader that has all entries",
          "none within five seconds");
  x.one(3, 3, true);
  mend(x);
  x.one(4, 5, true);
}

void chain(test_context& x) {
  auto leader = x.check_one_leader();
  x.one(1, 3, true);
  auto term = x.highest_term();
  auto end = (leader + 1) % x.size();
  cut_both(x, leader, end);
  // The one in the middle hears the leader, and does not help the other one.
  for (std::uint64_t i = 0; i < 4; ++i) {
    x.one(10 + i, 2, false);
    x.sleep(1s);
    require(leads(x, leader) && x.highest_term() == term,
            "the same leader in the same term",
            "term " + to_text(x.highest_term()));
  }
  // That one is not fed, and catches up when it is reached again.
  mend(x);
  x.one(20, 3, true);
}

} // namespace

std::vector<scenario> partial_partition_scenarios() {
  return {
    {"partial-lost-quorum",
     "the leader loses its quorum, one peer reaches all",
     "partial partitions",
     "Of five peers, all connections are cut but those of one follower. It "
     "must "
     "be the only leader within five seconds, and serve all; and stay so.",
     5,
     {},
     {},
     lost_quorum},
    {"partial-constrained-election",
     "only a peer that lacks entries reaches a majority",
     "partial partitions",
     "One of five peers misses an entry. Then the leader is cut off, and of "
     "the "
     "others only that one reaches more than itself and one more. Nobody can "
     "be "
     "elected: nobody must lead, nothing must be committed, and terms must not "
     "rise. With one more connection, somebody must lead within five seconds.",
     5,
     {},
     {},
     constrained_election},
    {"partial-chain",
     "two of three peers reach each other only by the third",
     "partial partitions",
     "The leader and one follower lose their connection, and both keep that to "
     "the third. The leader must stay, in its term, and commit; the follower "
     "catches up when it is connected again.",
     3,
     {},
     {},
     chain},
  };
}

} // namespace raft::scenarios
