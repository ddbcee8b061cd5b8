// The fuzzer: finds nothing where there is nothing, finds what is planted, and
// makes it small.

#include <raft/simulation/fuzz.hpp>
#include <raft/simulation/kv_workload.hpp>

#include <boost/test/unit_test.hpp>

#include <set>
#include <sstream>
#include <vector>

using namespace raft;
using namespace raft::simulation;

namespace {

/// Among these, all that can happen does; some of it is rare.
constexpr std::uint64_t first_seed = 206;
constexpr std::uint64_t seeds = 40;

struct named_count {
  const char* name;
  std::uint64_t times;
};

std::vector<named_count> named(const counters& x) {
  return {{"crashes", x.crashes},
          {"writes that a crash left on the disk", x.writes_kept},
          {"starts on what was saved", x.boots_on_state},
          {"starts on a compacted log", x.boots_on_compacted},
          {"late alarms", x.late_wakes},
          {"links that were renewed", x.renewed_links},
          {"transfers asked for and begun", x.transfers_begun},
          {"transfers that were taken up", x.transfers_told},
          {"transfers that came to nothing", x.transfers_ended},
          {"changes of members", x.changes_begun},
          {"leaders that were removed", x.leaders_removed},
          {"commands refused because of a bound", x.busy},
          {"commands refused because of a full disk", x.disk_full_answers},
          {"writes without room", x.refused_writes},
          {"writes without a reserve", x.refused_reserves},
          {"disks with room again", x.space_found},
          {"compactions", x.compactions},
          {"snapshots that were taken", x.snapshots_taken},
          {"snapshots that took the place of a log", x.snapshots_installed},
          {"levels that rose", x.levels_raised},
          {"releases too old to start", x.starts_too_old},
          {"backups", x.backups},
          {"increments", x.increments},
          {"clusters that were restored", x.clusters_restored},
          {"clusters that were recovered", x.clusters_recovered},
          {"truncations", x.truncations},
          {"reads for followers", x.reads_for_followers},
          {"reads to apply", x.reads_to_apply},
          {"reads by lease", x.reads_by_lease},
          {"answers that came too late to be true", x.dropped_answers},
          {"leaders without a majority", x.lost_quorums},
          {"records left in part", x.records_torn},
          {"power failures that took something", x.power_cuts},
          {"damaged records", x.records_damaged},
          {"records moved to the tables", x.moves_to_tables},
          {"batches too long for the journal", x.long_batches}};
}

/// Counts its commands, and may miss some.
class wrong_machine : public machine::state_machine {
public:
  explicit wrong_machine(bool wrong) : wrong_{wrong} {
    // nop
  }

  bytes apply(const machine::apply_context& where, const bytes&) override {
    if (!wrong_ || where.index.value % 5 != 0)
      ++count_;
    return bytes{std::to_string(count_)};
  }

private:
  bool wrong_;
  std::uint64_t count_ = 0;
};

class counting : public workload {
public:
  explicit counting(bool wrong) : wrong_{wrong} {
    // nop
  }

  std::unique_ptr<machine::state_machine> make_machine() const override {
    return std::make_unique<wrong_machine>(wrong_);
  }

  std::optional<bytes> next_command(const program_context&) const override {
    return bytes{"one more"};
  }

  /// Each client must see its own commands counted.
  std::string
  check_history(const std::vector<client_operation>& history) const override {
    std::uint64_t committed = 0;
    std::uint64_t highest = 0;
    for (const auto& x : history)
      if (x.answered && x.result.result == outcome::committed) {
        ++committed;
        highest = std::max<std::uint64_t>(
          highest, std::stoull(std::string{x.result.reply.view()}));
      }
    if (highest < committed)
      return "only " + std::to_string(highest) + " of "
           + std::to_string(committed) + " commands were counted";
    return {};
  }

private:
  bool wrong_;
};

/// Counts its commands, and may forget one when it takes over a count.
class copied_machine : public machine::state_machine,
                       public machine::snapshotting {
public:
  explicit copied_machine(bool forgets) : forgets_{forgets} {
    // nop
  }

  bytes apply(const machine::apply_context&, const bytes&) override {
    return bytes{std::to_string(++count_)};
  }

  machine::snapshotting* snapshotting() noexcept override {
    return this;
  }

  std::string state_format() const override {
    return "count 1";
  }

  void write_state(machine::state_sink& to) const override {
    to.write(std::to_string(count_));
  }

  void read_state(machine::state_source& from) override {
    count_ = std::stoull(machine::read_rest(from, 20)) - (forgets_ ? 1 : 0);
  }

private:
  bool forgets_;
  std::uint64_t count_ = 0;
};

class copied_counts : public counting {
public:
  explicit copied_counts(bool forgets) : counting{false}, forgets_{forgets} {
    // nop
  }

  std::unique_ptr<machine::state_machine> make_machine() const override {
    return std::make_unique<copied_machine>(forgets_);
  }

private:
  bool forgets_;
};

/// Answers everything with its own number.
class moody_machine : public machine::state_machine {
public:
  explicit moody_machine(std::uint64_t number) : number_{number} {
    // nop
  }

