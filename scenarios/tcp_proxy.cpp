#include <raft/scenarios/tcp_proxy.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace raft::scenarios {

namespace {

constexpr std::size_t chunk = 64 * 1024;

/// So that much does not pass at once where little passes in a second.
constexpr std::size_t small_chunk = 8 * 1024;

int checked(int result, const char* what) {
  if (result < 0)
    throw std::system_error{errno, std::generic_category(), what};
  return result;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return result;
}

int new_socket() {
  return checked(
    ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
    "a socket for the network between processes");
}

void send_at_once(int socket) {
  int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

bool try_again() {
  return errno == EAGAIN || errno == EINTR;
}

} // namespace

tcp_proxy::descriptor::~descriptor() {
  if (fd_ >= 0)
    ::close(fd_);
}

tcp_proxy::tcp_proxy(const std::vector<std::uint16_t>& targets,
                     std::uint64_t bytes_per_second)
  : bytes_per_second_{bytes_per_second},
    wake_{checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "an eventfd")} {
  for (auto x : targets)
    open(x);
  thread_ = std::thread{[this] { run(); }};
}

tcp_proxy::~tcp_proxy() {
  ending_ = true;
  wake();
  thread_.join();
}

links::address tcp_proxy::where(std::size_t way) const {
  std::lock_guard guard{mutex_};
  return {"127.0.0.1", ways_.at(way).port};
}

void tcp_proxy::lead(std::size_t way, std::uint16_t port) {
  std::lock_guard guard{mutex_};
  ways_.at(way).leads_to = port;
}

void tcp_proxy::cut(std::size_t way, direction which, bool closed) {
  std::lock_guard guard{mutex_};
  auto& now = ways_.at(way).closed.at(static_cast<std::size_t>(which));
  if (std::exchange(now, closed) == closed)
    return;
  for (auto& x : connections_)
    if (x.way == way) {
      x.over = x.over || (x.was_cut && !closed);
      x.was_cut = true;
    }
  wake();
}

void tcp_proxy::close_connections() {
  std::lock_guard guard{mutex_};
  for (auto& x : connections_)
    x.over = true;
  wake();
}

void tcp_proxy::freeze(bool frozen) {
  std::lock_guard guard{mutex_};
  frozen_ = frozen;
  wake();
}

void tcp_proxy::forget(bool back_only) {
  std::lock_guard guard{mutex_};
  for (auto& x : connections_) {
    x.ends[0].silent = x.ends[0].silent || !back_only;
    x.ends[1].silent = true;
  }
  wake();
}

void tcp_proxy::open(std::uint16_t target) {
  entrance x{descriptor{new_socket()}, 0, target, {}};
  auto where = loopback(0);
  socklen_t size = sizeof(where);
  auto* raw = reinterpret_cast<sockaddr*>(&where);
  auto socket = x.socket.get();
  checked(::bind(socket, raw, size), "bind");
  checked(::getsockname(socket, raw, &size), "getsockname");
  checked(::listen(socket, 64), "listen");
  x.port = ntohs(where.sin_port);
  ways_.push_back(std::move(x));
}

void tcp_proxy::wake() {
  std::uint64_t one = 1;
  // Fails only if the thread is to wake up already.
  static_cast<void>(::write(wake_.get(), &one, sizeof(one)));
}

void tcp_proxy::run() {
  while (!ending_)
    wait();
}

/// Waits until something can be done, and does it.
void tcp_proxy::wait() {
  struct place {
    connection* at;
    std::size_t end;
  };
  std::vector<pollfd> files{{wake_.get(), POLLIN, 0}};
  std::vector<place> places;
  int patient_ms = -1;
  {
    std::lock_guard guard{mutex_};
    connections_.remove_if([](const connection& x) { return x.over; });
    for (const auto& x : ways_) // poll overlooks those below 0
      files.push_back({frozen_ ? -1 : x.socket.get(), POLLIN, 0});
    for (auto& x : connections_)
      for (std::size_t i = 0; i < 2; ++i)
        // Where nothing is to be done, its end must not be seen, either.
        if (auto events = interest(x, i); events != 0) {
          files.push_back({x.ends[i].socket.get(), events, 0});
          places.push_back({&x, i});
        }
    patient_ms = patience();
  }
  if (::poll(files.data(), files.size(), patient_ms) < 0)
    return; // a signal
  std::uint64_t count = 0;
  static_cast<void>(::read(wake_.get(), &count, sizeof(count)));
  std::lock_guard guard{mutex_};
  const auto first = files.size() - places.size();
  for (std::size_t i = 0; i < places.size(); ++i)
    serve(*places[i].at, places[i].end, files[first + i].revents);
  for (std::size_t i = 0; i < ways_.size(); ++i)
    if (files[1 + i].revents != 0)
      accept(i);
}

