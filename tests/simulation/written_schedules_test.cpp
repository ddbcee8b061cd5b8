// Schedules as people write them.

#include <raft/simulation/fuzz.hpp>
#include <raft/simulation/kv_workload.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <sstream>

using namespace raft;
using namespace raft::simulation;
using namespace std::chrono_literals;

namespace {

schedule read(const std::string& lines) {
  std::istringstream in{"raft-schedule 1\n" + lines};
  return read_schedule(in);
}

/// Who the members are in the end, as each peer has it.
class last_members : public observer {
public:
  void on(const event& x) override {
    if (x.what == event_kind::members)
      known_[x.peer] = x.text.substr(0, x.text.rfind("; "));
    snapshots_ += x.what == event_kind::snapshot ? 1 : 0;
  }

  std::string of(peer_id who) const {
    return known_.at(who);
  }

  int snapshots() const {
    return snapshots_;
  }

private:
  std::map<peer_id, std::string> known_;
  int snapshots_ = 0;
};

constexpr const char* four = "seed 3\npeers 3\nspares 2\nclients 2\nlasts 8s\n";

last_members play_steps(const std::string& steps) {
  const kv_workload keys;
  last_members result;
  const auto found = play(keys, read(four + steps), &result);
  BOOST_TEST(!found.violation, found.violation.value_or(""));
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(written_schedules)

BOOST_AUTO_TEST_CASE(steps_are_read_as_they_are_meant) {
  const auto x = read(std::string{four}
                      + "at 2.5s replace 2 by 4\n"
                        "at 300ms add 5 as learner\n"
                        "at 4s remove leader for 2s\n"
                        "at 4.05s cut 1 to 3\n"
                        "at 5s change_release 1 number 5 for 10ms\n");
  BOOST_TEST(x.peers == 3u);
  BOOST_TEST(x.spares == 2u);
  BOOST_TEST((x.length == 8s));
  const std::vector<fault> expected{
    {2500ms, fault_kind::replace, {2}, {4}, 10s, 0},
    {300ms, fault_kind::add, {5}, {}, 10s, 1},
    {4s, fault_kind::remove, {}, {}, 2s, 0},
    {4050ms, fault_kind::cut, {1}, {3}, 1s, 0},
    {5s, fault_kind::change_release, {1}, {}, 10ms, 5}};
  BOOST_TEST((x.faults == expected));
  // What is saved comes to the same.
  std::stringstream saved;
  write(saved, x);
  BOOST_TEST((read_schedule(saved) == x));
}

BOOST_AUTO_TEST_CASE(steps_that_make_no_sense_are_refused) {
  for (const auto* step :
       {"at 2 add 4\n", "at 2m add 4\n", "at 2s vanish 4\n", "at 2s add\n",
        "at 2s add 6\n", "at 2s replace 2\n", "at 2s add 4 as voter\n",
        "at 2s crash 1 for ever\n", "peers 11\n", "at\n"})
    BOOST_CHECK_THROW(read(std::string{four} + step), schedule_error);
  BOOST_CHECK_THROW(read("spares 2\n"), schedule_error);
}

BOOST_AUTO_TEST_CASE(members_change_as_it_is_written) {
  BOOST_TEST(play_steps("at 1s add 4\n").of({4})
             == "voters 1 2 3 4; learners none");
  BOOST_TEST(play_steps("at 1s add 4 as learner\n").of({1})
             == "voters 1 2 3; learners 4");
  BOOST_TEST(play_steps("at 1s add 4 as learner\nat 3s promote 4\n").of({2})
             == "voters 1 2 3 4; learners none");
  BOOST_TEST(play_steps("at 1s demote 2\n").of({1})
             == "voters 1 3; learners 2");
  BOOST_TEST(play_steps("at 1s replace 2 by 5\n").of({5})
             == "voters 1 3 5; learners none");
  BOOST_TEST(play_steps("at 1s add 4\nat 4s remove 1\n").of({4})
             == "voters 2 3 4; learners none");
}

BOOST_AUTO_TEST_CASE(snapshots_are_taken_as_it_is_written) {
  BOOST_TEST(play_steps("").snapshots() == 0);
  BOOST_TEST(play_steps("at 4s snapshot 2\n").snapshots() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
