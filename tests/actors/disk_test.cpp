// Peers whose disks are full or hang.

#include "cluster.hpp"
#include <raft/actors/applier.hpp>
#include <raft/actors/peer.hpp>
#include <raft/actors/persister.hpp>
#include <raft/actors/reader.hpp>
#include <raft/machine/executor.hpp>
#include <raft/tests/machine/fake_disk.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <utility>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;
using consensus::note_kind;

namespace {

/// Where the state machine of one peer waits for as long as it is closed.
class apply_gate {
public:
  void close(peer_id whose) {
    std::lock_guard guard{mutex_};
    closed_for_ = whose;
  }

  void open() {
    std::lock_guard guard{mutex_};
    closed_for_ = {};
    changed_.notify_all();
  }

  void pass(peer_id who) {
    std::unique_lock guard{mutex_};
    changed_.wait(guard, [&] { return closed_for_ != who; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  peer_id closed_for_;
};

class gated_journal : public journal {
public:
  gated_journal(peer_id self, std::shared_ptr<apply_gate> gate)
    : self_{self}, gate_{std::move(gate)} {
    // nop
  }

  bytes apply(const machine::apply_context& where,
              const bytes& command) override {
    gate_->pass(self_);
    return journal::apply(where, command);
  }

private:
  peer_id self_;
  std::shared_ptr<apply_gate> gate_;
};

struct disk_fixture : cluster {
  disk_fixture() : cluster{environment{"in memory"}} {
    for (auto id : members) {
      disks[id] = std::make_shared<difficult_store>(
        persistence::make_memory_store({"test", id, {100 + id.value}}));
      stores[id] = disks[id];
    }
  }

  ~disk_fixture() {
    for (auto& [id, disk] : disks) {
      disk->hold(false);
      disk->hold_reads(false);
    }
    gate->open();
  }

  /// Gives the leader a trouble and a command, and waits until it steps down
  /// for that reason. If another one was elected before, that one is next.
  /// @returns who stepped down; it still has the trouble.
  template <class Begin, class End>
  std::uint64_t leader_that(note_kind steps_down, Begin begin, End end) {
    peer_id result;
    BOOST_TEST(undisturbed([&] {
      result = {await_leader()};
      auto before = notes.count(result, steps_down);
      begin(result);
      ask<started>(result.value, start{{1}, bytes{"b"}});
      if (eventually([&] { return notes.count(result, steps_down) > before; },
                     deadline / 4))
        return true;
      end(result);
      return false;
    }));
    return result.value;
  }

  std::map<peer_id, std::shared_ptr<difficult_store>> disks;
  std::shared_ptr<apply_gate> gate = std::make_shared<apply_gate>();
};

/// How many bytes of changes the first checkpoint of each peer holds.
class first_checkpoints {
public:
  void note(peer_id peer, std::size_t bytes) {
    std::lock_guard guard{mutex_};
    bytes_.try_emplace(peer, bytes);
  }

  std::map<peer_id, std::size_t> all() const {
    std::lock_guard guard{mutex_};
    return bytes_;
  }

private:
  mutable std::mutex mutex_;
  std::map<peer_id, std::size_t> bytes_;
};

class watched_counter : public counter {
public:
  watched_counter(peer_id self, std::shared_ptr<first_checkpoints> checkpoints)
    : counter{std::make_shared<fake_disk>()},
      self_{self},
      checkpoints_{std::move(checkpoints)} {
    // nop
  }

  std::shared_ptr<machine::checkpoint_job>
  freeze(log_index applied,
         std::vector<machine::session_record> sessions) override {
    checkpoints_->note(self_, dirty_bytes());
    return counter::freeze(applied, std::move(sessions));
  }

private:
  peer_id self_;
  std::shared_ptr<first_checkpoints> checkpoints_;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(disks, disk_fixture)

BOOST_AUTO_TEST_CASE(peers_begin_to_checkpoint_at_different_moments) {
  auto checkpoints = std::make_shared<first_checkpoints>();
  machine = [checkpoints](const machine::machine_context& where) {
    return std::make_unique<watched_counter>(where.peer, checkpoints);
  };
  // None because time has passed, or some entries were applied at once.
  checkpoint_after = std::chrono::hours{1};
  spawn_calm();
  for (auto i = 0; i < 50; ++i) {
    auto done = commit("x").index;
    for (auto id : members)
      BOOST_REQUIRE(
        eventually([&] { return state(id.value).applied >= done; }));
  }
  BOOST_TEST(eventually([&] { return checkpoints->all().size() == 3; }));
  std::set<std::size_t> different;
  for (const auto& [peer, bytes] : checkpoints->all())
    different.insert(bytes);
  BOOST_TEST(different.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_leader_with_a_full_disk_hands_over_and_loses_nothing) {
  spawn_all();
  commit("a");
  auto first = leader_that(
    note_kind::stepped_down_full_disk,
    [this](peer_id id) { disks[id]->fill(true); },
    [this](peer_id id) { disks[id]->fill(false); });
  // The others go on without it.
  BOOST_TEST(eventually([&] { return await_leader() != first; }));
  commit("c");
  auto known = state(first).durable;
  disks[{first}]->fill(false);
  BOOST_TEST(eventually(
    [&] { return notes.count({first}, note_kind::disk_has_space) > 0; }));
  BOOST_TEST(eventually([&] { return state(first).durable > known; }));
  auto journal = journal_of(await_leader());
  BOOST_TEST(journal.ends_with("c "));
  BOOST_TEST(all_hold(journal));
  BOOST_TEST(told.failures().empty());
}

BOOST_AUTO_TEST_CASE(
  with_all_disks_full_commands_are_refused_until_there_is_room) {
  spawn_all();
  commit("a");
  for (auto& [id, disk] : disks)
    disk->fill(true);
  BOOST_TEST(eventually([&] {
    return ask<started>(await_leader(), start{{1}, bytes{"b"}}).reason
        == reject_reason::disk_full;
  }));
  for (auto& [id, disk] : disks)
    disk->fill(false);
  commit("c");
  auto journal = journal_of(await_leader());
  BOOST_TEST(journal.ends_with("c "));
  BOOST_TEST(all_hold(journal));
  BOOST_TEST(told.failures().empty());
}

BOOST_AUTO_TEST_CASE(a_leader_whose_disk_hangs_stops_leading) {
  settings.undurable_bytes_max = 1;
  spawn_all();
  commit("a");
  auto first = await_leader();
  disks[{first}]->hold(true);
  ask<started>(first, start{{1}, bytes{"b"}});
  BOOST_TEST(eventually([&] {
    auto others = running();
    std::erase(others, peer_id{first});
    return std::any_of(others.begin(), others.end(), [&](peer_id id) {
      return state(id.value).role == peer_role::leader;
    });
  }));
  BOOST_TEST(
    eventually([&] { return state(first).role != peer_role::leader; }));
  disks[{first}]->hold(false);
  commit("c");
  BOOST_TEST(all_hold(journal_of(await_leader())));
}

BOOST_AUTO_TEST_CASE(a_leader_whose_apply_does_not_return_hands_over) {
  machine = [this](const machine::machine_context& where) {
    return std::make_unique<gated_journal>(where.peer, gate);
  };
  spawn_all();
  commit("a");
  auto first = leader_that(
    note_kind::stepped_down_stuck_machine,
    [this](peer_id id) { gate->close(id); }, [this](peer_id) { gate->open(); });
  commit("c");
  BOOST_TEST(
    eventually([&] { return state(first).role != peer_role::leader; }));
  gate->open();
  BOOST_TEST(all_hold(journal_of(await_leader())));
  BOOST_TEST(told.failures().empty());
}

BOOST_AUTO_TEST_CASE(commits_go_on_while_a_read_hangs) {
  settings.log_bytes_in_memory = 0;
  auto leader = spawn_calm();
  commit("a");
  disks[{leader}]->hold_reads(true);
  collector late{system, peer(leader)};
  ask<subscribed>(leader, subscribe{{1}, 1, {1}, 1000}, late.handle());
  BOOST_TEST(disks[{leader}]->await_reads(1));
  ask<started>(leader, start{{1}, bytes{"b"}});
  BOOST_TEST(
    eventually([&] { return state(leader).durable == state(leader).last; }));
  BOOST_TEST(late.commands().empty());
  disks[{leader}]->hold_reads(false);
  BOOST_TEST(eventually([&] { return late.commands() == "a b "; }));
  BOOST_TEST(told.failures().empty());
}

BOOST_AUTO_TEST_CASE(reads_go_on_while_a_commit_hangs) {
  settings.log_bytes_in_memory = 0;
  auto follower = spawn_calm() % 3 + 1;
  commit("a");
  BOOST_TEST(all_hold("a "));
  auto commits = disks[{follower}]->sizes().size();
  disks[{follower}]->hold(true);
  commit("b");
  BOOST_TEST(disks[{follower}]->await_commits(commits + 1));
  collector late{system, peer(follower)};
  ask<subscribed>(follower, subscribe{{1}, 1, {1}, 1000}, late.handle());
  BOOST_TEST(eventually([&] { return late.commands() == "a "; }));
  disks[{follower}]->hold(false);
  BOOST_TEST(eventually([&] { return late.commands() == "a b "; }));
}

BOOST_AUTO_TEST_CASE(there_are_only_so_many_subscriptions) {
  spawn_all();
  auto leader = await_leader();
  collector one{system, peer(leader)};
  for (std::uint64_t i = 1; i <= peer_bounds{}.subscriptions_max; ++i)
    BOOST_TEST(
      ask<subscribed>(leader, subscribe{{1}, i, {1}, 100}, one.handle())
        .accepted);
  auto answer
    = ask<subscribed>(leader, subscribe{{1}, 0, {1}, 100}, one.handle());
  BOOST_TEST(!answer.accepted);
  BOOST_TEST((answer.reason == reject_reason::busy));
  // One that is there already can begin anew.
  BOOST_TEST(ask<subscribed>(leader, subscribe{{1}, 1, {1}, 100}, one.handle())
               .accepted);
}

BOOST_AUTO_TEST_CASE(a_state_machine_that_does_not_fit_the_log_is_refused) {
  peer_parts parts;
  parts.self = {{1}, {1}, {101}, 1};
  parts.recovered.last = {{3}, {1}};
  parts.recovered.term_starts = {{{1}, {1}}};
  parts.applied = {4};
  parts.persister = spawn_persister(system, {stores[{1}], told.sink()});
  parts.applier = spawn_applier(
    system,
    {.executor = std::make_shared<machine::executor>(journal::make({1}))});
  parts.reader = spawn_reader(system, stores[{1}]);
  auto persister = parts.persister;
  auto reader = parts.reader;
  auto applier = parts.applier;
  auto launch = [&] { launch_peer(system, std::move(parts)); };
  BOOST_CHECK_THROW(launch(), std::runtime_error);
  ask_handle<stopped>(persister, raft::stop{{1}});
  ask_handle<stopped>(reader, raft::stop{{1}});
  ask_handle<stopped>(applier, raft::stop{{1}});
}

BOOST_AUTO_TEST_CASE(a_peer_alone_takes_what_its_machine_has_room_for) {
  auto disk = std::make_shared<fake_disk>();
  disk->space = [](const machine::space_question&) {
    return space_left{0, 10};
  };
  machine = [disk](group_id) { return std::make_unique<counter>(disk); };
  members = {{1}};
  spawn(1);
  await_leader();
  auto reason = [this](const char* what) { return execute(1, what).reason; };
  BOOST_TEST(
    eventually([&] { return reason("erase a") == reject_reason::none; }));
  BOOST_TEST((reason("put a") == reject_reason::disk_full));
  BOOST_TEST((reason("erase a lot") == reject_reason::disk_full));
  BOOST_TEST((reason("erase b") == reject_reason::none));
  BOOST_TEST(notes.count({1}, note_kind::machine_lacks_space) == 1u);
  stop(1);
  BOOST_TEST(!disk->state.contains("put a"));
}

BOOST_AUTO_TEST_SUITE_END()
