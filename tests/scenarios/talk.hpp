// What two ends of a TCP connection say to each other in tests.

#pragma once

#include <raft/tests/cluster/sockets.hpp>
#include <raft/tests/support/patience.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace raft::scenarios::test {

using cluster::test_socket;

inline constexpr int patience_ms
  = raft::test::patience / std::chrono::milliseconds{1};

/// Long enough for whatever passes to arrive.
inline constexpr int moment_ms = 100;

inline bool readable(int fd, int within_ms) {
  pollfd x{fd, POLLIN, 0};
  return ::poll(&x, 1, within_ms) == 1;
}

inline void say(const test_socket& at, const std::string& text) {
  BOOST_REQUIRE(::send(at.fd(), text.data(), text.size(), MSG_NOSIGNAL)
                == static_cast<ssize_t>(text.size()));
}

/// Reads so many bytes.
/// @returns less if the connection ends before.
inline std::string hear(const test_socket& at, std::size_t size) {
  std::string result;
  while (result.size() < size) {
    char buffer[4096];
    BOOST_REQUIRE(readable(at.fd(), patience_ms));
    auto count = ::recv(at.fd(), buffer,
                        std::min(sizeof(buffer), size - result.size()), 0);
    if (count <= 0)
      break;
    result.append(buffer, static_cast<std::size_t>(count));
  }
  return result;
}

inline bool hears_nothing(const test_socket& at) {
  return !readable(at.fd(), moment_ms);
}

/// Both ends of a connection, first the one that connected.
struct ends {
  test_socket near;
  test_socket far;
};

/// Connects to an address that leads to a listener.
inline ends connect_through(const links::address& where,
                            const test_socket& listener) {
  ends result;
  BOOST_REQUIRE(result.near.connect_and_wait(where.port));
  BOOST_REQUIRE(readable(listener.fd(), patience_ms));
  auto fd = ::accept(listener.fd(), nullptr, nullptr);
  BOOST_REQUIRE(fd >= 0);
  result.far = test_socket{fd};
  return result;
}

} // namespace raft::scenarios::test
