#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/links/dial.hpp>

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace raft::links {

namespace {

using std::chrono::steady_clock;

struct free_addresses {
  void operator()(addrinfo* x) const noexcept {
    ::freeaddrinfo(x);
  }
};

using address_list = std::unique_ptr<addrinfo, free_addresses>;

/// Connections under way, one per address that a name stands for.
class attempts {
public:
  attempts() = default;
  attempts(const attempts&) = delete;
  attempts& operator=(const attempts&) = delete;

  ~attempts() {
    for (auto& x : sockets_)
      ::close(x.fd);
  }

  /// Begins to connect.
  void begin(const addrinfo& to) {
    auto fd
      = ::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      error_ = errno;
      return;
    }
    if (::connect(fd, to.ai_addr, to.ai_addrlen) != 0 && errno != EINPROGRESS) {
      error_ = errno;
      ::close(fd);
      return;
    }
    sockets_.push_back({fd, POLLOUT, 0});
  }

  /// Waits until one has succeeded or all have failed.
  /// @returns the socket that succeeded, or -1.
  int wait(steady_clock::time_point until) {
    while (!sockets_.empty()) {
      auto left = std::chrono::ceil<std::chrono::milliseconds>(
        until - steady_clock::now());
      if (left.count() <= 0) {
        error_ = ETIMEDOUT;
        return -1;
      }
      ::poll(sockets_.data(), sockets_.size(), static_cast<int>(left.count()));
      if (auto found = check(); found >= 0)
        return found;
    }
    return -1;
  }

  /// Why the last one failed.
  int error() const noexcept {
    return error_;
  }

private:
  int check() {
    for (std::size_t i = sockets_.size(); i-- > 0;) {
      if (sockets_[i].revents == 0)
        continue;
      int code = 0;
      socklen_t size = sizeof(code);
      ::getsockopt(sockets_[i].fd, SOL_SOCKET, SO_ERROR, &code, &size);
      if (code == 0 && !is_own_end(sockets_[i].fd))
        return take(i);
      error_ = code == 0 ? ECONNREFUSED : code;
      ::close(take(i));
    }
    return -1;
  }

  int take(std::size_t i) {
    auto result = sockets_[i].fd;
    sockets_.erase(sockets_.begin() + static_cast<std::ptrdiff_t>(i));
    return result;
  }

  /// Where nobody listens, TCP may connect a socket to itself, if the port is
  /// the one that it got for its own end.
  static bool is_own_end(int fd) {
    sockaddr_storage near{};
    sockaddr_storage far{};
    socklen_t near_size = sizeof(near);
    socklen_t far_size = sizeof(far);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&near), &near_size);
    ::getpeername(fd, reinterpret_cast<sockaddr*>(&far), &far_size);
    return near_size == far_size && std::memcmp(&near, &far, near_size) == 0;
  }

  std::vector<pollfd> sockets_;
  int error_ = 0;
};

/// Connects one address.
class dialer {
public:
  static inline const char* name = "raft.dial";

  using self_pointer = dial_actor::stateful_pointer<dialer>;
  using answer
    = caf::typed_response_promise<caf::node_id, caf::strong_actor_ptr,
                                  std::string>;

  dial_actor::behavior_type begin(self_pointer self,
                                  std::shared_ptr<actors::port_guard> guard) {
    self_ = self;
    guard_ = guard ? std::move(guard)
                   : actors::make_port_guard(self->system(), {}, {});
    return {[this](const std::string& host, std::uint16_t port,
                   std::uint64_t deadline_ms) {
      promise_
        = self_->make_response_promise<caf::node_id, caf::strong_actor_ptr,
                                       std::string>();
      where_ = {host, port};
      tcp_deadline_ = std::chrono::milliseconds{deadline_ms};
      dial();
      return promise_;
    }};
  }

private:
  void dial() {
    auto found = connect(where_, tcp_deadline_);
    if (found.socket < 0)
      return end({}, nullptr, found.complaint);
    if (!handshake_until_)
      handshake_until_ = steady_clock::now() + handshake_deadline;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(
      *handshake_until_ - steady_clock::now());
    actors::shake_hands(self_, self_->system(),
                        std::max(left, std::chrono::milliseconds{1}),
                        found.socket, where_.port, guard_)
      .then(
        [this](const caf::node_id& node, caf::strong_actor_ptr& acceptor,
               const std::set<std::string>&) {
          end(node, std::move(acceptor), {});
        },
        [this](const caf::error& reason) { no_handshake(reason); });
  }

  void no_handshake(const caf::error& reason) {
    // CAF checks all connections for silence twice a second, and takes one that
    // is in the middle of its handshake for silent.
    if (reason == caf::sec::connection_timeout
        && steady_clock::now() < *handshake_until_)
      return dial();
    end({}, nullptr,
        fmt::format("connected, but the handshake failed ({})",
                    actors::to_text(self_->system(), reason)));
  }

  void end(const caf::node_id& node, caf::strong_actor_ptr acceptor,
           std::string complaint) {
    promise_.deliver(node, std::move(acceptor), std::move(complaint));
    self_->quit();
  }

  self_pointer self_ = nullptr;
  std::shared_ptr<actors::port_guard> guard_;
  address where_;
  std::chrono::milliseconds tcp_deadline_{0};
  std::optional<steady_clock::time_point> handshake_until_;
  answer promise_;
};

dial_actor::behavior_type
run_dialer(dialer::self_pointer self,
           std::shared_ptr<actors::port_guard> guard) {
  return actors::state_of(self).begin(self, std::move(guard));
}

} // namespace

connection connect(const address& where, std::chrono::milliseconds deadline) {
  auto until = steady_clock::now() + deadline;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  auto code = ::getaddrinfo(where.host.c_str(),
                            std::to_string(where.port).c_str(), &hints, &raw);
  address_list all{raw};
  if (code != 0)
    return {-1, fmt::format("cannot resolve \"{}\": {}", where.host,
                            ::gai_strerror(code))};
  attempts under_way;
  for (auto x = all.get(); x != nullptr; x = x->ai_next)
    under_way.begin(*x);
  if (auto found = under_way.wait(until); found >= 0)
    return {found, {}};
  return {-1, std::generic_category().message(under_way.error())};
}

dial_actor spawn_dial(caf::actor_system& system,
                      std::shared_ptr<actors::port_guard> guard) {
  return system.spawn<caf::detached>(run_dialer, std::move(guard));
}

} // namespace raft::links
