// Processes that come back by another connection, while the one before is on
// its way out.

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/port.hpp>
#include <raft/actors/caf/setting.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/client/connect.hpp>
#include <raft/tests/cluster/sockets.hpp>
#include <raft/tests/cluster/stranger.hpp>
#include <raft/tests/support/patience.hpp>
#include <raft/tests/transport/samples.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace raft;
using namespace raft::cluster;
using namespace raft::links;
using namespace raft::transport;

namespace {

using door_actor
  = actors::actor_interface<actors::answers<get_state, peer_state>,
                            // Answer all who have asked.
                            actors::takes<wake>>;

/// Answers when it is told to.
class door {
public:
  static inline const char* name = "door";

  using self_pointer = door_actor::stateful_pointer<door>;

  door_actor::behavior_type begin(self_pointer self,
                                  std::shared_ptr<std::atomic<int>> guests) {
    return {
      [=, this](const get_state&) {
        return actors::answer_later<peer_state>(self, [&](auto promise) {
          waiting_.push_back(std::move(promise));
          ++*guests;
        });
      },
      [this](const wake&) {
        for (auto& x : waiting_)
          x.answer({});
        waiting_.clear();
      },
    };
  }

private:
  std::vector<actors::promise<peer_state>> waiting_;
};

door_actor::behavior_type open_door(door::self_pointer self,
                                    std::shared_ptr<std::atomic<int>> guests) {
  return actors::state_of(self).begin(self, std::move(guests));
}

/// The actor that asks, always the same one.
constexpr std::uint64_t guest_id = 5;

/// How CAF marks the number of a request, and its answer.
constexpr std::uint64_t request_mark = std::uint64_t{1} << 60;
constexpr std::uint64_t answer_mark = std::uint64_t{1} << 63;

/// Listens, and says what the test wants.
class raw_server {
public:
  raw_server() {
    port_ = listener_.bind();
    listener_.listen(16);
  }

  std::uint16_t port() const {
    return port_;
  }

  stranger accept() {
    return stranger{test_socket{::accept(listener_.fd(), nullptr, nullptr)}};
  }

private:
  test_socket listener_;
  std::uint16_t port_ = 0;
};

struct reconnect_fixture {
  struct quiet_config : actors::system_config {
    quiet_config() : system_config{true} {
      // However busy the machine is, no connection counts as silent.
      set(actors::setting("middleman.heartbeat-interval"), caf::timespan{0});
    }
  };

  reconnect_fixture() {
    acceptor = system.spawn(open_door, guests);
    auto port = actors::publish(system, acceptor, "127.0.0.1", 0, guard);
    BOOST_REQUIRE(port);
    where = {"127.0.0.1", *port};
  }

  ~reconnect_fixture() {
    actors::unpublish(system, acceptor, where.port);
    caf::anon_send_exit(acceptor, caf::exit_reason::user_shutdown);
  }

  /// The question of that number, to somebody.
  static std::string question(const stranger& to, std::uint64_t number) {
    frame_header header;
    header.code = static_cast<std::uint8_t>(operation::direct_message);
    header.data = request_mark | number;
    header.source_actor = guest_id;
    header.dest_actor = to.acceptor();
    return stranger::frame(
      header, content("@<>+raft::get_state", transport::number(1, 8)));
  }

  /// Waits until so many have asked in all, lets the middleman finish what it
  /// has begun, and answers.
  void answer(int asked) {
    BOOST_REQUIRE(test::eventually([&] { return guests->load() >= asked; }));
    stop_middleman().set_value();
    caf::anon_send(acceptor, wake{});
  }

  /// Stops the middleman's thread in between two events.
  /// @returns what lets it go on.
  std::promise<void> stop_middleman() {
    std::promise<void> go_on;
    std::promise<void> stands;
    system.middleman().backend().post(
      [&stands, until = go_on.get_future().share()] {
        stands.set_value();
        until.wait();
      });
    stands.get_future().wait();
    return go_on;
  }

  /// A guest that has asked once and was answered.
  std::optional<stranger> known_guest() {
    std::optional<stranger> result;
    result.emplace(where);
    BOOST_REQUIRE(result->shake_hands(node_name(77)));
    BOOST_REQUIRE(result->say(question(*result, 1)));
    answer(1);
    BOOST_REQUIRE(result->hears(guest_id, answer_mark | request_mark | 1));
    return result;
  }

