#include <raft/bench/failover.hpp>
#include <raft/bench/keyspace.hpp>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <system_error>

namespace raft::bench {

namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

class failover {
public:
  failover(const failover_options& options, const protocol& with)
    : options_{options},
      with_{with},
      value_(options.value_bytes, 'x'),
      clients_(options.ports.size()) {
    for (std::size_t i = 0; i < clients_.size(); ++i)
      clients_[i].port = options.ports[i];
  }

  std::chrono::duration<double, std::milli> run() {
    serve_until([this] { return is_served({}); }, "before the kill");
    auto warm = clock::now() + options_.before;
    serve_until([&] { return clock::now() >= warm; }, "before the kill");
    auto killed = clock::now();
    options_.kill();
    serve_until([&] { return is_served(killed); }, "after the kill");
    if (options_.watch == 0ms)
      return std::ranges::max_element(clients_, {}, &client::served)->served
           - killed;
    auto end = killed + options_.watch;
    serve_until([&] { return clock::now() >= end; }, "after the kill");
    for (auto& x : clients_)
      note_wait(x, clock::now());
    return std::ranges::max_element(clients_, {}, &client::waited)->waited;
  }

private:
  struct client {
    std::uint16_t port = 0;
    connection_ptr connection; // none after an error
    clock::time_point due;
    std::vector<clock::time_point> sent;
    /// When the first command was answered that was sent after `since_`.
    clock::time_point served{};
    clock::time_point answered;
    /// The longest time between two answers since `since_`.
    clock::duration waited{0};
    std::string trouble = "no answer has come";
  };

  bool is_served(clock::time_point since) {
    if (since > since_) {
      since_ = since;
      for (auto& x : clients_) {
        x.served = {};
        x.answered = since;
        x.waited = {};
      }
    }
    return std::ranges::all_of(
      clients_, [](const auto& x) { return x.served != clock::time_point{}; });
  }

  template <class F>
  void serve_until(F done, const char* when) {
    auto end = clock::now() + options_.patience;
    while (!done()) {
      if (clock::now() >= end)
        give_up(when);
      for (auto& x : clients_)
        attempt(x, [&] { send(x); });
      wait();
      for (auto& x : clients_)
        attempt(x, [&] { receive(x); });
    }
  }

  template <class F>
  static void attempt(client& x, F f) {
    try {
      f();
    } catch (const std::runtime_error& e) {
      x.connection.reset();
      x.trouble = e.what();
    }
  }

  void send(client& x) {
    auto now = clock::now();
    if (now < x.due)
      return;
    x.due = now
          + std::chrono::duration_cast<clock::duration>(
              std::chrono::duration<double>{1 / options_.per_second});
    if (!x.connection)
      x.connection = with_.connect(x.port);
    x.connection->set(x.sent.size(), key_name(x.port), value_);
    x.sent.push_back(now);
    x.connection->write();
  }

  void receive(client& x) {
    if (!x.connection)
      return;
    x.connection->write();
    x.connection->read([&](std::size_t tag, auto) {
      note_wait(x, clock::now());
      if (x.served == clock::time_point{} && x.sent.at(tag) >= since_)
        x.served = clock::now();
    });
  }

  static void note_wait(client& x, clock::time_point now) {
    x.waited = std::max(x.waited, now - x.answered);
    x.answered = now;
  }

  void wait() {
    std::vector<pollfd> all;
    for (const auto& x : clients_)
      if (x.connection)
        all.push_back({x.connection->fd(), POLLIN, 0});
    if (::poll(all.data(), all.size(), 1) < 0 && errno != EINTR)
      throw std::system_error{errno, std::generic_category(), "poll"};
  }

  [[noreturn]] void give_up(const char* when) const {
    std::string text = "not all clients are served ";
    text += when;
    for (const auto& x : clients_)
      if (x.served == clock::time_point{})
        text += "; at port " + std::to_string(x.port) + ": " + x.trouble;
    throw std::runtime_error{text};
  }

  const failover_options& options_;
  const protocol& with_;
  std::string value_;
  std::vector<client> clients_;
  clock::time_point since_{};
};

} // namespace

std::chrono::duration<double, std::milli>
run_failover(const failover_options& options, const protocol& with) {
  return failover{options, with}.run();
}

} // namespace raft::bench
