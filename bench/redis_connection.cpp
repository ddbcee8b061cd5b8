#include <raft/bench/redis_connection.hpp>

#include <array>
#include <fcntl.h>
#include <stdexcept>
#include <string>

namespace raft::bench {

redis_connection::redis_connection(std::uint16_t port)
  : context_{redisConnectWithTimeout("127.0.0.1", port, {5, 0})} {
  check(context_ && context_->err == 0);
  context_->flags &= ~REDIS_BLOCK;
  check(fcntl(context_->fd, F_SETFL, O_NONBLOCK) == 0);
}

void redis_connection::set(std::size_t tag, std::string_view key,
                           std::string_view value) {
  std::array words{"SET", key.data(), value.data()};
  std::array sizes{std::size_t{3}, key.size(), value.size()};
  check(redisAppendCommandArgv(context_.get(), 3, words.data(), sizes.data())
        == REDIS_OK);
  unanswered_.push_back({tag, false});
}

void redis_connection::get(std::size_t tag, std::string_view key) {
  std::array words{"GET", key.data()};
  std::array sizes{std::size_t{3}, key.size()};
  check(redisAppendCommandArgv(context_.get(), 2, words.data(), sizes.data())
        == REDIS_OK);
  unanswered_.push_back({tag, true});
}

void redis_connection::write() {
  auto done = 0;
  check(redisBufferWrite(context_.get(), &done) == REDIS_OK);
  written_ = done != 0;
}

void redis_connection::read(const on_answer& f) {
  check(redisBufferRead(context_.get()) == REDIS_OK);
  while (auto reply = next_reply())
    take(*reply, f);
}

redis_reply redis_connection::next_reply() {
  void* result = nullptr;
  check(redisGetReplyFromReader(context_.get(), &result) == REDIS_OK);
  return redis_reply{static_cast<redisReply*>(result)};
}

void redis_connection::take(const redisReply& x, const on_answer& f) {
  check(!unanswered_.empty());
  auto [tag, reads] = unanswered_.front();
  unanswered_.pop_front();
  std::string name = reads ? "GET" : "SET";
  if (x.type == REDIS_REPLY_ERROR)
    throw std::runtime_error{"a " + name
                             + " was refused: " + std::string{x.str, x.len}};
  if (reads && x.type == REDIS_REPLY_STRING)
    f(tag, std::string_view{x.str, x.len});
  else if (x.type == (reads ? REDIS_REPLY_NIL : REDIS_REPLY_STATUS))
    f(tag, std::nullopt);
  else
    throw std::runtime_error{"a " + name + " has an answer of the wrong type"};
}

void redis_connection::check(bool well) const {
  if (!well)
    throw std::runtime_error{
      std::string{"the connection to the Redis port: "}
      + (context_ && context_->err != 0 ? context_->errstr : "failed")};
}

} // namespace raft::bench
