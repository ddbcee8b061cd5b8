// Somebody who reaches the peers' port sends actors whatever CAF can carry. No
// actor ends, none believes it, and the leader stays.

#include <raft/actors/caf/remote.hpp>
#include <raft/kv/command.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/tests/cluster/forger.hpp>
#include <raft/tests/cluster/server.hpp>
#include <raft/tests/support/outcomes.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/actor_registry.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace raft;
using namespace raft::cluster;

namespace {

/// Comes by a port without a gate: that of a node would let little of what it
/// sends through.
struct stranger : forger {
  explicit stranger(server& to)
    : forger{[&to](auto&, caf::actor_system& system) {
        auto port = to.system().middleman().publish(to.node().peer(), 0,
                                                    "127.0.0.1", true);
        test::need(static_cast<bool>(port));
        auto found = system.middleman().remote_actor<actors::peer_actor>(
          "127.0.0.1", *port);
        test::need(static_cast<bool>(found));
        return *found;
      }} {
    // nop
  }
};

struct forged_fixture {
  forged_fixture() {
    cluster.start_all();
    leader = cluster.wait_for_leader();
    write();
  }

  void write() {
    BOOST_TEST((cluster[leader].execute(kv::put{"k", "v"}).result
                == outcome::committed));
  }

  /// Has a stranger say something to the leader. In the end everybody still
  /// works, and the leader is in office.
  template <class Words>
  void check_that_nothing_comes_of(Words say) {
    BOOST_TEST(test::undisturbed([&] {
      leader = cluster.wait_for_leader();
      auto term = cluster[leader].state().term;
      {
        stranger x{cluster[leader]};
        say(x, term);
        test::need(x.is_answered());
      }
      write();
      for (std::size_t i = 0; i < 3; ++i) {
        auto now = cluster[i].state();
        if (now.term != term || now.leader.value != leader + 1)
          return false;
      }
      return true;
    }));
  }

  void check_that_it_was_said() {
    BOOST_TEST(eventually(
      [&] { return cluster[leader].log.count<events::stray_dropped>() > 0; }));
  }

  servers cluster{3};
  std::size_t leader = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(forged_suite)

BOOST_FIXTURE_TEST_CASE(no_actor_ends_by_what_a_stranger_sends,
                        forged_fixture) {
  check_that_nothing_comes_of([](stranger& x, auto) { x.send_ends(); });
  check_that_it_was_said();
}

BOOST_FIXTURE_TEST_CASE(no_actor_believes_what_only_its_own_process_may_say,
                        forged_fixture) {
  check_that_nothing_comes_of([](stranger& x, auto) { x.send_lies(); });
  check_that_it_was_said();
}

// CAF numbers requests; whoever knows the number could answer in the place of
// the one who was asked: that something is on the disk, or that it never will.
BOOST_FIXTURE_TEST_CASE(answers_of_strangers_to_others_requests_do_not_count,
                        forged_fixture) {
  check_that_nothing_comes_of([](stranger& x, auto) {
    for (caf::actor_id id = 1; id <= forger::ids_max; ++id)
      for (std::uint64_t number = 1; number <= 100; ++number) {
        auto mid = caf::make_message_id(number).response_id();
        x.send_to(id, mid, caf::make_error(caf::sec::runtime_error));
        x.send_to(id, mid, persisted{{1}, {number}});
      }
  });
}

BOOST_FIXTURE_TEST_CASE(only_the_linked_process_speaks_for_a_peer,
                        forged_fixture) {
  check_that_nothing_comes_of([this](stranger& x, term_number term) {
    x.send_as_peer(cluster.members[leader].id, term.next());
  });
}

// By CAF's services a stranger could fill memory and replace what a program
// offers.
BOOST_FIXTURE_TEST_CASE(services_of_caf_can_not_be_reached, forged_fixture) {
  // A process that finds no name there can send to none.
  BOOST_TEST(cluster[leader].system().registry().named_actors().empty());
  BOOST_TEST(test::undisturbed([&] {
    stranger x{cluster[leader]};
    return !x.system.registry().named_actors().empty();
  }));
}

BOOST_FIXTURE_TEST_CASE(deliveries_go_to_the_process_that_asked_for_them,
                        forged_fixture) {
  check_that_nothing_comes_of([](stranger& x, auto) {
    // Not to the peer itself, nor to nobody.
    for (const auto& to : {caf::actor_cast<actors::subscriber_actor>(x.peer),
                           actors::subscriber_actor{}}) {
      auto refused = false;
      actors::ask(x.self, x.peer, patience, subscribe{{1}, 1, {1}, 1000}, to)
        .receive([](const subscribed&) {},
                 [&](const caf::error&) { refused = true; });
      BOOST_TEST(refused);
    }
  });
}

BOOST_FIXTURE_TEST_CASE(no_stranger_is_told_who_leads, forged_fixture) {
  check_that_nothing_comes_of([](stranger& x, auto) {
    auto refused = false;
    actors::ask(x.self, x.peer, patience, observe{{1}},
                caf::actor_cast<actors::observer_actor>(x.peer))
      .receive([](const observed&) {},
               [&](const caf::error&) { refused = true; });
    BOOST_TEST(refused);
  });
  check_that_it_was_said();
}

// Nothing of a node lives on in silence.
BOOST_AUTO_TEST_CASE(a_node_says_when_one_of_its_actors_ends) {
  auto dies = [](auto victim) {
    servers one{1};
    std::promise<std::string> said;
    actors::system_config config{true};
    caf::actor_system system{config};
    node_options options;
    options.store = one.stores[0];
    options.on_event = [&said](const events::event& x) {
      if (const auto* end = std::get_if<events::failed>(&x))
        said.set_value(end->reason);
    };
    node x{system, one.config_of(0), kv::kv_machine_factory(), options};
    caf::scoped_actor self{system};
    self->send_exit(victim(x, system), caf::exit_reason::kill);
    auto words = said.get_future();
    BOOST_REQUIRE((words.wait_for(patience) == std::future_status::ready));
    return words.get();
  };
  auto of_peer = dies([](node& x, auto&) { return x.peer(); });
  BOOST_TEST(of_peer.find("the peer ended") != std::string::npos);
  auto of_client = dies([](node& x, auto&) { return x.client(); });
  BOOST_TEST(of_client.find("the client handle ended") != std::string::npos);
  auto of_broker = dies([](node&, caf::actor_system& system) {
    return actors::find_protocol_broker(system);
  });
  BOOST_TEST(of_broker.find("CAF's broker ended") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
