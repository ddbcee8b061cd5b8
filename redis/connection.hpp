// One Redis client's connection, without the socket. Pure.

#pragma once

#include <raft/redis/batcher.hpp>
#include <raft/redis/commands.hpp>
#include <raft/redis/limits.hpp>
#include <raft/redis/outbox.hpp>
#include <raft/redis/resp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace raft::redis {

/// Bytes in, batches of commands out; their results in, bytes out.
///
/// Replies come in the order of requests, and commands take effect in the order
/// of requests, as Redis promises: at most one batch is under way. What arrives
/// meanwhile becomes the next batch. So a client that pipelines pays for one
/// round of the cluster per batch, not per command.
class connection {
public:
  using time_point = std::chrono::steady_clock::time_point;

  connection(std::uint64_t id, const connection_limits& limits,
             cursor_table& cursors, const server_facts& server);

  /// Takes bytes from the client.
  void receive(std::string_view data, time_point now);

  /// The next batch, to be executed; empty if there is nothing to do or a batch
  /// is under way. Call it after `receive` and
  /// `finish`.
  batch next_batch(time_point now);

  /// Takes the result of the batch that is under way; without one, does
  /// nothing.
  void finish(const batch_result& result, time_point now);

  /// Whether a request waits for `tell_state`.
  bool wants_state() const noexcept {
    return !info_waiting_.empty();
  }

  /// Takes what the peer says about itself; null if it does not answer.
  void tell_state(const peer_state* state, time_point now);

  /// Replies for the client; take them out.
  outbox& output() noexcept {
    return output_;
  }

  /// Whether to go on reading from the socket.
  bool wants_input() const noexcept;

  /// How many bytes of requests are held that are not answered: unfinished
  /// ones, those that wait, and those under way.
  std::size_t held_bytes() const noexcept {
    return parser_.memory() + unsent_bytes_ + sent_bytes_
         + requests_.size() * request_overhead;
  }

  /// Whether an unfinished request is most of that: what is missing can only
  /// come from the client.
  bool waits_for_client() const noexcept {
    return parser_.memory() > unsent_bytes_ + sent_bytes_;
  }

  /// Tells whether the client has left so much unread that nothing large should
  /// be asked for on its behalf. Call `next_batch` afterwards.
  void set_behind(bool x, time_point now);

  /// Answers what was not yet sent with an error and ignores further input.
  void stop();

  /// Waits no longer for what is under way: its outcome is unknown.
  /// @pre `stop` was called.
  void give_up(time_point now);

  /// Whether no reply is to come any more and the client is to be sent away.
  bool finished() const noexcept {
    return closing_ && requests_.empty();
  }

  /// Whether the client was sent away for speaking HTTP.
  bool spoke_http() const noexcept {
    return spoke_http_;
  }

  /// How many requests were read since the last call.
  std::uint64_t take_request_count() noexcept {
    return std::exchange(request_count_, 0);
  }

private:
  /// What a request takes beside its command, in bytes, roughly.
  static constexpr std::size_t request_overhead = 256;

  /// A request without a reply, or with one that has to wait for its turn.
  struct request {
    std::optional<std::string> reply;
    /// In the place of `reply`, if that is large.
    std::unique_ptr<outbox> large;
    action what;
    time_point arrived;
  };

  void go_on(time_point now);
  bool parse_one(time_point now);
  void add_request(const arguments& args, time_point now);
  void expire(time_point now);
  bool add_to(batch& x, const machine_call& next);
  void set_reply(request& x, std::string text);
  void set_large_reply(request& x, std::unique_ptr<outbox> reply);
  void answer_batch(const std::vector<std::uint64_t>& numbers,
                    const std::vector<std::string_view>& replies,
                    const bytes& source);
  void write_ready_replies();
  bool has_room() const noexcept;

  request& at(std::uint64_t number) {
    return requests_[number - first_];
  }

  std::uint64_t end() const noexcept {
    return first_ + requests_.size();
  }

  connection_limits limits_;
  cursor_table* cursors_;
  const server_facts* server_;
  client_facts client_;
  request_parser parser_;
  // Requests are numbered; the first one here has number `first_`. Those below
  // `unsent_` are answered or under way.
  std::deque<request> requests_;
  std::uint64_t first_ = 0;
  std::uint64_t unsent_ = 0;
  std::size_t unsent_bytes_ = 0;
  std::size_t sent_bytes_ = 0;
  std::size_t reply_bytes_ = 0;
  std::vector<std::uint64_t> under_way_;
  lane way_ = lane::writes; // of the batch under way
  bool mixed_ = false; // whether that also reads
  /// How many commands the next batch may have: few if most of the last ones
  /// had to be sent again, because the replies to the first were so large.
  std::size_t batch_max_;
  /// Whether reads and writes go apart, because replies of both together were
  /// large.
  bool apart_ = false;
  bool behind_ = false;
  std::vector<std::uint64_t> info_waiting_;
  outbox output_;
  std::uint64_t request_count_ = 0;
  bool closing_ = false;
  bool spoke_http_ = false;
};

} // namespace raft::redis
