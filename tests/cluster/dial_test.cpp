// Connections to addresses that answer, refuse or are silent.

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/links/dial.hpp>
#include <raft/tests/cluster/sockets.hpp>
#include <raft/tests/support/patience.hpp>
#include <raft/tests/transport/samples.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <optional>
#include <sys/resource.h>
#include <thread>

using namespace raft;
using namespace raft::cluster;
using namespace raft::links;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

/// Connects and hangs up.
/// @returns the complaint.
std::string try_to_connect(const address& where,
                           std::chrono::milliseconds deadline
                           = test::patience) {
  auto result = links::connect(where, deadline);
  BOOST_TEST((result.socket >= 0) == result.complaint.empty());
  if (result.socket >= 0)
    ::close(result.socket);
  return result.complaint;
}

/// An actor system that can dial.
struct dial_fixture {
  struct outcome {
    caf::node_id node;
    caf::strong_actor_ptr acceptor;
    std::string complaint;
  };

  actors::system_config config{true};
  caf::actor_system system{config};

  /// Dials until it is answered: a busy machine may have no time for a
  /// handshake.
  outcome dial_patiently(const address& where) {
    outcome result;
    test::eventually([&] {
      result = dial(where);
      return result.complaint.empty();
    });
    return result;
  }

  outcome dial(const address& where) {
    caf::scoped_actor self{system};
    std::optional<outcome> result;
    actors::ask(self, spawn_dial(system), test::patience, where.host,
                where.port, std::uint64_t{2000})
      .receive(
        [&](const caf::node_id& node, const caf::strong_actor_ptr& acceptor,
            const std::string& complaint) {
          result = {node, acceptor, complaint};
        },
        [](const caf::error& e) {
          throw std::runtime_error{caf::to_string(e)};
        });
    return *result;
  }
};

using listener_actor = actors::actor_interface<actors::takes<wake>>;

