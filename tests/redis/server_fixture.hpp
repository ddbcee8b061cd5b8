// A server in front of a state machine without a cluster, and a raw client.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/redis/server.hpp>
#include <raft/tests/cluster/server.hpp>

#include <boost/test/unit_test.hpp>
#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace raft::redis {

/// What the fake client handle does with commands.
enum class fake_mode { execute, hold, unknown, busy };

struct fake_control {
  std::atomic<fake_mode> mode{fake_mode::execute};
  std::atomic<int> held{0};
};

/// Executes commands on a state machine of its own. In mode `hold` it answers
/// them all when the first command in another mode arrives.
inline actors::client_actor::behavior_type
fake_client(actors::client_actor::pointer self,
            std::shared_ptr<fake_control> control) {
  struct held_command {
    caf::typed_response_promise<executed> promise;
    bytes command;
  };
  auto machine = std::make_shared<kv::kv_machine>();
  auto held = std::make_shared<std::vector<held_command>>();
  auto run = [machine](const bytes& command) {
    executed result;
    result.result = outcome::committed;
    result.reply = machine->apply({}, command);
    return result;
  };
  return {
    [=](const submit& x) {
      auto promise = self->make_response_promise<executed>();
      executed result;
      switch (control->mode) {
        case fake_mode::hold:
          held->push_back({promise, x.command});
          ++control->held;
          return promise;
        case fake_mode::execute:
          for (auto& y : std::exchange(*held, {}))
            y.promise.deliver(run(y.command));
          result = run(x.command);
          break;
        case fake_mode::unknown:
          result.result = outcome::unknown;
          break;
        case fake_mode::busy:
          result.result = outcome::rejected;
          result.reason = reject_reason::busy;
          break;
      }
      promise.deliver(result);
      return promise;
    },
    [=](const query& x) {
      return queried{{}, machine->query(x.request)};
    },
    [=](const stop& x) {
      self->quit();
      return stopped{x.group};
    },
  };
}

/// A TCP client. All waits are bounded.
class raw_client {
public:
  explicit raw_client(std::uint16_t port)
    : fd_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(address);
  }

  /// Connects to IPv6's loopback address.
  static std::unique_ptr<raw_client> over_ipv6(std::uint16_t port) {
    std::unique_ptr<raw_client> result{new raw_client};
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_addr = in6addr_loopback;
    result->connect(address);
    return result;
  }

  ~raw_client() {
    close();
  }

  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  bool connected() const {
    return connected_;
  }

  void close() {
    if (fd_ >= 0)
      ::close(std::exchange(fd_, -1));
  }

  void send(std::string_view data) {
    BOOST_REQUIRE(send_some(data, patience_ms) == data.size());
  }

  /// Sends until the other side takes nothing for so long.
  /// @returns how many bytes were taken.
  std::size_t send_some(std::string_view data, int within_ms) {
    std::size_t sent = 0;
    while (sent < data.size() && wait(POLLOUT, within_ms)) {
      auto n = ::send(fd_, data.data() + sent, data.size() - sent,
                      MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EAGAIN)
        break;
      sent += n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    return sent;
  }

  /// Receives so many bytes, fewer if the connection ends.
  std::string receive(std::size_t size) {
    std::string result;
    char buffer[65536];
    while (result.size() < size && wait(POLLIN, patience_ms)) {
      auto wanted = std::min(sizeof(buffer), size - result.size());
      auto n = ::recv(fd_, buffer, wanted, 0);
      if (n <= 0)
        break;
      result.append(buffer, static_cast<std::size_t>(n));
    }
    return result;
  }

  /// Receives all until the other side closes.
  std::string receive_all() {
    auto result = receive(SIZE_MAX);
    char byte = 0;
    closed_ = ::recv(fd_, &byte, 1, MSG_DONTWAIT) == 0 || errno != EAGAIN;
    return result;
  }

  /// Whether `receive_all` ended because the other side closed.
  bool closed() const {
    return closed_;
  }

  std::string ask(std::string_view data, std::size_t size) {
    send(data);
    return receive(size);
  }

private:
  raw_client() : fd_{::socket(AF_INET6, SOCK_STREAM, 0)} {
    // nop
  }

  template <class Address>
  void connect(const Address& where) {
    connected_
      = ::connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof(where))
     == 0;
  }

  static constexpr int patience_ms
    = test::patience / std::chrono::milliseconds{1};

  bool wait(short events, int within_ms) {
    pollfd x{fd_, events, 0};
    return ::poll(&x, 1, within_ms) == 1;
  }

  int fd_;
  bool connected_ = false;
  bool closed_ = false;
};

struct server_fixture {
  actors::system_config config{true};
  caf::actor_system system{config};
  std::shared_ptr<fake_control> control = std::make_shared<fake_control>();
  actors::client_actor client = system.spawn(fake_client, control);
  server_options options;
  test::event_log log;
  std::unique_ptr<server> uut;
  test::failure_watch failed;

  server_fixture() {
    options.on_event = log.sink();
    options.where = {"127.0.0.1", 0};
    options.client = client;
  }

  ~server_fixture() {
    if (failed.so_far())
      test::show_end("the server", log.text());
    uut.reset();
    actors::send_anonymously(client, stop{});
  }

  std::uint16_t open() {
    uut = std::make_unique<server>(system, options);
    return uut->port();
  }

  /// Waits until something has become true.
  template <class Condition>
  void eventually(Condition condition) {
    BOOST_REQUIRE(test::eventually(condition));
  }
};

} // namespace raft::redis
