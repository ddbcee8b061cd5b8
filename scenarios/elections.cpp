// Elections and heartbeats.

#include <raft/scenarios/scenario.hpp>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

void initial_election(test_context& x) {
  x.check_one_leader();
  x.sleep(50ms);
  auto first = x.check_terms();
  require(first >= term_number{1}, "a term of at least 1", to_text(first));
  x.sleep(2s);
  auto second = x.check_terms();
  if (second != first)
    x.remark("the term changed from " + to_text(first) + " to "
             + to_text(second) + " although nothing failed");
  x.check_one_leader();
}

void re_election(test_context& x) {
  auto first = x.check_one_leader();
  x.disconnect(first);
  x.check_one_leader();
  // The old leader comes back and does not disturb the new one.
  x.connect(first);
  auto second = x.check_one_leader();
  // Without a quorum nobody leads.
  x.disconnect(second);
  x.disconnect((second + 1) % x.size());
  x.sleep(2s);
  x.check_no_leader();
  x.connect((second + 1) % x.size());
  x.check_one_leader();
  x.connect(second);
  x.check_one_leader();
}

void many_elections(test_context& x) {
  x.check_one_leader();
  for (int round = 0; round < 9; ++round) {
    const peer_number victims[] = {x.draw_peer(), x.draw_peer(), x.draw_peer()};
    for (auto i : victims)
      x.disconnect(i);
    x.check_one_leader();
    for (auto i : victims)
      x.connect(i);
  }
  x.check_one_leader();
}

} // namespace

std::vector<scenario> election_scenarios() {
  return {
    {"initial-election",
     "initial election",
     "elections",
     "Three peers start. One must lead within five seconds, all must be in one "
     "term, and after two quiet seconds, too. If the term changes meanwhile "
     "although nothing failed, that is remarked.",
     3,
     {},
     {},
     initial_election},
    {"re-election",
     "election after network failure",
     "elections",
     "The leader is cut off: another one must appear. The old one comes back: "
     "one must lead. Then two of three are cut off: the third must not lead. "
     "They come back one by one, and each time one must lead.",
     3,
     {},
     {},
     re_election},
    {"many-elections",
     "multiple elections",
     "elections",
     "Of seven peers, up to three are cut off at random, nine times. The "
     "others must have a leader within five seconds each time, and all of them "
     "at the end.",
     7,
     {},
     {},
     many_elections},
  };
}

} // namespace raft::scenarios
