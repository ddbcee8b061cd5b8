// Connections whose bytes go to a broker's state without messages.

#include "support.hpp"
#include <raft/actors/caf/broker.hpp>
#include <raft/actors/caf/port.hpp>
#include <raft/messages/timer.hpp>
#include <raft/tests/cluster/sockets.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/io/all.hpp>

#include <array>
#include <future>

using namespace raft;
using namespace raft::actors;
using namespace raft::test;

namespace {

using echo_broker = broker<caf::io::broker>;
using shared_count = std::shared_ptr<std::atomic<int>>;

/// Says what it hears.
struct echo : stream_sink {
  echo(echo_broker* self, shared_count written)
    : self_{self}, written_{std::move(written)} {
    // nop
  }

  void receive(caf::io::connection_handle from,
               std::string_view data) override {
    if (data == "poison")
      throw std::runtime_error{"this is poison"};
    self_->write(from, data.size(), data.data());
    self_->flush(from);
  }

  void transferred(caf::io::connection_handle, std::uint64_t) override {
    ++*written_;
  }

private:
  echo_broker* self_;
  shared_count written_;
};

caf::behavior serve(echo_broker* self, const caf::io::doorman_ptr& door,
                    const shared_count& messages, const shared_count& written) {
  self->add_doorman(door);
  auto sink = std::make_shared<echo>(self, written);
  return {
    [=](const caf::io::new_connection_msg& x) {
      self->configure_read(x.handle, caf::io::receive_policy::at_most(1024));
      self->ack_writes(x.handle, true);
      if (self->connect_directly(x.handle, sink) != streams_can_be_direct)
        self->quit();
    },
    [=](const caf::io::new_data_msg& x) {
      ++*messages;
      sink->receive(
        x.handle, {reinterpret_cast<const char*>(x.buf.data()), x.buf.size()});
    },
    [=](const caf::io::data_transferred_msg& x) {
      ++*messages;
      sink->transferred(x.handle, x.remaining);
    },
    [](const caf::io::connection_closed_msg&) {},
  };
}

struct with_echo {
  with_echo() {
    auto door = open_patient_acceptor(system, "127.0.0.1", 0, {}, "echo");
    BOOST_REQUIRE(door);
    port = (*door)->port();
    server = system.middleman().spawn_broker(serve, *door, messages, written);
    when_ended(server, [this](const caf::error& why) { end.set_value(why); });
  }

  ~with_echo() {
    caf::anon_send_exit(server, caf::exit_reason::user_shutdown);
  }

  /// What comes back; empty at the end of the connection.
  std::string say(cluster::test_socket& to, std::string_view what) {
    BOOST_REQUIRE(::send(to.fd(), what.data(), what.size(), MSG_NOSIGNAL)
                  == static_cast<ssize_t>(what.size()));
    std::array<char, 64> answer{};
    auto size = ::recv(to.fd(), answer.data(), answer.size(), 0);
    return {answer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

  shared_count messages = std::make_shared<std::atomic<int>>(0);
  shared_count written = std::make_shared<std::atomic<int>>(0);
  std::promise<caf::error> end;
  system_config config{true};
  caf::actor_system system{config};
  std::uint16_t port = 0;
  caf::actor server;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(sinks, with_echo)

BOOST_AUTO_TEST_CASE(bytes_come_and_go_without_a_message) {
  cluster::test_socket client;
  BOOST_REQUIRE(client.connect_and_wait(port));
  for (auto word : {"one", "two", "three"})
    BOOST_TEST(say(client, word) == word);
  // Of the last one it may not know yet.
  BOOST_TEST(*written >= 2);
  BOOST_TEST((*messages == 0) == streams_can_be_direct);
}

// As an exception in a handler does; nothing else in the process suffers.
BOOST_AUTO_TEST_CASE(what_is_thrown_ends_the_broker) {
  cluster::test_socket client;
  BOOST_REQUIRE(client.connect_and_wait(port));
  BOOST_TEST(say(client, "hello") == "hello");
  BOOST_TEST(say(client, "poison") == "");
  auto ended = end.get_future();
  BOOST_REQUIRE(ended.wait_for(deadline) == std::future_status::ready);
  BOOST_TEST((ended.get() == caf::exit_reason::unhandled_exception));
}

BOOST_AUTO_TEST_SUITE_END()