  bytes apply(const machine::apply_context&, const bytes&) override {
    return bytes{std::to_string(number_)};
  }

private:
  std::uint64_t number_;
};

class moods : public workload {
public:
  std::unique_ptr<machine::state_machine> make_machine() const override {
    return std::make_unique<moody_machine>(++made_);
  }

  std::optional<bytes> next_command(const program_context&) const override {
    return bytes{"how are you"};
  }

private:
  mutable std::uint64_t made_ = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(fuzzer)

/// Many more seeds are played by the tests fuzz_fixed and fuzz_fresh.
BOOST_AUTO_TEST_CASE(nothing_committed_is_ever_lost_and_clusters_heal) {
  kv_workload what;
  run_result sum;
  for (auto seed = first_seed; seed < first_seed + seeds; ++seed) {
    auto result = play(what, draw_schedule(seed));
    BOOST_TEST(!result.violation,
               "seed " << seed << ": " << result.violation.value_or(""));
    sum.operations += result.operations;
    sum.terms_led += result.terms_led;
    sum.committed += result.committed;
    sum.counts += result.counts;
  }
  BOOST_TEST(sum.operations > seeds * 100);
  BOOST_TEST(sum.terms_led > seeds * 5);
  BOOST_TEST(sum.committed > seeds * 100);
  // A fault that never strikes tests nothing.
  BOOST_TEST(sum.counts.crashes > seeds);
  for (const auto& x : named(sum.counts)) {
    BOOST_TEST_MESSAGE(x.name << ": " << x.times);
    BOOST_TEST(x.times > 0u, x.name << " never came about");
  }
}

/// Seeds that failed once: clients that answered were taken for stuck; and a
/// vote was heard by a directory that came in the place of the one that had
/// asked for it, a new one or an older copy.
BOOST_AUTO_TEST_CASE(what_was_found_once_stays_mended) {
  kv_workload what;
  for (std::uint64_t seed : {24'615, 34'248, 61'421}) {
    auto found = play(what, draw_schedule(seed)).violation;
    BOOST_TEST(!found, "seed " << seed << ": " << found.value_or(""));
  }
}

BOOST_AUTO_TEST_CASE(the_same_schedule_gives_the_same_run) {
  kv_workload what;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto x = draw_schedule(seed);
    auto one = play(what, x);
    auto two = play(what, x);
    BOOST_TEST(one.fingerprint == two.fingerprint);
    BOOST_TEST(one.steps == two.steps);
    BOOST_TEST((one.counts == two.counts));
  }
}

BOOST_AUTO_TEST_CASE(different_seeds_give_different_runs) {
  kv_workload what;
  BOOST_TEST(play(what, draw_schedule(1)).fingerprint
             != play(what, draw_schedule(2)).fingerprint);
}

BOOST_AUTO_TEST_CASE(clusters_have_one_to_five_peers) {
  std::set<std::size_t> found;
  for (std::uint64_t seed = 1; seed <= 100; ++seed)
    found.insert(draw_cluster(seed).peers);
  BOOST_TEST((found == std::set<std::size_t>{1, 2, 3, 4, 5}));
}

BOOST_AUTO_TEST_CASE(machines_that_answer_differently_are_found_out) {
  auto found = play(moods{}, draw_schedule(1)).violation;
  BOOST_REQUIRE(found);
  BOOST_TEST(found->find("in another way") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(machines_that_copy_less_than_all_are_found_out) {
  std::string why;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    if (draw_cluster(seed).settings.machine_keeps_state)
      continue;
    auto what = draw_schedule(seed);
    BOOST_TEST(!play(copied_counts{false}, what).violation);
    auto found = play(copied_counts{true}, what).violation;
    if (found)
      why += *found + '\n';
  }
  BOOST_TEST(why.find("answers entry") != std::string::npos, why);
}

BOOST_AUTO_TEST_CASE(schedules_survive_being_saved) {
  auto x = draw_schedule(42);
  BOOST_TEST(!x.faults.empty());
  std::stringstream file;
  write(file, x);
  BOOST_TEST((read_schedule(file) == x));
}

BOOST_AUTO_TEST_CASE(bad_schedules_are_refused) {
  for (const auto* text :
       {"", "raft-schedule 2\n", "raft-schedule 1\nseed x\n",
        "raft-schedule 1\nfault 1 nothing 1 1 1 1\n",
        "raft-schedule 1\nfault 1 crash 99 1 1 1\n",
        "raft-schedule 1\nfault 1 change_release 1 1 1 99\n",
        "raft-schedule 1\nclients 0\n", "raft-schedule 1\nseed 1 2\n"}) {
    std::istringstream file{text};
    BOOST_CHECK_THROW(read_schedule(file), schedule_error);
  }
}

BOOST_AUTO_TEST_CASE(a_planted_bug_is_found_and_made_small) {
  BOOST_TEST(!play(counting{false}, draw_schedule(1)).violation);
  counting what{true};
  auto x = draw_schedule(1);
  auto found = play(what, x);
  BOOST_REQUIRE(found.violation);
  auto smaller = shrink(what, x);
  BOOST_TEST(smaller.faults.size() < x.faults.size());
  auto again = play(what, smaller);
  BOOST_REQUIRE(again.violation);
  BOOST_TEST(again.violation->find("were counted") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
