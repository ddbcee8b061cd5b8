// Figure 8 of the Raft paper, played by hand: an entry of an earlier term is on
// a majority of disks and is overwritten nevertheless, because nobody took it
// for committed.
//
// With RAFT_TIMELINE=FILE.html the run is written there as a page.

#include <raft/simulation/cluster.hpp>
#include <raft/simulation/timeline.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

constexpr peer_id s1{1};
constexpr peer_id s2{2};
constexpr peer_id s3{3};
constexpr peer_id s4{4};
constexpr peer_id s5{5};

/// The terms of a log, from index 1 on.
using log_terms = std::vector<std::uint64_t>;

class stage {
public:
  stage() : cluster_{options(), &seen_} {
    // nop
  }

  simulation::cluster& operator()() {
    return cluster_;
  }

  const recorder& seen() const {
    return seen_;
  }

  /// What a log holds, by all that was told of it.
  log_terms log_of(peer_id who) const {
    log_terms result;
    for (const auto& x : seen_.events()) {
      if (x.peer != who)
        continue;
      if (x.what == event_kind::truncated)
        result.resize(x.index.value - 1);
      if (x.what == event_kind::appended)
        result.push_back(x.term.value);
    }
    return result;
  }

  void until(const std::function<bool()>& condition) {
    BOOST_REQUIRE(cluster_.run_until(condition, cluster_.now() + 20s));
  }

  /// Lets a peer win with exactly two votes, because nobody else can be heard.
  /// @param reached Whom the new leader can reach with what it sends then.
  void elect(peer_id who, const std::vector<peer_id>& voters, term_number term,
             const std::vector<peer_id>& reached) {
    for (auto x : cluster_.ids())
      cluster_.disconnect(x);
    for (auto x : voters) {
      cluster_.heal(who, x);
      cluster_.heal(x, who);
    }
    // Both have its request, and it still waits for their answers.
    until([&] {
      return std::all_of(voters.begin(), voters.end(), [&](peer_id x) {
        return cluster_.state(x).term == term;
      });
    });
    for (auto x : voters)
      if (std::find(reached.begin(), reached.end(), x) == reached.end())
        cluster_.cut(who, x);
    until([&] { return cluster_.state(who).role == peer_role::leader; });
    BOOST_TEST((cluster_.state(who).term == term));
  }

  void until_durable(peer_id who, log_terms log) {
    until([&] {
      return log_of(who) == log
          && cluster_.state(who).durable.value == log.size();
    });
  }

private:
  static cluster_options options() {
    cluster_options result;
    result.seed = 8;
    result.peers = 5;
    return result;
  }

  recorder seen_;
  simulation::cluster cluster_;
};

void write_page(const recorder& seen) {
  const char* file = std::getenv("RAFT_TIMELINE");
  timeline_file{file ? file : ""}.write(timeline_page(
    seen.events(), {"Figure 8 of the Raft paper",
                    "An entry of term 2 gets to a majority and is overwritten: "
                    "safe, because no leader counted copies of an earlier term",
                    {}}));
}

} // namespace

BOOST_AUTO_TEST_SUITE(figure_8)

BOOST_AUTO_TEST_CASE(an_entry_of_an_earlier_term_is_not_committed_by_counting) {
  stage x;
  x.elect(s3, {s1, s2}, term_number{1}, {s1, s2});
  x().heal();
  for (auto who : x().ids())
    x.until_durable(who, {1});
  x().run_for(200ms);

  // Each leader begins its term with an entry: those are the figure's.
  x().tell("(a) peer 1 leads in term 2; its entry gets to peer 2 alone");
  x.elect(s1, {s2, s4}, term_number{2}, {s2});
  x.until_durable(s1, {1, 2});
  x.until_durable(s2, {1, 2});
  x().run_for(400ms);

  x().tell("(b) peer 1 crashes; peer 5 leads in term 3 and keeps its entry");
  x().crash(s1);
  x.elect(s5, {s3, s4}, term_number{3}, {});
  x.until_durable(s5, {1, 3});
  x().run_for(400ms);

  x().tell(
    "(c) peer 5 crashes; peer 1 leads in term 4, and goes on with peer 3");
  x().crash(s5);
  x().restart(s1);
  x.elect(s1, {s2, s3}, term_number{4}, {s3});
  x.until_durable(s3, {1, 2, 4});
  x().run_for(400ms);
  BOOST_TEST(x.log_of(s1) == (log_terms{1, 2, 4}));
  BOOST_TEST(x.log_of(s2) == (log_terms{1, 2}));
  for (auto who : {s1, s2, s3, s4}) // the entry of term 2 is on three of five
    BOOST_TEST(x().state(who).commit.value <= 1u);

  x().tell("(d) peer 1 crashes; peer 5 leads in term 5 and overwrites them");
  x().crash(s1);
  x().restart(s5);
  x.elect(s5, {s2, s4}, term_number{5}, {s2, s4});
  x().heal();
  x().restart(s1);
  for (auto who : x().ids()) {
    x.until_durable(who, {1, 3, 5});
    x.until([&] { return x().state(who).commit.value == 3; });
  }
  x().run_for(400ms);
  write_page(x.seen());
}

BOOST_AUTO_TEST_SUITE_END()
