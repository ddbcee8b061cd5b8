#include <raft/tests/cluster/relay.hpp>

#include <algorithm>
#include <poll.h>

namespace raft::cluster {

relay::relay(std::uint16_t target, std::uint64_t bytes_per_second)
  : target_{target}, bytes_per_second_{bytes_per_second} {
  port_ = listener_.bind();
  listener_.listen(64);
  if (::pipe2(wake_, O_CLOEXEC) != 0)
    throw std::runtime_error{"pipe"};
  thread_ = std::thread{[this] { run(); }};
}

relay::~relay() {
  ending_ = true;
  cut();
  thread_.join();
  ::close(wake_[0]);
  ::close(wake_[1]);
}

void relay::cut() {
  cut_ = true;
  static_cast<void>(::write(wake_[1], "", 1));
}

void relay::freeze(bool frozen) {
  frozen_ = frozen;
  static_cast<void>(::write(wake_[1], "", 1));
}

void relay::forget(bool back_only) {
  forget_there_ = !back_only;
  forget_back_ = true;
  static_cast<void>(::write(wake_[1], "", 1));
}

void relay::run() {
  while (!ending_) {
    std::vector<pollfd> all{{wake_[0], POLLIN, 0}};
    if (!frozen_) {
      all.push_back({listener_.fd(), POLLIN, 0});
      for (auto& x : pairs_)
        if (!x.silent && !is_busy(x.is_back))
          all.push_back({x.from, POLLIN, 0});
    }
    ::poll(all.data(), all.size(), patience());
    if (all[0].revents != 0) {
      char buffer[16];
      static_cast<void>(::read(wake_[0], buffer, sizeof(buffer)));
      if (cut_.exchange(false))
        close_all();
      fall_silent();
      continue;
    }
    for (auto i = all.size(); i-- > 2;)
      if (all[i].revents != 0)
        forward(all[i].fd);
    if (all[1].revents != 0)
      accept();
  }
}

bool relay::is_busy(bool back) const {
  return free_at_[back ? 1 : 0] > clock::now();
}

/// How long to wait for something else than time to pass, in milliseconds.
int relay::patience() const {
  auto soon = is_busy(false) || is_busy(true);
  return soon ? 1 : -1;
}

void relay::accept() {
  auto near = ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
  if (near < 0)
    return;
  test_socket far;
  if (!far.connect_and_wait(target_)) {
    ::close(near);
    return;
  }
  auto fd = far.release();
  pairs_.push_back({near, fd, false, false});
  pairs_.push_back({fd, near, true, false});
}

void relay::close_all() {
  for (auto& x : pairs_)
    ::close(x.from);
  pairs_.clear();
}

void relay::fall_silent() {
  auto there = forget_there_.exchange(false);
  auto back = forget_back_.exchange(false);
  for (auto& x : pairs_)
    x.silent = x.silent || (x.is_back ? back : there);
}

void relay::forward(int from) {
  auto i = std::find_if(pairs_.begin(), pairs_.end(),
                        [from](auto& x) { return x.from == from; });
  if (i == pairs_.end())
    return; // went with its other direction
  auto to = i->to;
  auto& free = free_at_[i->is_back ? 1 : 0];
  char buffer[65536];
  constexpr std::size_t few = 8192; // so that much does not pass at once
  auto size
    = ::recv(from, buffer, bytes_per_second_ > 0 ? few : sizeof(buffer), 0);
  if (size > 0 && bytes_per_second_ > 0)
    free = std::max(free, clock::now() - std::chrono::milliseconds{50})
         + std::chrono::microseconds{static_cast<std::uint64_t>(size)
                                     * 1'000'000 / bytes_per_second_};
  if (size > 0
      && ::send(to, buffer, static_cast<std::size_t>(size), MSG_NOSIGNAL)
           == size)
    return;
  ::close(from);
  ::close(to);
  std::erase_if(pairs_,
                [from, to](auto& x) { return x.from == from || x.from == to; });
}

} // namespace raft::cluster
