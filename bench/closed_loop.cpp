#include <raft/bench/closed_loop.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <system_error>
#include <unistd.h>

namespace raft::bench {

namespace {

using steady = std::chrono::steady_clock;

void check_system(bool well, const char* what) {
  if (!well)
    throw std::system_error{errno, std::generic_category(), what};
}

/// Which connections can be used.
class watcher {
public:
  watcher() : fd_{epoll_create1(EPOLL_CLOEXEC)} {
    check_system(fd_ >= 0, "epoll_create1");
  }

  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;

  ~watcher() {
    ::close(fd_);
  }

  void watch(int operation, const connection& x, std::size_t number) {
    epoll_event event{};
    event.events = x.is_blocked() ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u64 = number;
    check_system(epoll_ctl(fd_, operation, x.fd(), &event) == 0, "epoll_ctl");
  }

  /// Waits for a second at most; calls `f` with the number of each that is
  /// ready.
  template <class F>
  void wait(F f) {
    std::array<epoll_event, 256> events;
    auto count = epoll_wait(fd_, events.data(), events.size(), 1000);
    check_system(count >= 0 || errno == EINTR, "epoll_wait");
    std::for_each_n(events.begin(), std::max(count, 0),
                    [&](auto& x) { f(x.data.u64); });
  }

private:
  int fd_;
};

class closed_load {
public:
  closed_load(const std::vector<connection_ptr>& on, keyspace& keys,
              const closed_loop_options& options)
    : on_{on},
      keys_{keys},
      options_{options},
      random_{options.seed},
      lanes_(options.shape.clients * options.shape.pipeline),
      unanswered_(options.shape.clients, 0),
      blocked_(on.size(), false) {
    assert(!on.empty() && lanes_.size() <= keys.size());
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      lanes_[i].next = i * options.stride;
    for (std::size_t i = 0; i < on.size(); ++i)
      watcher_.watch(EPOLL_CTL_ADD, *on[i], i);
  }

  closed_loop_result run() {
    began_ = last_answer_ = steady::now();
    for (std::size_t i = 0; i < unanswered_.size(); ++i)
      send_batch(i);
    for (std::size_t i = 0; i < on_.size(); ++i)
      write(i);
    on_answer f = [this](auto tag, auto found) { answer(tag, found); };
    while (under_way_ > 0) {
      watcher_.wait([&](auto i) { use(i, f); });
      give_up_on_silence();
    }
    result_.seconds = since(began_).count() / 1e3;
    return std::move(result_);
  }

private:
  /// A command at a time, on keys of its own.
  struct lane {
    std::uint32_t key = 0;
    std::uint64_t next = 0; // where each key has its turn
    steady::time_point sent;
  };

  static std::chrono::duration<double, std::milli> since(steady::time_point x) {
    return steady::now() - x;
  }

  connection& connection_of(std::size_t client) {
    return *on_[client % on_.size()];
  }

  void use(std::size_t number, const on_answer& f) {
    on_[number]->read(f);
    write(number);
  }

  void write(std::size_t number) {
    on_[number]->write();
    if (on_[number]->is_blocked() == blocked_[number])
      return;
    blocked_[number] = !blocked_[number];
    watcher_.watch(EPOLL_CTL_MOD, *on_[number], number);
  }

  /// A client's next commands, if there are any.
  void send_batch(std::size_t client) {
    auto now = steady::now();
    if (options_.length && now - began_ >= *options_.length)
      return;
    auto first = client * options_.shape.pipeline;
    for (auto i = first; i < first + options_.shape.pipeline; ++i)
      if (choose_key(lanes_[i], i)) {
        lanes_[i].sent = now;
        send(i);
        ++unanswered_[client];
        ++under_way_;
      }
  }

  bool choose_key(lane& x, std::size_t number) {
    if (options_.length) {
      auto own = (keys_.size() - number - 1) / lanes_.size() + 1;
      x.key
        = static_cast<std::uint32_t>(number + random_() % own * lanes_.size());
      return true;
    }
    if (x.next >= keys_.size())
      return false;
    x.key = static_cast<std::uint32_t>(x.next);
    x.next += lanes_.size() * options_.stride;
    return true;
  }

  void send(std::size_t number) {
    auto& to = connection_of(number / options_.shape.pipeline);
    auto key = lanes_[number].key;
    if (options_.what == operation::set)
      to.set(number, key_name(key), keys_.next_value(key));
    else
      to.get(number, key_name(key));
  }

  void answer(std::size_t number, std::optional<std::string_view> found) {
    const auto& x = lanes_.at(number);
    result_.took.push_back(since(x.sent).count());
    last_answer_ = steady::now();
    if (options_.what == operation::set)
      keys_.acknowledge(x.key);
    else if (!keys_.holds(x.key, found))
      throw std::runtime_error{
        key_name(x.key) + " holds something else than what was acknowledged: "
        + (found ? std::string{found->substr(0, keyspace::min_value_bytes)}
                 : "nothing")};
    --under_way_;
    auto client = number / options_.shape.pipeline;
    if (--unanswered_[client] == 0)
      send_batch(client);
  }

  void give_up_on_silence() const {
    if (steady::now() - last_answer_ > options_.patience)
      throw std::runtime_error{"no answer came for "
                               + std::to_string(options_.patience.count())
                               + " seconds, and " + std::to_string(under_way_)
                               + " commands have none"};
  }

  const std::vector<connection_ptr>& on_;
  keyspace& keys_;
  closed_loop_options options_;
  std::mt19937_64 random_;
  std::vector<lane> lanes_;
  std::vector<std::size_t> unanswered_; // by client
  std::vector<bool> blocked_; // by connection
  watcher watcher_;
  closed_loop_result result_;
  steady::time_point began_;
  steady::time_point last_answer_;
  std::size_t under_way_ = 0;
};

} // namespace

closed_loop_result run_closed_loop(const std::vector<connection_ptr>& on,
                                   keyspace& keys,
                                   const closed_loop_options& options) {
  return closed_load{on, keys, options}.run();
}

} // namespace raft::bench
