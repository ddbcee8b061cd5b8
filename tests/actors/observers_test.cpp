// What observers are told: who leads, from when on, and until when.

#include "cluster.hpp"
#include <raft/actors/caf/system.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <vector>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace data = boost::unit_test::data;

namespace {

const auto places = data::make(
  {environment{"memory", false, false}, environment{"brokers", false, true}});

/// What an actor takes that is a subscriber as well.
using reader_and_observer = actor_interface<takes<delivery>, takes<leadership>>;

/// An actor that notes what one peer tells it, and that the peer has ended.
class witness {
public:
  witness(caf::actor_system& system, const peer_actor& peer) {
    handle_ = system.spawn(behavior, notes_, peer);
  }

  const reader_and_observer& handle() const {
    return handle_;
  }

  /// Everything told so far.
  std::vector<leadership> told() const {
    std::lock_guard guard{notes_->mutex};
    return notes_->told;
  }

  std::size_t count() const {
    return told().size();
  }

  /// What was told last; the contract is that something is.
  leadership last() const {
    auto all = told();
    return all.empty() ? leadership{} : all.back();
  }

  bool lost_its_peer() const {
    std::lock_guard guard{notes_->mutex};
    return notes_->lost;
  }

  /// Lets go of the actor.
  /// @returns its address, which keeps nothing alive.
  caf::actor_addr release() {
    auto address = caf::actor_cast<caf::actor_addr>(handle_);
    handle_ = reader_and_observer{};
    return address;
  }

private:
  struct notes {
    mutable std::mutex mutex;
    std::vector<leadership> told;
    bool lost = false;
  };

  static reader_and_observer::behavior_type
  behavior(reader_and_observer::pointer self, std::shared_ptr<notes> into,
           const peer_actor& peer) {
    auto watching = std::make_shared<watcher>();
    watching->watch(self, peer, [into] {
      std::lock_guard guard{into->mutex};
      into->lost = true;
    });
    return {
      [](const delivery&) {},
      [into, watching](const leadership& msg) {
        std::lock_guard guard{into->mutex};
        into->told.push_back(msg);
      },
    };
  }

  std::shared_ptr<notes> notes_ = std::make_shared<notes>();
  reader_and_observer handle_;
};

struct observers_fixture : cluster {
  explicit observers_fixture(const environment& at = environment{"memory"})
    : cluster{at} {
    // nop
  }

  /// Spawns peer 1, calm, and none other.
  /// @returns its store, which has had one commit.
  std::shared_ptr<difficult_store> spawn_alone() {
    auto result = std::make_shared<difficult_store>(
      persistence::make_memory_store({"test", {1}, {101}}));
    stores[{1}] = result;
    keep_calm();
    spawn(1);
    return result;
  }

  /// A new observer of a peer, that has been told something.
  witness observer_of(std::uint64_t id) {
    witness result{system, peer(id)};
    BOOST_TEST((ask<observed>(id, observe{{1}}, observer_actor{result.handle()})
                == observed{{1}}));
    BOOST_REQUIRE(eventually([&] { return result.count() > 0; }));
    return result;
  }

  /// What peer `id` tells of a term in which `leader` leads.
  leadership view_of(std::uint64_t id, term_number term, std::uint64_t leader,
                     bool ready = false) const {
    return {{1}, {id}, term, {leader}, id == leader, ready};
  }

  bool is_refused(std::uint64_t id, group_id group, const observer_actor& who) {
    auto result = false;
    actors::ask(self, peer(id), deadline, observe{group}, who)
      .receive([](const observed&) {},
               [&](const caf::error&) { result = true; });
    return result;
  }

  /// Tells all peers of a later term, in which nobody leads. Each of them can
  /// be elected then.
  term_number depose() {
    BOOST_TEST(eventually([&] {
      auto ids = running();
      auto last = state(ids.front().value).last;
      return std::ranges::all_of(
        ids, [&](peer_id id) { return state(id.value).last == last; });
    }));
    auto later = state(running().front().value).term.next();
    for (auto to : running()) {
      vote_reply news;
      news.header = {{1}, {to.value % 3 + 1}, to, {}};
      news.term = later;
      actors::send_anonymously(peer(to.value), news);
      BOOST_TEST((state(to.value).term == later));
    }
    return later;
  }

  bool await(const witness& who, const leadership& what) {
    return eventually([&] { return who.last() == what; });
  }
};

/// What must be true of everything that an observer is told.
void check_order(const std::vector<leadership>& told) {
  for (std::size_t i = 1; i < told.size(); ++i) {
    const auto& before = told[i - 1];
    const auto& now = told[i];
    BOOST_TEST((now != before));
    BOOST_TEST((now.term >= before.term));
    BOOST_TEST(now.leads == (now.leader == now.peer));
    BOOST_TEST((now.leads || !now.ready));
    // Whoever has lost a term's office does not get it back.
    if (before.leads && now.leads)
      BOOST_TEST((now.term > before.term || now.ready));
  }
}

/// What was told of a term, in order.
std::vector<leadership> of_term(const std::vector<leadership>& told,
                                term_number term) {
  std::vector<leadership> result;
  std::ranges::copy_if(told, std::back_inserter(result),
                       [&](const auto& x) { return x.term == term; });
  return result;
}

using told_list = std::vector<leadership>;

} // namespace

