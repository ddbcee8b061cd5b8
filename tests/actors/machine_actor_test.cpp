// Whole peers whose state machines are actors.

#include "ledger.hpp"
#include "support.hpp"
#include <raft/actors/caf/system.hpp>
#include <raft/actors/spawn.hpp>
#include <raft/persistence/store.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

struct peer_fixture : system_fixture {
  std::shared_ptr<ledger_book> book = std::make_shared<ledger_book>();
  event_log told;
  std::shared_ptr<persistence::store> store
    = persistence::make_memory_store({"test", {1}, {1}});
  peer_options parts;
  machine_actor machine;
  peer_actor peer;

  peer_fixture() {
    parts.store = store;
    parts.bootstrap = {{1}};
    parts.on_event = told.sink();
    parts.spawn_machine = [this](const machine::machine_context&) {
      machine = spawn_ledger(system, book);
      return machine;
    };
  }

  ~peer_fixture() {
    book->hold(false);
    if (peer)
      ask<stopped>(peer, stop{{1}});
  }

  executed run(const char* command) {
    executed result;
    // Until it leads; it is the only one.
    BOOST_REQUIRE(soon([&] {
      result = ask<executed>(peer, execute{{1}, {}, bytes{command}}).value();
      return result.reason != reject_reason::not_leader;
    }));
    return result;
  }

  peer_state state() {
    return ask<peer_state>(peer, get_state{{1}}).value();
  }

  /// Asks until a condition holds.
  /// @returns whether it did in time.
  template <class Condition>
  static bool soon(Condition holds) {
    auto until = std::chrono::steady_clock::now() + deadline;
    while (!holds())
      if (std::chrono::steady_clock::now() > until)
        return false;
    return true;
  }
};

bool has(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(machine_actors, peer_fixture)

BOOST_AUTO_TEST_CASE(a_peer_comes_back_with_its_machine) {
  peer = spawn_peer(system, parts);
  BOOST_TEST(run("a").reply.view() == "a ");
  ask<stopped>(peer, stop{{1}});
  BOOST_TEST(book->text == "a ");
  peer = spawn_peer(system, parts);
  BOOST_TEST(run("b").reply.view() == "a b ");
  // The state of another log.
  ask<stopped>(peer, stop{{1}});
  peer = peer_actor{};
  parts.store = persistence::make_memory_store({"test", {1}, {2}});
  BOOST_CHECK_THROW(spawn_peer(system, parts), std::runtime_error);
  self->wait_for(machine);
}

/// Sessions reach through the peer, and through a restart.
BOOST_AUTO_TEST_CASE(a_retry_takes_effect_once) {
  peer = spawn_peer(system, parts);
  run("a");
  auto session = ask<executed>(peer, open_session{{1}}).value().index;
  auto once = execute{{1}, {{session.value}, 1, 0}, bytes{"b"}};
  BOOST_TEST(ask<executed>(peer, once).value().reply.view() == "a b ");
  BOOST_TEST(ask<executed>(peer, once).value().reply.view() == "a b ");
  ask<stopped>(peer, stop{{1}});
  peer = spawn_peer(system, parts);
  BOOST_TEST(run("c").reply.view() == "a b c ");
  BOOST_TEST(ask<executed>(peer, once).value().reply.view() == "a b ");
  auto unknown = execute{{1}, {{999}, 1, 0}, bytes{"d"}};
  BOOST_TEST((ask<executed>(peer, unknown).value().reason
              == reject_reason::session_expired));
  BOOST_TEST(run("e").reply.view() == "a b c e ");
}

BOOST_AUTO_TEST_CASE(a_machine_that_does_not_tell_what_it_has_is_not_taken) {
  parts.actor_machine.recover_within = std::chrono::milliseconds{10};
  parts.spawn_machine = [this](group_id) {
    auto mute
      = [](machine_actor::pointer my, nothing) -> machine_actor::behavior_type {
      auto waiting = std::make_shared<std::vector<promise<recovered>>>();
      return {
        [my, waiting](const recover&) {
          return answer_later<recovered>(my, [&](promise<recovered> x) {
            waiting->push_back(std::move(x));
          });
        },
        [](const apply_commands&) { return commands_applied{}; },
        [](const query&) { return queried{}; },
        [](const checkpoint_state&) { return checkpointed_up_to{}; },
        [my](const stop& x) {
          my->quit();
          return stopped{x.group};
        },
      };
    };
    machine = system.spawn(mute, nothing{});
    return machine;
  };
  BOOST_CHECK_THROW(spawn_peer(system, parts), std::runtime_error);
  self->wait_for(machine);
}

BOOST_AUTO_TEST_CASE(a_peer_stops_with_its_machine) {
  peer = spawn_peer(system, parts);
  auto where = run("a").index;
  BOOST_TEST((run("fail").result == outcome::unknown));
  self->wait_for(std::exchange(peer, peer_actor{}));
  auto reasons = told.failures();
  BOOST_REQUIRE(reasons.size() == 2u);
  for (const auto& text : reasons)
    BOOST_TEST(has(text, "entry " + to_text(where.next())));
}

BOOST_AUTO_TEST_CASE(an_unresponsive_machine_makes_its_peer_busy) {
  parts.settings.unapplied_bytes_max = 2000;
  parts.settings.applying_bytes_max = 1000;
  peer = spawn_peer(system, parts);
  run("a");
  book->hold(true);
  // Commands are committed but not applied, up to the bound.
  std::size_t accepted = 0;
  for (;; ++accepted) {
    auto answer = ask<started>(peer, start{{1}, bytes{std::string(100, 'x')}});
    BOOST_REQUIRE(answer.has_value());
    if (answer->reason == reject_reason::busy)
      break;
    BOOST_REQUIRE(accepted < 1000u);
    // It is committed before the next one is asked for.
    BOOST_REQUIRE(soon([&] { return state().commit >= answer->index; }));
  }
  BOOST_TEST(accepted == 13u);
  BOOST_TEST(book->await_batches(2));
  BOOST_TEST(book->batches().size() == 2u);
  book->hold(false);
  auto last = state().commit;
  BOOST_TEST(soon([&] { return state().applied >= last; }));
  BOOST_TEST((run("b").result == outcome::committed));
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_refused) {
  parts.machine = journal::make;
  BOOST_CHECK_THROW(spawn_peer(system, parts), std::invalid_argument);
  parts.machine = {};
  parts.spawn_machine = [](group_id) { return machine_actor{}; };
  BOOST_CHECK_THROW(spawn_peer(system, parts), std::invalid_argument);
  parts.spawn_machine = [this](group_id) { return spawn_ledger(system, book); };
  parts.actor_machine.window.batches_max = 0;
  BOOST_CHECK_THROW(spawn_peer(system, parts), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