  /// Shakes hands with the server that listens there.
  auto dial(std::uint16_t port) {
    test_socket near;
    BOOST_REQUIRE(near.connect_and_wait(port));
    ::fcntl(near.fd(), F_SETFL, O_NONBLOCK);
    return actors::shake_hands(self, system, test::patience, near.release(),
                               port, guard);
  }

  /// Waits for what was dialed.
  template <class Response>
  static door_actor reached(Response response) {
    door_actor result;
    std::move(response).receive(
      [&](const caf::node_id&, const caf::strong_actor_ptr& found,
          const std::set<std::string>&) {
        result = caf::actor_cast<door_actor>(found);
      },
      [](const caf::error& e) { BOOST_ERROR(caf::to_string(e)); });
    BOOST_REQUIRE(result);
    return result;
  }

  quiet_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  std::shared_ptr<actors::port_guard> guard
    = actors::make_port_guard(system, {}, {});
  std::shared_ptr<std::atomic<int>> guests
    = std::make_shared<std::atomic<int>>(0);
  door_actor acceptor;
  address where;
};

} // namespace

BOOST_AUTO_TEST_SUITE(reconnect_suite)

/// The guest has lost its connection, and this side does not know.
BOOST_FIXTURE_TEST_CASE(who_comes_again_is_answered, reconnect_fixture) {
  auto before = known_guest();
  stranger after{where};
  BOOST_REQUIRE(after.meet());
  BOOST_REQUIRE(
    after.say(after.introduction(node_name(77)) + question(after, 2)));
  answer(2);
  BOOST_TEST(after.hears(guest_id, answer_mark | request_mark | 2));
}

/// As after a while in which this process stood still: the end of the first
/// connection and what comes by the second one are found at once.
BOOST_FIXTURE_TEST_CASE(who_comes_again_at_once_is_answered,
                        reconnect_fixture) {
  auto before = known_guest();
  stranger after{where};
  BOOST_REQUIRE(after.meet());
  auto go_on = stop_middleman();
  before.reset();
  BOOST_REQUIRE(
    after.say(after.introduction(node_name(77)) + question(after, 2)));
  go_on.set_value();
  answer(2);
  BOOST_TEST(after.hears(guest_id, answer_mark | request_mark | 2));
}

/// The same at the other end.
BOOST_FIXTURE_TEST_CASE(who_is_dialed_again_at_once_is_reached,
                        reconnect_fixture) {
  raw_server there;
  auto first = dial(there.port());
  std::optional<stranger> before{there.accept()};
  BOOST_REQUIRE(before->welcome(node_name(77)));
  reached(std::move(first));
  auto second = dial(there.port());
  auto after = there.accept();
  BOOST_REQUIRE(after.meet_guest());
  auto go_on = stop_middleman();
  before.reset();
  BOOST_REQUIRE(after.answer_guest(node_name(77)));
  go_on.set_value();
  auto far = reached(std::move(second));
  static_cast<void>(actors::ask(self, far, test::patience, get_state{{1}}));
  BOOST_TEST(after.hears(introduction_actor));
}

/// A client does not wait for the answer of a server that has hung up.
BOOST_AUTO_TEST_CASE(who_hangs_up_is_not_waited_for) {
  raw_server there;
  std::atomic<int> visits{0};
  std::jthread host{[&](std::stop_token end) {
    for (;;) {
      auto guest = there.accept();
      if (end.stop_requested())
        return;
      if (guest.welcome(node_name(77)) && guest.hears(introduction_actor))
        ++visits;
    }
  }};
  actors::system_config config{true};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const address where{"127.0.0.1", there.port()};
  std::string why;
  test::eventually([&] {
    visits = 0;
    try {
      client::connect_to_peer(self, where, "raft", test::patience);
    } catch (const client::client_error& e) {
      why = e.what();
    }
    // A busy machine may have no time for a handshake.
    return why.find("handshake") == std::string::npos;
  });
  BOOST_TEST(why
             == to_text(where)
                  + ": connected, but before it answered, the connection was "
                    "lost or its peer ended");
  // The first connection might have been one of before.
  BOOST_TEST(visits == 2);
  host.request_stop();
  test_socket{}.connect_and_wait(there.port());
}

BOOST_AUTO_TEST_SUITE_END()