BOOST_AUTO_TEST_SUITE(observers_suite)

BOOST_DATA_TEST_CASE(they_are_told_at_once_how_things_are, places, at) {
  observers_fixture peers{at};
  auto term = peers.state(peers.spawn_calm()).term;
  peers.commit("a"); // by then the leader is ready
  auto leader = peers.observer_of(1);
  auto follower = peers.observer_of(2);
  BOOST_TEST((leader.told() == told_list{peers.view_of(1, term, 1, true)}));
  BOOST_TEST((follower.told() == told_list{peers.view_of(2, term, 1)}));
  // Commands are no news.
  peers.commit("b");
  peers.commit("c");
  peers.stop(1);
  BOOST_TEST(peers.eventually([&] { return leader.lost_its_peer(); }));
  BOOST_TEST(leader.count() == 2u);
  peers.stop(2);
  BOOST_TEST(peers.eventually([&] { return follower.lost_its_peer(); }));
  BOOST_TEST(follower.count() == 1u);
}

BOOST_DATA_TEST_CASE(they_are_told_each_step_of_an_election, places, at) {
  observers_fixture peers{at};
  peers.keep_calm();
  peers.spawn_all();
  auto winner = peers.observer_of(1);
  auto voter = peers.observer_of(2);
  BOOST_TEST((winner.told() == told_list{peers.view_of(1, {0}, 0)}));
  BOOST_TEST((voter.told() == told_list{peers.view_of(2, {0}, 0)}));
  peers.elect(1);
  auto term = peers.state(1).term;
  BOOST_TEST(peers.await(winner, peers.view_of(1, term, 1, true)));
  BOOST_TEST(peers.await(voter, peers.view_of(2, term, 1)));
  BOOST_TEST((of_term(winner.told(), term)
              == told_list{peers.view_of(1, term, 0), peers.view_of(1, term, 1),
                           peers.view_of(1, term, 1, true)}));
  BOOST_TEST(
    (of_term(voter.told(), term)
     == told_list{peers.view_of(2, term, 0), peers.view_of(2, term, 1)}));
  check_order(winner.told());
  check_order(voter.told());
}

BOOST_DATA_TEST_CASE(they_are_told_that_office_is_lost_and_who_gets_it, places,
                     at) {
  observers_fixture peers{at};
  auto term = peers.state(peers.spawn_calm()).term;
  peers.commit("a");
  auto first = peers.observer_of(1);
  auto second = peers.observer_of(2);
  auto between = peers.depose();
  BOOST_TEST(peers.await(first, peers.view_of(1, between, 0)));
  BOOST_TEST((first.told()
              == told_list{peers.view_of(1, term, 1, true),
                           peers.view_of(1, between, 0)}));
  peers.elect(2);
  auto later = peers.state(2).term;
  BOOST_TEST(peers.await(first, peers.view_of(1, later, 2)));
  BOOST_TEST(peers.await(second, peers.view_of(2, later, 2, true)));
  // Back in office, it is another office.
  peers.depose();
  peers.elect(1, 1000);
  auto last = peers.state(1).term;
  BOOST_TEST((last > later));
  BOOST_TEST(peers.await(first, peers.view_of(1, last, 1, true)));
  BOOST_TEST(peers.await(second, peers.view_of(2, last, 1)));
  BOOST_TEST((of_term(first.told(), last)
              == told_list{peers.view_of(1, last, 0), peers.view_of(1, last, 1),
                           peers.view_of(1, last, 1, true)}));
  check_order(first.told());
  check_order(second.told());
}

BOOST_FIXTURE_TEST_CASE(no_leader_is_ready_before_its_first_entry_is_committed,
                        observers_fixture) {
  members = {{1}};
  auto slow = spawn_alone();
  // The group is founded, then it votes; what it begins its term with waits.
  slow->hold(true, 3);
  auto one = observer_of(1);
  elect(1);
  auto term = state(1).term;
  BOOST_TEST(await(one, view_of(1, term, 1)));
  BOOST_TEST(slow->await_commits(3));
  BOOST_TEST((state(1).commit == log_index{}));
  BOOST_TEST((one.last() == view_of(1, term, 1)));
  auto late = observer_of(1);
  BOOST_TEST((late.told() == told_list{view_of(1, term, 1)}));
  slow->hold(false);
  BOOST_TEST(await(one, view_of(1, term, 1, true)));
  BOOST_TEST(await(late, view_of(1, term, 1, true)));
  // Its state machine has all of it by then.
  BOOST_TEST((state(1).applied >= log_index{1}));
}

