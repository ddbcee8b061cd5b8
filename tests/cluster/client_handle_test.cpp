// The client handle of a process that is no member.

#include <raft/client/client_handle.hpp>
#include <raft/kv/command.hpp>
#include <raft/messages/text.hpp>
#include <raft/tests/cluster/server.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

using namespace raft;
using namespace raft::cluster;
using namespace std::chrono_literals;

namespace {

struct handle_fixture {
  handle_fixture() {
    peers.start_all();
  }

  /// What a client handle has to say to a request.
  template <class Answer, class Request>
  Answer ask(const actors::client_actor& whom, const Request& request) {
    std::optional<Answer> result;
    actors::ask(self, whom, 60s, request)
      .receive([&](const Answer& x) { result = x; },
               [&](const caf::error& e) {
                 throw std::runtime_error{caf::to_string(e)};
               });
    return *result;
  }

  servers peers{3};
  actors::system_config config{true};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  client::client_handle uut{system, peers.addresses(), {.cluster = "test"}};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(client_handle_suite, handle_fixture)

BOOST_AUTO_TEST_CASE(actors_of_another_process_have_commands_executed) {
  auto done = ask<executed>(
    uut.actor(), submit{{1}, kv::encode(kv::append{"k", "v"}), 50'000});
  BOOST_TEST((done.result == outcome::committed),
             to_text(done.result) << ", " << to_text(done.reason));
  auto leader = peers.wait_for_leader();
  BOOST_TEST((peers[leader].state().applied >= done.index));
}

BOOST_AUTO_TEST_CASE(after_its_end_nothing_is_executed) {
  uut.stop();
  uut.stop();
  caf::scoped_actor other{system};
  auto failed = false;
  actors::ask(other, uut.actor(), 60s, submit{{1}, {}, 50'000})
    .receive(
      [](const executed& x) { BOOST_TEST((x.result == outcome::rejected)); },
      [&](const caf::error&) { failed = true; });
  BOOST_TEST(failed);
}

BOOST_AUTO_TEST_SUITE_END()
