// The Redis protocol, through hiredis.

#pragma once

#include <raft/bench/connection.hpp>
#include <raft/bench/redis_handles.hpp>

#include <cstdint>
#include <deque>

namespace raft::bench {

class redis_connection final : public connection {
public:
  /// Connects to a port of this machine.
  /// @throws std::runtime_error if that fails or takes five seconds.
  explicit redis_connection(std::uint16_t port);

  int fd() const override {
    return context_->fd;
  }

  bool is_blocked() const override {
    return !written_;
  }

  void set(std::size_t tag, std::string_view key,
           std::string_view value) override;

  void get(std::size_t tag, std::string_view key) override;

  void write() override;

  void read(const on_answer& f) override;

private:
  /// A command without an answer. Answers come in the order of the commands.
  struct call {
    std::size_t tag;
    bool reads;
  };

  redis_reply next_reply();

  void take(const redisReply& x, const on_answer& f);

  void check(bool well) const;

  redis_context context_;
  std::deque<call> unanswered_;
  bool written_ = true;
};

} // namespace raft::bench
