#include <raft/bench/open_loop.hpp>
#include <raft/bench/redis_handles.hpp>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <deque>
#include <fcntl.h>
#include <poll.h>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>

namespace raft::bench {

namespace {

using clock = std::chrono::steady_clock;

/// Sends what it can and never waits.
class connection {
public:
  explicit connection(std::uint16_t port)
    : context_{redisConnectWithTimeout("127.0.0.1", port, {5, 0})} {
    check(context_ && context_->err == 0);
    context_->flags &= ~REDIS_BLOCK;
    check(fcntl(context_->fd, F_SETFL, O_NONBLOCK) == 0);
  }

  /// @param number Of the command, in the order in which they are due.
  void set(const std::string& key, const std::string& value,
           std::size_t number) {
    check(redisAppendCommand(context_.get(), "SET %b %b", key.data(),
                             key.size(), value.data(), value.size())
          == REDIS_OK);
    unanswered_.push_back(number);
    write();
  }

  pollfd interest() const {
    return {context_->fd,
            static_cast<short>(written_ ? POLLIN : POLLIN | POLLOUT), 0};
  }

  /// Writes and reads what can be.
  /// @param on_answer Called with the number of each command that is answered.
  template <class F>
  void run(F on_answer) {
    if (!written_)
      write();
    check(redisBufferRead(context_.get()) == REDIS_OK);
    while (auto reply = next_reply()) {
      if (reply->type == REDIS_REPLY_ERROR)
        throw std::runtime_error{"a SET was refused: "
                                 + std::string{reply->str, reply->len}};
      check(!unanswered_.empty());
      on_answer(unanswered_.front());
      unanswered_.pop_front();
    }
  }

private:
  void write() {
    auto done = 0;
    check(redisBufferWrite(context_.get(), &done) == REDIS_OK);
    written_ = done != 0;
  }

  redis_reply next_reply() {
    void* result = nullptr;
    check(redisGetReplyFromReader(context_.get(), &result) == REDIS_OK);
    return redis_reply{static_cast<redisReply*>(result)};
  }

  void check(bool well) const {
    if (!well)
      throw std::runtime_error{
        std::string{"the connection to the Redis port: "}
        + (context_ && context_->err != 0 ? context_->errstr : "failed")};
  }

  redis_context context_;
  std::deque<std::size_t> unanswered_;
  bool written_ = true;
};

class load {
public:
  explicit load(const open_loop_options& options)
    : options_{options},
      random_{options.seed},
      value_(options.value_bytes, 'x'),
      result_(static_cast<std::size_t>(
        options.per_second * static_cast<double>(options.length.count()))) {
    for (std::size_t i = 0; i < options.connections; ++i)
      connections_.emplace_back(options.port);
    began_ = clock::now();
  }

  std::vector<double> run() {
    auto on_answer = [this](std::size_t number) { answer(number); };
    while (answered_ < result_.size()) {
      for (; sent_ < result_.size() && due(sent_) <= clock::now(); ++sent_)
        send(sent_);
      auto ready = wait();
      if (sent_ == result_.size())
        give_up_on_silence();
      for (std::size_t i = 0; i < ready.size(); ++i)
        if (ready[i].revents != 0)
          connections_[i].run(on_answer);
    }
    return std::move(result_);
  }

private:
  void give_up_on_silence() const {
    auto last = std::max(last_answer_, due(result_.size()));
    if (clock::now() - last <= options_.patience)
      return;
    throw std::runtime_error{
      "no answer came for " + std::to_string(options_.patience.count())
      + " seconds, and " + std::to_string(result_.size() - answered_)
      + " commands have none"};
  }

  clock::time_point due(std::size_t number) const {
    std::chrono::duration<double> after{static_cast<double>(number)
                                        / options_.per_second};
    return began_ + std::chrono::duration_cast<clock::duration>(after);
  }

  void send(std::size_t number) {
    auto text = std::to_string(number);
    std::copy_n(text.begin(), std::min(text.size(), value_.size()),
                value_.begin());
    // As redis-benchmark names its keys.
    auto digits = std::to_string(random_() % options_.keys);
    connections_[number % connections_.size()].set(
      "key:" + std::string(12 - digits.size(), '0') + digits, value_, number);
  }

  void answer(std::size_t number) {
    result_[number]
      = std::chrono::duration<double, std::milli>(clock::now() - due(number))
          .count();
    ++answered_;
    last_answer_ = clock::now();
  }

  /// Until something can be read or written, or the next command is due.
  /// @returns which of the connections are ready.
  std::vector<pollfd> wait() {
    using namespace std::chrono_literals;
    std::chrono::nanoseconds left = 500ms;
    if (sent_ < result_.size())
      left = std::clamp<std::chrono::nanoseconds>(due(sent_) - clock::now(),
                                                  0ns, left);
    std::vector<pollfd> result;
    for (const auto& x : connections_)
      result.push_back(x.interest());
    timespec timeout{0, static_cast<long>(left.count())};
    if (ppoll(result.data(), result.size(), &timeout, nullptr) < 0
        && errno != EINTR)
      throw std::system_error{errno, std::generic_category(), "ppoll"};
    return result;
  }

  open_loop_options options_;
  std::mt19937_64 random_;
  std::vector<connection> connections_;
  std::string value_;
  std::vector<double> result_;
  clock::time_point began_;
  clock::time_point last_answer_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
};

} // namespace

std::vector<double> run_open_loop(const open_loop_options& options) {
  return load{options}.run();
}

double quantile(std::vector<double> of, double share) {
  assert(!of.empty() && share > 0 && share <= 1);
  auto rank = std::ceil(share * static_cast<double>(of.size()));
  auto place = of.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::nth_element(of.begin(), place, of.end());
  return *place;
}

} // namespace raft::bench