listener_actor::behavior_type run_door(actors::nothing) {
  return {[](const wake&) {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(dial_suite)

BOOST_AUTO_TEST_CASE(finds_a_listener) {
  mute_server server;
  BOOST_TEST(try_to_connect(server.where()) == "");
}

BOOST_AUTO_TEST_CASE(resolves_names) {
  mute_server server;
  BOOST_TEST(try_to_connect({"localhost", server.where().port}) == "");
}

BOOST_AUTO_TEST_CASE(says_that_nobody_listens) {
  BOOST_TEST(try_to_connect({"127.0.0.1", free_port()})
             == "Connection refused");
}

BOOST_AUTO_TEST_CASE(gives_up_on_a_black_hole) {
  black_hole hole;
  auto begin = clock_type::now();
  BOOST_TEST(try_to_connect(hole.where(), 200ms) == "Connection timed out");
  auto took = clock_type::now() - begin;
  // TCP itself goes on for minutes.
  BOOST_TEST((took >= 200ms && took < test::patience));
}

BOOST_AUTO_TEST_CASE(says_that_a_name_is_unknown) {
  // Such names never exist (RFC 2606).
  auto complaint = try_to_connect({"host.invalid", 7000});
  BOOST_TEST(complaint.find("cannot resolve \"host.invalid\"") == 0u);
}

BOOST_FIXTURE_TEST_CASE(shakes_hands_with_another_system, dial_fixture) {
  dial_fixture other;
  auto acceptor = other.system.spawn(run_door, actors::nothing{});
  auto opened = actors::publish(other.system, acceptor, "127.0.0.1", 0);
  BOOST_REQUIRE(opened);
  std::uint16_t port = *opened;
  for (int i = 0; i < 2; ++i) { // the second finds the first one's connection
    auto result = dial_patiently({"127.0.0.1", port});
    BOOST_TEST(result.complaint == "");
    BOOST_TEST((result.node == other.system.node()));
    BOOST_REQUIRE(result.acceptor);
    BOOST_TEST((result.acceptor->id() == acceptor.id()));
  }
  actors::unpublish(other.system, acceptor, port);
  caf::anon_send_exit(acceptor, caf::exit_reason::user_shutdown);
}

BOOST_FIXTURE_TEST_CASE(finds_itself, dial_fixture) {
  auto acceptor = system.spawn(run_door, actors::nothing{});
  auto opened = actors::publish(system, acceptor, "127.0.0.1", 0);
  BOOST_REQUIRE(opened);
  std::uint16_t port = *opened;
  BOOST_TEST((dial_patiently({"127.0.0.1", port}).node == system.node()));
  actors::unpublish(system, acceptor, port);
  caf::anon_send_exit(acceptor, caf::exit_reason::user_shutdown);
}

BOOST_FIXTURE_TEST_CASE(does_not_wait_for_the_mute, dial_fixture) {
  mute_server mute;
  auto result = dial(mute.where());
  BOOST_TEST(!result.acceptor);
  BOOST_TEST(result.complaint.find("connected, but the handshake failed")
             == 0u);
}

/// Both ends guarded: as nodes do it.
BOOST_FIXTURE_TEST_CASE(guarded_ports_are_found, dial_fixture) {
  auto open = [](dial_fixture& where, const listener_actor& acceptor) {
    auto guard = actors::make_port_guard(where.system, {}, {});
    auto port = actors::publish(where.system, acceptor, "127.0.0.1", 0, guard);
    BOOST_REQUIRE(port);
    return address{"127.0.0.1", *port};
  };
  dial_fixture other;
  auto acceptor = other.system.spawn(run_door, actors::nothing{});
  auto where = open(other, acceptor);
  for (int i = 0; i < 3; ++i) {
    auto result = dial_patiently(where);
    BOOST_TEST(result.complaint == "");
    BOOST_TEST((result.node == other.system.node()));
    BOOST_REQUIRE(result.acceptor);
    BOOST_TEST((result.acceptor->id() == acceptor.id()));
  }
  // To itself.
  BOOST_TEST((other.dial_patiently(where).node == other.system.node()));
  actors::unpublish(other.system, acceptor, where.port);
  caf::anon_send_exit(acceptor, caf::exit_reason::user_shutdown);
}

/// A server that says what it likes cannot harm who dials it.
BOOST_FIXTURE_TEST_CASE(servers_that_lie_are_left, dial_fixture) {
  using namespace raft::transport;
  auto with_header = [](int code, std::uint32_t length, std::uint64_t data,
                        const std::string& rest) {
    frame_header x;
    x.code = static_cast<std::uint8_t>(code);
    x.payload_bytes = length;
    x.data = data;
    auto bytes = write_frame_header(x);
    return std::string{bytes.begin(), bytes.end()} + rest;
  };
  auto intro = introduction(node_name(77));
  auto size = static_cast<std::uint32_t>(intro.size());
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  for (auto& words :
       {std::string{"HTTP/1.1 400 Bad Request\r\n\r\n"},
        with_header(0, 0, 3, ""), with_header(0, 1 << 30, 3, "x"),
        with_header(0, 0xFFFFFFFF, 3, ""), with_header(0, size, 4, intro),
        with_header(0, size, 3, std::string(intro.size(), 'x')),
        with_header(1, 32, 0, node_name(77)), with_header(2, 64, 3, "x"),
        with_header(6, 0, 0, "")}) {
    // At once, not at the deadline, if the machine is not too busy.
    BOOST_TEST(test::undisturbed([&] {
      test_socket listener;
      auto port = listener.bind();
      listener.listen(1);
      std::jthread liar{[&] {
        test_socket guest{::accept(listener.fd(), nullptr, nullptr)};
        static_cast<void>(
          ::send(guest.fd(), words.data(), words.size(), MSG_NOSIGNAL));
        char byte = 0;
        while (::recv(guest.fd(), &byte, 1, 0) > 0)
          continue;
      }};
      auto begin = clock_type::now();
      auto result = dial({"127.0.0.1", port});
      BOOST_TEST(!result.acceptor);
      BOOST_TEST(result.complaint.starts_with("connected, but the handshake "
                                              "failed"));
      return clock_type::now() - begin < handshake_deadline;
    }));
  }
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  // In KiB.
  BOOST_TEST(after.ru_maxrss - before.ru_maxrss < 64 << 10);
}

BOOST_AUTO_TEST_SUITE_END()
