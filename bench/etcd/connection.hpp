// etcd's own protocol, gRPC, through nghttp2. It costs far less than a general
// gRPC library, and so leaves the machine to etcd.

#pragma once

#include <raft/bench/connection.hpp>

#include <cstdint>
#include <memory>
#include <nghttp2/nghttp2.h>
#include <string>
#include <unordered_map>
#include <vector>

namespace raft::bench::etcd {

/// Requests share it as streams of HTTP/2, as in etcd's own client.
class connection final : public bench::connection {
public:
  /// Connects to a port of this machine.
  /// @throws std::runtime_error if that fails.
  explicit connection(std::uint16_t port);

  int fd() const override {
    return socket_.fd;
  }

  bool is_blocked() const override {
    return !unwritten_.empty();
  }

  void set(std::size_t tag, std::string_view key,
           std::string_view value) override;

  void get(std::size_t tag, std::string_view key) override;

  void write() override;

  void read(const on_answer& f) override;

private:
  struct call {
    std::size_t tag = 0;
    bool reads = false;
    std::string request;
    std::size_t sent = 0; // of the request
    std::string response;
    std::string status; // of gRPC
    std::string message; // why it failed
    std::uint32_t error = 0; // of HTTP/2
  };

  struct tcp_socket {
    tcp_socket();
    tcp_socket(const tcp_socket&) = delete;
    tcp_socket& operator=(const tcp_socket&) = delete;
    ~tcp_socket();

    int fd;
  };

  struct free_session {
    void operator()(nghttp2_session* x) const {
      nghttp2_session_del(x);
    }
  };

  /// What nghttp2 calls, with this object as its last argument.
  struct callbacks;

  void connect(std::uint16_t port);

  void start(const char* path, bool reads, std::size_t tag,
             std::string request);

  /// Hands out the answer of a call that has ended.
  static void finish(const call& x, const on_answer& f);

  tcp_socket socket_;
  std::string authority_;
  std::unordered_map<std::int32_t, call> calls_; // by stream
  std::vector<call> ended_; // not yet handed out
  std::unique_ptr<nghttp2_session, free_session> session_;
  std::string unwritten_;
};

} // namespace raft::bench::etcd
