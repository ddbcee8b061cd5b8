// Somebody who reaches the peers' port sends actors whatever CAF can carry. No
// actor ends, none believes it, and the leader stays.

#include <raft/actors/caf/remote.hpp>
#include <raft/kv/command.hpp>
#include <raft/kv/kv_machine.hpp>
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
using namespace std::chrono_literals;

namespace {

/// Another process, as far as CAF can tell. The gate at the port of a node
/// would let little of what it sends through, so it comes by a port without
/// one.
class stranger {
public:
  explicit stranger(server& to) {
    auto port
      = to.system().middleman().publish(to.node().peer(), 0, "127.0.0.1", true);
    BOOST_REQUIRE(port);
    auto found
      = system.middleman().remote_actor<actors::peer_actor>("127.0.0.1", *port);
    BOOST_REQUIRE(found);
    peer = *found;
  }

  /// Sends a message to the actor of this id, be there one or not.
  template <class... Ts>
  void send_to(caf::actor_id id, caf::message_id mid, const Ts&... xs) {
    deliver(id, mid, caf::make_message(xs...));
  }

  /// Waits until all that was sent has been handled: an answer comes back on
  /// the same connection.
  bool is_answered() {
    auto result = false;
    actors::ask(self, peer, 20s, get_state{{1}})
      .receive([&](const peer_state&) { result = true; },
               [](const caf::error&) {});
    return result;
  }

  actors::system_config config{true};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  actors::peer_actor peer;

private:
  void deliver(caf::actor_id id, caf::message_id mid, caf::message what) {
    // The other thread may be in it still when we go on.
    auto done = std::make_shared<std::promise<void>>();
    system.middleman().backend().post([&, done] {
      auto broker = caf::actor_cast<caf::abstract_actor*>(
        actors::find_protocol_broker(system));
      auto& basp = *static_cast<caf::io::basp_broker*>(broker);
      // CAF leaves there where the last message came from, on its stack.
      basp.proxies().set_last_hop(nullptr);
      auto to = basp.proxies().get_or_put(peer.node(), id);
      to->enqueue(caf::actor_cast<caf::strong_actor_ptr>(self.ptr()), mid,
                  std::move(what), nullptr);
      done->set_value();
    });
    done->get_future().wait();
  }
};

/// Ids are small numbers, in the order of birth: anybody can guess them.
constexpr caf::actor_id ids_max = 60;

/// Sends all actors that there may be whatever ends actors.
void send_ends(stranger& x) {
  auto mid = caf::make_message_id();
  for (caf::actor_id id = 1; id <= ids_max; ++id) {
    x.send_to(id, mid, stop{{1}});
    for (auto why : {caf::exit_reason::normal, caf::exit_reason::kill,
                     caf::exit_reason::user_shutdown})
      x.send_to(id, mid,
                caf::exit_msg{x.self->address(), caf::make_error(why)});
    x.send_to(id, mid, caf::make_error(caf::sec::runtime_error));
    for (const auto& source :
         {x.self->address(), caf::actor_cast<caf::actor_addr>(x.peer)})
      x.send_to(id, mid,
                caf::down_msg{source, caf::make_error(caf::exit_reason::kill)});
  }
}

struct forged_fixture {
  forged_fixture() {
    cluster.start_all();
    leader = cluster.wait_for_leader();
    write();
    term = cluster[leader].state().term;
  }

  void write() {
    BOOST_TEST((cluster[leader].execute(kv::put{"k", "v"}).result
                == outcome::committed));
  }

  /// Everybody still works, and the leader is in office.
  void check_that_nothing_happened() {
    write();
    for (std::size_t i = 0; i < 3; ++i) {
      auto x = cluster[i].state();
      BOOST_TEST(x.term.value == term.value);
      BOOST_TEST(x.leader.value == leader + 1);
    }
  }

  void check_that_it_was_said() {
    BOOST_TEST(eventually([&] {
      return cluster[leader].log.count("dropped a message from process") > 0;
    }));
  }

  servers cluster{3};
  std::size_t leader = 0;
  term_number term;
};

} // namespace

BOOST_AUTO_TEST_SUITE(forged_suite)

BOOST_FIXTURE_TEST_CASE(no_actor_ends_by_what_a_stranger_sends,
                        forged_fixture) {
  stranger x{cluster[leader]};
  send_ends(x);
  BOOST_TEST(x.is_answered());
  check_that_nothing_happened();
  check_that_it_was_said();
}

