// Somebody who connects to the peers' port and says what he likes, for tests.

#pragma once

#include <raft/tests/cluster/sockets.hpp>
#include <raft/tests/support/patience.hpp>
#include <raft/tests/transport/samples.hpp>

#include <chrono>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace raft::cluster {

class stranger {
public:
  using milliseconds = std::chrono::milliseconds;

  explicit stranger(const address& where) {
    if (!socket_.connect_and_wait(where.port))
      throw std::runtime_error{"nobody listens"};
  }

  /// Takes over a connection that somebody else made.
  explicit stranger(test_socket socket) : socket_{std::move(socket)} {
    // nop
  }

  /// Says it as far as the other side listens.
  /// @returns whether all went into the socket.
  bool say(std::string_view bytes) const {
    while (!bytes.empty()) {
      auto sent
        = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Says it with the header that it needs.
  bool say(transport::frame_header header, std::string_view payload) const {
    return say(frame(header, std::string{payload}));
  }

  /// Reads exactly so much; less if the other side ends or is silent.
  std::string hear(std::size_t size,
                   milliseconds patience = test::patience) const {
    std::string result(size, '\0');
    std::size_t have = 0;
    while (have < size && wait(patience)) {
      auto got = ::recv(socket_.fd(), result.data() + have, size - have, 0);
      if (got <= 0)
        break;
      have += static_cast<std::size_t>(got);
    }
    result.resize(have);
    return result;
  }

  /// Waits until the other side closes the connection; drops what it says.
  bool is_shown_out(milliseconds patience = test::patience) const {
    auto until = std::chrono::steady_clock::now() + patience;
    char bytes[4096];
    while (std::chrono::steady_clock::now() < until)
      if (wait(milliseconds{100})
          && ::recv(socket_.fd(), bytes, sizeof(bytes), 0) <= 0)
        return true;
    return false;
  }

  /// Shakes hands like a process of that name.
  /// @returns whether the other side goes on.
  bool shake_hands(const std::string& name) {
    return meet() && say(introduction(name));
  }

  /// Reads who is there.
  bool meet() {
    auto head = hear(transport::frame_header_bytes);
    if (head.size() < transport::frame_header_bytes)
      return false;
    auto said = hear(transport::read_frame_header(head).payload_bytes);
    host_ = said.substr(0, transport::node_name_bytes);
    auto rest = std::string_view{said}.substr(host_.size());
    // The list of application ids, with one entry.
    rest.remove_prefix(2 + static_cast<std::size_t>(rest[1]));
    door_ = transport::read_number(rest, 8);
    return true;
  }

  /// Shakes hands like a server of that name, which has published an actor.
  /// @returns whether the other side goes on.
  bool welcome(const std::string& name) {
    return meet_guest() && answer_guest(name);
  }

  /// Reads what a guest says first.
  bool meet_guest() const {
    constexpr auto size
      = transport::frame_header_bytes + transport::node_name_bytes;
    return hear(size).size() == size;
  }

  /// Says who we are.
  bool answer_guest(const std::string& name) {
    name_ = name;
    transport::frame_header header;
    header.code
      = static_cast<std::uint8_t>(transport::operation::server_handshake);
    header.data = transport::introduction_version;
    return say(header, transport::introduction(name));
  }

  /// Reads until one of our actors is sent a message.
  /// @param data Which message; 0 for any.
  /// @returns whether it was.
  bool hears(std::uint64_t actor, std::uint64_t data = 0) const {
    for (;;) {
      auto head = hear(transport::frame_header_bytes);
      if (head.size() < transport::frame_header_bytes)
        return false;
      auto found = transport::read_frame_header(head);
      if (hear(found.payload_bytes).size() < found.payload_bytes)
        return false;
      if (found.what() == transport::operation::direct_message
          && found.dest_actor == actor && (data == 0 || found.data == data))
        return true;
    }
  }

  /// What a process of that name says of itself.
  std::string introduction(const std::string& name) {
    name_ = name;
    transport::frame_header header;
    header.code
      = static_cast<std::uint8_t>(transport::operation::client_handshake);
    auto result = frame(header, name);
    header.flags = transport::select_flag;
    return result + frame(header, name);
  }

  /// A payload with the header that it needs.
  static std::string frame(transport::frame_header header,
                           const std::string& payload) {
    header.payload_bytes = static_cast<std::uint32_t>(payload.size());
    auto head = transport::write_frame_header(header);
    return std::string{head.data(), head.size()} + payload;
  }

  /// The name of the process that it is connected to, and its acceptor.
  /// @pre `meet`
  const std::string& host() const {
    return host_;
  }

  std::uint64_t acceptor() const {
    return door_;
  }

  const std::string& name() const {
    return name_;
  }

  int fd() const {
    return socket_.fd();
  }

private:
  bool wait(milliseconds patience) const {
    pollfd x{socket_.fd(), POLLIN, 0};
    return ::poll(&x, 1, static_cast<int>(patience.count())) > 0;
  }

  test_socket socket_;
  std::string host_;
  std::string name_;
  std::uint64_t door_ = 0;
};

} // namespace raft::cluster
