#include <raft/bench/keyspace.hpp>
#include <raft/bench/open_loop.hpp>
#include <raft/bench/redis_connection.hpp>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <poll.h>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>

namespace raft::bench {

namespace {

using clock = std::chrono::steady_clock;

class open_load {
public:
  explicit open_load(const open_loop_options& options)
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
    auto f = [this](std::size_t number, auto) { answer(number); };
    while (answered_ < result_.size()) {
      for (; sent_ < result_.size() && due(sent_) <= clock::now(); ++sent_)
        send(sent_);
      auto ready = wait();
      if (sent_ == result_.size())
        give_up_on_silence();
      for (std::size_t i = 0; i < ready.size(); ++i)
        if (ready[i].revents != 0) {
          connections_[i].write();
          connections_[i].read(f);
        }
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
    auto key = static_cast<std::uint32_t>(random_() % options_.keys);
    auto& connection = connections_[number % connections_.size()];
    connection.set(number, key_name(key), value_);
    connection.write();
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
      result.push_back(
        {x.fd(), static_cast<short>(x.is_blocked() ? POLLIN | POLLOUT : POLLIN),
         0});
    timespec timeout{0, static_cast<long>(left.count())};
    if (ppoll(result.data(), result.size(), &timeout, nullptr) < 0
        && errno != EINTR)
      throw std::system_error{errno, std::generic_category(), "ppoll"};
    return result;
  }

  open_loop_options options_;
  std::mt19937_64 random_;
  std::vector<redis_connection> connections_;
  std::string value_;
  std::vector<double> result_;
  clock::time_point began_;
  clock::time_point last_answer_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
};

} // namespace

std::vector<double> run_open_loop(const open_loop_options& options) {
  return open_load{options}.run();
}

double quantile(std::vector<double> of, double share) {
  assert(!of.empty() && share > 0 && share <= 1);
  auto rank = std::ceil(share * static_cast<double>(of.size()));
  auto place = of.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::nth_element(of.begin(), place, of.end());
  return *place;
}

} // namespace raft::bench
