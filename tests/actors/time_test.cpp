// A peer and its clock.

#include "cluster.hpp"
#include <raft/tests/machine/fake_disk.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

/// One peer of three; the test plays the other two, and time.
struct time_fixture : cluster {
  time_fixture() : cluster{environment{"memory"}} {
    stores[{1}] = persistence::make_memory_store({"test", {1}, {101}});
    peer_options options;
    options.store = stores[{1}];
    options.machine = journal::make;
    options.bootstrap = members;
    options.on_event = notes.of({1}, told);
    options.time.now = [this] { return now.load(); };
    // No alarm goes off before the test is over.
    options.settings.heartbeat_interval = std::chrono::seconds{1000};
    options.settings.election_timeout_min = std::chrono::seconds{5000};
    options.settings.election_timeout_max = std::chrono::seconds{5000};
    alone = spawn_peer(system, std::move(options));
  }

  ~time_fixture() {
    ask_handle<stopped>(alone, raft::stop{{1}});
  }

  /// Peer 2 leads, and appends its first entry.
  void follow() {
    append_request msg;
    msg.header = {{1}, {2}, {1}, {102}};
    msg.term = {1};
    msg.entries.emplace_back();
    msg.entries.back().term = {1};
    msg.entries.back().index = {1};
    send_anonymously(alone, msg);
    // A disk that took as long as the jumps of this clock would count as hung.
    BOOST_REQUIRE(
      eventually([&] { return state_of_peer().durable.value == 1; }));
  }

  void beat() {
    append_request msg;
    msg.header = {{1}, {2}, {1}, {102}};
    msg.term = {1};
    msg.previous = {{1}, {1}};
    send_anonymously(alone, msg);
  }

  peer_state state_of_peer() {
    return ask_handle<peer_state>(alone, get_state{{1}});
  }

  std::atomic<base::instant> now{base::instant{1'000'000}};
  peer_actor alone;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(peers_and_time, time_fixture)

BOOST_AUTO_TEST_CASE(mail_is_read_before_a_timeout_is_believed) {
  follow();
  // The election is due, but not for long; the heartbeat is there before the
  // alarm.
  now = now.load() + std::chrono::milliseconds{5'000'100};
  beat();
  BOOST_TEST(state_of_peer().leader.value == 2u);
  BOOST_TEST(notes.count({1}, consensus::note_kind::became_pre_candidate)
             == 0u);
}

BOOST_AUTO_TEST_CASE(an_early_or_old_alarm_does_no_harm) {
  follow();
  for (std::uint64_t number = 0; number < 5; ++number)
    send_anonymously(alone, wake{number});
  BOOST_TEST(state_of_peer().leader.value == 2u);
  BOOST_TEST(notes.count({1}, consensus::note_kind::became_pre_candidate)
             == 0u);
}

BOOST_AUTO_TEST_CASE(an_alarm_lets_the_core_act) {
  follow();
  now = now.load() + std::chrono::milliseconds{5'000'100};
  for (std::uint64_t number = 0; number < 5; ++number)
    send_anonymously(alone, wake{number});
  BOOST_TEST(eventually(
    [&] { return state_of_peer().role == peer_role::pre_candidate; }));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

constexpr std::uint64_t year_2023 = 1'700'000'000'000;
constexpr std::uint64_t fifty_years = 50ull * 365 * 24 * 3'600'000;

/// The times of all commands that were applied.
class times {
public:
  void note(std::uint64_t time_ms) {
    std::lock_guard guard{mutex_};
    all_.push_back(time_ms);
  }

  std::vector<std::uint64_t> all() const {
    std::lock_guard guard{mutex_};
    return all_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> all_;
};

class timed_counter : public counter {
public:
  timed_counter(std::shared_ptr<fake_disk> disk, std::shared_ptr<times> seen)
    : counter{std::move(disk)}, seen_{std::move(seen)} {
    // nop
  }

  bytes apply(const machine::apply_context& where,
              const bytes& command) override {
    seen_->note(where.time_ms);
    return counter::apply(where, command);
  }

private:
  std::shared_ptr<times> seen_;
};

/// A peer that has nobody beside it, checkpoints at once, and keeps no entries.
struct forgetful_fixture : cluster {
  explicit forgetful_fixture(bool on_disk)
    : cluster{environment{"alone", on_disk}} {
    members = {{1}};
    settings.log_bytes_kept = 0;
    settings.compaction_bytes_min = 1;
    disk->dirty_bytes_max = 0;
    machine = [this](const machine::machine_context&) {
      return std::make_unique<timed_counter>(disk, seen);
    };
    time.wall_ms = [this] { return wall.load(); };
  }

  ~forgetful_fixture() {
    stop_all();
  }

  bool log_is_empty() {
    auto x = state(1);
    return x.first > x.last;
  }

  std::shared_ptr<fake_disk> disk = std::make_shared<fake_disk>();
  std::shared_ptr<times> seen = std::make_shared<times>();
  std::atomic<std::uint64_t> wall{year_2023};
};

} // namespace

BOOST_AUTO_TEST_SUITE(times_of_entries)

BOOST_DATA_TEST_CASE(they_go_on_after_a_restart_on_a_log_that_keeps_nothing,
                     boost::unit_test::data::make({false, true}), on_disk) {
  forgetful_fixture x{on_disk};
  std::uint64_t last = year_2023;
  for (auto wrong : {year_2023, year_2023 + fifty_years, std::uint64_t{1}}) {
    x.spawn(1);
    x.commit("one");
    x.wall = wrong;
    x.commit("two");
    BOOST_TEST(x.eventually([&] { return x.log_is_empty(); }));
    x.stop(1);
  }
  for (auto time : x.seen->all()) {
    BOOST_TEST(time >= last);
    BOOST_TEST(time < year_2023 + 3'600'000);
    last = time;
  }
}

BOOST_AUTO_TEST_SUITE_END()