/// How long to wait for something else than time to pass, in milliseconds.
int tcp_proxy::patience() const {
  return is_busy(0) || is_busy(1) ? 1 : -1;
}

void tcp_proxy::accept(std::size_t way) {
  const auto& at = ways_[way];
  if (frozen_)
    return; // since it was asked
  descriptor near{
    ::accept4(at.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (near.get() < 0 || at.leads_to == 0)
    return;
  descriptor far{new_socket()};
  auto where = loopback(at.leads_to);
  auto* raw = reinterpret_cast<sockaddr*>(&where);
  if (::connect(far.get(), raw, sizeof(where)) != 0 && errno != EINPROGRESS)
    return;
  send_at_once(near.get());
  send_at_once(far.get());
  connections_.push_back({way,
                          {end{std::move(near), {}}, end{std::move(far), {}}},
                          at.closed[0] || at.closed[1]});
}

bool tcp_proxy::passes(const connection& x, std::size_t which) const {
  return !frozen_ && !x.ends[which].silent && !ways_[x.way].closed[which];
}

bool tcp_proxy::is_busy(std::size_t which) const {
  return free_at_[which] > clock::now();
}

/// What to wait for at one end.
short tcp_proxy::interest(const connection& x, std::size_t which) const {
  const auto& near = x.ends[which];
  const auto& far = x.ends[1 - which];
  short result = 0;
  // One chunk at a time: whoever does not read must slow down whoever writes.
  if (near.held.empty() && passes(x, which) && !is_busy(which))
    result |= POLLIN;
  if (!far.held.empty() && passes(x, 1 - which))
    result |= POLLOUT;
  return result;
}

void tcp_proxy::serve(connection& x, std::size_t which, short events) {
  auto& near = x.ends[which];
  auto& far = x.ends[1 - which];
  // It may have been cut since.
  auto wanted = interest(x, which);
  if (events == 0 || x.over || wanted == 0)
    return;
  if ((wanted & POLLOUT) != 0 && !write(far, near))
    x.over = true;
  if ((wanted & POLLIN) != 0 && (!read(near, which) || !write(near, far)))
    x.over = true;
}

/// @returns whether the end is still there.
bool tcp_proxy::read(end& from, std::size_t which) {
  char buffer[chunk];
  const auto limited = bytes_per_second_ > 0;
  auto size = ::recv(from.socket.get(), buffer,
                     limited ? small_chunk : sizeof(buffer), 0);
  if (size < 0)
    return try_again();
  const auto count = static_cast<std::uint64_t>(size);
  from.held.append(buffer, static_cast<std::size_t>(size));
  bytes_ += count;
  if (limited)
    free_at_[which]
      = std::max(free_at_[which], clock::now() - std::chrono::milliseconds{50})
      + std::chrono::microseconds{count * 1'000'000 / bytes_per_second_};
  return size > 0;
}

/// Passes on what is held.
/// @returns whether the other end is still there.
bool tcp_proxy::write(end& from, const end& to) {
  if (from.held.empty())
    return true;
  auto size
    = ::send(to.socket.get(), from.held.data(), from.held.size(), MSG_NOSIGNAL);
  if (size < 0)
    // A connection that does not stand yet says ENOTCONN or EAGAIN.
    return try_again() || errno == ENOTCONN;
  from.held.erase(0, static_cast<std::size_t>(size));
  return true;
}

} // namespace raft::scenarios
