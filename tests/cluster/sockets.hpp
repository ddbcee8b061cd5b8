// Sockets that behave badly, for tests. Loopback only.

#pragma once

#include <raft/links/address.hpp>

#include <arpa/inet.h>
#include <cstdint>
#include <fcntl.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace raft::cluster {

using links::address;

/// A TCP socket that is closed in the end.
class test_socket {
public:
  test_socket() : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    if (fd_ < 0)
      throw std::runtime_error{"socket"};
  }

  /// Takes a socket over.
  explicit test_socket(int fd) noexcept : fd_{fd} {
    // nop
  }

  test_socket(test_socket&& other) noexcept : fd_{other.fd_} {
    other.fd_ = -1;
  }

  test_socket& operator=(test_socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  ~test_socket() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  /// Binds to a free port of the loopback interface.
  std::uint16_t bind() {
    auto where = loopback(0);
    socklen_t size = sizeof(where);
    auto raw = reinterpret_cast<sockaddr*>(&where);
    if (::bind(fd_, raw, size) != 0 || ::getsockname(fd_, raw, &size) != 0)
      throw std::runtime_error{"bind"};
    return ntohs(where.sin_port);
  }

  void listen(int backlog) {
    if (::listen(fd_, backlog) != 0)
      throw std::runtime_error{"listen"};
  }

  /// Begins to connect, without waiting.
  void connect(std::uint16_t port) {
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
    auto where = loopback(port);
    static_cast<void>(
      ::connect(fd_, reinterpret_cast<sockaddr*>(&where), sizeof(where)));
  }

  /// @returns whether somebody accepted.
  bool connect_and_wait(std::uint16_t port) {
    auto where = loopback(port);
    return ::connect(fd_, reinterpret_cast<sockaddr*>(&where), sizeof(where))
        == 0;
  }

  int fd() const noexcept {
    return fd_;
  }

  int release() noexcept {
    return std::exchange(fd_, -1);
  }

private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return result;
  }

  int fd_;
};

/// An address that answers nothing at all, like a host behind a firewall that
/// drops packets: a listener whose queue is full.
class black_hole {
public:
  black_hole() {
    port_ = listener_.bind();
    listener_.listen(0);
    for (int i = 0; i < 4; ++i) {
      guests_.emplace_back();
      guests_.back().connect(port_);
    }
  }

  address where() const {
    return {"127.0.0.1", port_};
  }

private:
  test_socket listener_;
  std::vector<test_socket> guests_;
  std::uint16_t port_ = 0;
};

/// An address that accepts connections and never says a word.
class mute_server {
public:
  mute_server() {
    port_ = listener_.bind();
    listener_.listen(16);
  }

  address where() const {
    return {"127.0.0.1", port_};
  }

private:
  test_socket listener_;
  std::uint16_t port_ = 0;
};

/// A port where nobody listens, now.
inline std::uint16_t free_port() {
  return test_socket{}.bind();
}

} // namespace raft::cluster