BOOST_FIXTURE_TEST_CASE(a_leader_that_fails_is_none_any_more,
                        observers_fixture) {
  members = {{1}};
  auto broken = spawn_alone();
  broken->hold(true, 3);
  auto one = observer_of(1);
  elect(1);
  auto term = state(1).term;
  BOOST_TEST(await(one, view_of(1, term, 1)));
  broken->fail(3);
  broken->hold(false);
  BOOST_TEST(eventually([&] { return one.lost_its_peer(); }));
  BOOST_TEST((of_term(one.told(), term)
              == told_list{view_of(1, term, 0), view_of(1, term, 1),
                           view_of(1, term, 0)}));
}

BOOST_DATA_TEST_CASE(a_peer_that_stops_says_first_that_it_does_not_lead, places,
                     at) {
  observers_fixture peers{at};
  auto term = peers.state(peers.spawn_calm()).term;
  peers.commit("a");
  auto leader = peers.observer_of(1);
  peers.stop(1);
  BOOST_TEST(peers.eventually([&] { return leader.lost_its_peer(); }));
  BOOST_TEST(
    (leader.told()
     == told_list{peers.view_of(1, term, 1, true), peers.view_of(1, term, 0)}));
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_is_killed_shows_by_its_end_only,
                        observers_fixture) {
  auto term = state(spawn_calm()).term;
  commit("a");
  auto leader = observer_of(1);
  self->send_exit(peer(1), caf::exit_reason::kill);
  BOOST_TEST(eventually([&] { return leader.lost_its_peer(); }));
  BOOST_TEST((leader.told() == told_list{view_of(1, term, 1, true)}));
}

BOOST_FIXTURE_TEST_CASE(who_comes_later_is_told_the_same_from_then_on,
                        observers_fixture) {
  spawn_calm();
  commit("a");
  auto early = observer_of(1);
  auto between = depose();
  BOOST_TEST(await(early, view_of(1, between, 0)));
  auto late = observer_of(1);
  elect(1, 1000);
  auto now = view_of(1, state(1).term, 1, true);
  BOOST_TEST(await(early, now));
  BOOST_TEST(await(late, now));
  auto all = early.told();
  BOOST_TEST((told_list{all.begin() + 1, all.end()} == late.told()));
}

BOOST_FIXTURE_TEST_CASE(who_asks_twice_is_told_once_more_and_changes_once,
                        observers_fixture) {
  auto term = state(spawn_calm()).term;
  commit("a");
  auto one = observer_of(1);
  ask<observed>(1, observe{{1}}, observer_actor{one.handle()});
  BOOST_TEST(eventually([&] { return one.count() == 2; }));
  stop(1);
  BOOST_TEST(eventually([&] { return one.lost_its_peer(); }));
  auto now = view_of(1, term, 1, true);
  BOOST_TEST((one.told() == told_list{now, now, view_of(1, term, 0)}));
}

BOOST_FIXTURE_TEST_CASE(a_peer_forgets_observers_that_end, observers_fixture) {
  spawn_calm();
  commit("a");
  auto other = observer_of(1);
  auto one = observer_of(1);
  // It is a subscriber as well, which makes no difference.
  ask<subscribed>(1, subscribe{{1}, 1, {1}, 1 << 20},
                  subscriber_actor{one.handle()});
  self->send_exit(one.handle(), caf::exit_reason::user_shutdown);
  auto address = one.release();
  // Whoever is known to nobody is gone.
  BOOST_TEST(eventually(
    [&] { return !caf::actor_cast<caf::strong_actor_ptr>(address); }));
  auto between = depose();
  BOOST_TEST(await(other, view_of(1, between, 0)));
}

BOOST_FIXTURE_TEST_CASE(observers_that_can_not_be_told_are_refused,
                        observers_fixture) {
  actors::system_config elsewhere{true}; // or it would have no name
  caf::actor_system other{elsewhere};
  auto slow = spawn_alone();
  slow->hold(true, 2);
  witness one{system, peer(1)};
  BOOST_TEST(is_refused(1, {1}, observer_actor{}));
  BOOST_TEST(is_refused(1, {2}, observer_actor{one.handle()}));
  // What is told stays in the process.
  auto deaf = [](nothing) -> observer_actor::behavior_type {
    return {[](const leadership&) {}};
  };
  BOOST_TEST(is_refused(1, {1}, other.spawn(deaf, nothing{})));
  // It waits for its disk before it ends.
  depose();
  BOOST_REQUIRE(slow->await_commits(2));
  auto end = actors::ask(self, peer(1), deadline, raft::stop{{1}});
  BOOST_TEST(is_refused(1, {1}, observer_actor{one.handle()}));
  slow->hold(false);
  std::move(end).receive(
    [](const stopped&) {},
    [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
  BOOST_TEST(eventually([&] { return one.lost_its_peer(); }));
  BOOST_TEST(one.count() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
