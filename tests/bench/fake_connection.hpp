// A server that keeps its data in the connection to it, for tests of loads.

#pragma once

#include <raft/bench/connection.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>

namespace raft::bench {

/// What all connections to it share.
struct fake_server {
  std::map<std::string, std::string, std::less<>> data;

  /// As many sets are acknowledged without an effect.
  std::size_t to_forget = 0;

  bool refuses = false;
  bool is_silent = false;

  /// The most commands that one connection had without an answer.
  std::size_t most_at_once = 0;

  std::size_t sets = 0;
  std::size_t gets = 0;
};

class fake_connection : public connection {
public:
  explicit fake_connection(fake_server& server)
    : server_{server}, fd_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
    // nop
  }

  fake_connection(const fake_connection&) = delete;
  fake_connection& operator=(const fake_connection&) = delete;

  ~fake_connection() override {
    ::close(fd_);
  }

  int fd() const override {
    return fd_;
  }

  bool is_blocked() const override {
    return false;
  }

  void set(std::size_t tag, std::string_view key,
           std::string_view value) override {
    ++server_.sets;
    if (server_.to_forget > 0)
      --server_.to_forget;
    else
      server_.data[std::string{key}] = value;
    add({tag, std::nullopt});
  }

  void get(std::size_t tag, std::string_view key) override {
    ++server_.gets;
    auto found = server_.data.find(key);
    add({tag, found == server_.data.end() ? std::nullopt
                                          : std::optional{found->second}});
  }

  void write() override {
    std::uint64_t count = 1;
    if (!answers_.empty() && !server_.is_silent
        && ::write(fd_, &count, sizeof(count)) < 0)
      throw std::runtime_error{"eventfd"};
  }

  void read(const on_answer& f) override {
    std::uint64_t count = 0;
    if (::read(fd_, &count, sizeof(count)) < 0)
      return;
    if (server_.refuses)
      throw std::runtime_error{"a SET was refused: BUSY"};
    for (auto left = answers_.size(); left > 0; --left) {
      auto [tag, value] = answers_.front();
      answers_.pop_front();
      f(tag, value);
    }
  }

private:
  struct answer {
    std::size_t tag;
    std::optional<std::string> value;
  };

  void add(answer x) {
    answers_.push_back(std::move(x));
    server_.most_at_once = std::max(server_.most_at_once, answers_.size());
  }

  fake_server& server_;
  int fd_;
  std::deque<answer> answers_;
};

} // namespace raft::bench