BOOST_FIXTURE_TEST_CASE(no_actor_believes_what_only_its_own_process_may_say,
                        forged_fixture) {
  stranger x{cluster[leader]};
  auto mid = caf::make_message_id();
  constexpr std::uint64_t far = std::uint64_t{1} << 40;
  for (caf::actor_id id = 1; id <= ids_max; ++id) {
    for (std::uint64_t peer = 1; peer <= 3; ++peer) {
      x.send_to(id, mid, link_down{{peer}});
      x.send_to(id, mid, distrust{{peer}, "slander"});
      x.send_to(id, mid, link_up{{peer}, {}},
                caf::actor_cast<actors::inbox_actor>(x.peer));
      x.send_to(id, mid, link_up{{peer}, {}}, x.peer);
    }
    x.send_to(id, mid, farewell{"good bye"});
    for (std::uint64_t number = 0; number < 8; ++number)
      x.send_to(id, mid, wake{number});
    x.send_to(id, mid, flush{});
    x.send_to(id, mid, applied{{1}, {far}, {}, {far}});
    x.send_to(id, mid, persisted{{1}, {1}});
  }
  BOOST_TEST(x.is_answered());
  check_that_nothing_happened();
  check_that_it_was_said();
}

// CAF numbers requests; whoever knows the number could answer in the place of
// the one who was asked: that something is on the disk, or that it never will.
BOOST_FIXTURE_TEST_CASE(answers_of_strangers_to_others_requests_do_not_count,
                        forged_fixture) {
  stranger x{cluster[leader]};
  for (caf::actor_id id = 1; id <= ids_max; ++id)
    for (std::uint64_t number = 1; number <= 100; ++number) {
      auto mid = caf::make_message_id(number).response_id();
      x.send_to(id, mid, caf::make_error(caf::sec::runtime_error));
      x.send_to(id, mid, persisted{{1}, {number}});
    }
  BOOST_TEST(x.is_answered());
  check_that_nothing_happened();
}

BOOST_FIXTURE_TEST_CASE(only_the_linked_process_speaks_for_a_peer,
                        forged_fixture) {
  stranger x{cluster[leader]};
  for (std::uint64_t from = 1; from <= 4; ++from) {
    message_header header{{1}, {from}, cluster.members[leader].id, {}};
    append_request request;
    request.header = header;
    request.term = term.next();
    actors::send(x.self.ptr(), x.peer, request);
    actors::send(x.self.ptr(), x.peer,
                 vote_request{header, term.next(), {}, false, true});
    actors::send(x.self.ptr(), x.peer,
                 vote_reply{header, term.next(), {}, false, false});
    append_reply reply;
    reply.header = header;
    reply.term = term.next();
    actors::send(x.self.ptr(), x.peer, reply);
  }
  BOOST_TEST(x.is_answered());
  check_that_nothing_happened();
}

// By CAF's services a stranger could fill memory and replace what a program
// offers.
BOOST_FIXTURE_TEST_CASE(services_of_caf_can_not_be_reached, forged_fixture) {
  // A process that finds no name there can send to none.
  BOOST_TEST(cluster[leader].system().registry().named_actors().empty());
  BOOST_TEST(
    !stranger{cluster[leader]}.system.registry().named_actors().empty());
}

BOOST_FIXTURE_TEST_CASE(deliveries_go_to_the_process_that_asked_for_them,
                        forged_fixture) {
  stranger x{cluster[leader]};
  // Not to the peer itself, nor to nobody.
  for (const auto& to : {caf::actor_cast<actors::subscriber_actor>(x.peer),
                         actors::subscriber_actor{}}) {
    auto refused = false;
    actors::ask(x.self, x.peer, 20s, subscribe{{1}, 1, {1}, 1000}, to)
      .receive([](const subscribed&) {},
               [&](const caf::error&) { refused = true; });
    BOOST_TEST(refused);
  }
  check_that_nothing_happened();
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
    options.on_failure
      = [&said](const std::string& why) { said.set_value(why); };
    node x{system, one.config_of(0), kv::kv_machine_factory(), options};
    caf::scoped_actor self{system};
    self->send_exit(victim(x, system), caf::exit_reason::kill);
    auto words = said.get_future();
    BOOST_REQUIRE((words.wait_for(20s) == std::future_status::ready));
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
