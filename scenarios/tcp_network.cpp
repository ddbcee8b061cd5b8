#include <raft/scenarios/tcp_network.hpp>

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

tcp_network::descriptor::~descriptor() {
  if (fd_ >= 0)
    ::close(fd_);
}

tcp_network::tcp_network(std::size_t peers)
  : wake_{checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "an eventfd")},
    closed_(peers, std::vector<bool>(peers)),
    ports_(peers) {
  for (peer_number from = 0; from < peers; ++from)
    for (peer_number to = 0; to < peers; ++to)
      if (from != to)
        open_door(from, to);
  thread_ = std::thread{[this] { run(); }};
}

tcp_network::~tcp_network() {
  ending_ = true;
  wake();
  thread_.join();
}

cluster::address tcp_network::way(peer_number from, peer_number to) const {
  auto i = std::find_if(doors_.begin(), doors_.end(), [&](const door& x) {
    return x.from == from && x.to == to;
  });
  return {"127.0.0.1", i->port};
}

void tcp_network::plug(peer_number who, std::uint16_t port) {
  std::lock_guard guard{mutex_};
  ports_.at(who) = port;
}

void tcp_network::cut(peer_number from, peer_number to, bool closed) {
  std::lock_guard guard{mutex_};
  if (closed_.at(from).at(to) == closed)
    return;
  closed_[from][to] = closed;
  for (auto& x : connections_) {
    auto near = x.ends[0].who;
    auto far = x.ends[1].who;
    if ((near != from || far != to) && (near != to || far != from))
      continue;
    x.over = x.over || (x.was_cut && !closed);
    x.was_cut = true;
  }
  wake();
}

void tcp_network::open_door(peer_number from, peer_number to) {
  door x{descriptor{new_socket()}, 0, from, to};
  auto where = loopback(0);
  socklen_t size = sizeof(where);
  auto* raw = reinterpret_cast<sockaddr*>(&where);
  auto socket = x.socket.get();
  checked(::bind(socket, raw, size), "bind");
  checked(::getsockname(socket, raw, &size), "getsockname");
  checked(::listen(socket, 16), "listen");
  x.port = ntohs(where.sin_port);
  doors_.push_back(std::move(x));
}

void tcp_network::wake() {
  std::uint64_t one = 1;
  // Fails only if the thread is to wake up already.
  static_cast<void>(::write(wake_.get(), &one, sizeof(one)));
}

void tcp_network::run() {
  while (!ending_)
    wait();
}

/// Waits until something can be done, and does it.
void tcp_network::wait() {
  struct place {
    connection* at;
    std::size_t end;
  };
  std::vector<pollfd> files{{wake_.get(), POLLIN, 0}};
  std::vector<place> places;
  for (const auto& x : doors_)
    files.push_back({x.socket.get(), POLLIN, 0});
  {
    std::lock_guard guard{mutex_};
    for (auto& x : connections_)
      for (std::size_t i = 0; i < 2; ++i)
        // Where nothing is to be done, its end must not be seen, either.
        if (auto events = interest(x, i); events != 0) {
          files.push_back({x.ends[i].socket.get(), events, 0});
          places.push_back({&x, i});
        }
  }
  if (::poll(files.data(), files.size(), -1) < 0)
    return; // a signal
  std::uint64_t count = 0;
  static_cast<void>(::read(wake_.get(), &count, sizeof(count)));
  std::lock_guard guard{mutex_};
  for (std::size_t i = 0; i < places.size(); ++i)
    serve(*places[i].at, places[i].end, files[1 + doors_.size() + i].revents);
  connections_.remove_if([](const connection& x) { return x.over; });
  for (std::size_t i = 0; i < doors_.size(); ++i)
    if (files[1 + i].revents != 0)
      accept(doors_[i]);
}

void tcp_network::accept(const door& at) {
  descriptor near{
    ::accept4(at.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (near.get() < 0 || ports_[at.to] == 0)
    return;
  descriptor far{new_socket()};
  auto where = loopback(ports_[at.to]);
  auto* raw = reinterpret_cast<sockaddr*>(&where);
  if (::connect(far.get(), raw, sizeof(where)) != 0 && errno != EINPROGRESS)
    return;
  send_at_once(near.get());
  send_at_once(far.get());
  auto was_cut = is_cut(at.from, at.to) || is_cut(at.to, at.from);
  connections_.push_back(
    {{end{std::move(near), at.from, {}}, end{std::move(far), at.to, {}}},
     was_cut});
}

/// What to wait for at one end.
short tcp_network::interest(const connection& x, std::size_t which) const {
  const auto& near = x.ends[which];
  const auto& far = x.ends[1 - which];
  short result = 0;
  // One chunk at a time: who does not read must slow down who writes.
  if (near.held.empty() && !is_cut(near.who, far.who))
    result |= POLLIN;
  if (!far.held.empty() && !is_cut(far.who, near.who))
    result |= POLLOUT;
  return result;
}

void tcp_network::serve(connection& x, std::size_t which, short events) {
  auto& near = x.ends[which];
  auto& far = x.ends[1 - which];
  // It may have been cut since.
  auto wanted = interest(x, which);
  if (events == 0 || x.over || wanted == 0)
    return;
  if ((wanted & POLLOUT) != 0 && !write(far, near))
    x.over = true;
  if ((wanted & POLLIN) != 0 && (!read(near) || !write(near, far)))
    x.over = true;
}

/// @returns whether the end is still there.
bool tcp_network::read(end& from) {
  char buffer[chunk];
  auto size = ::recv(from.socket.get(), buffer, sizeof(buffer), 0);
  if (size < 0)
    return try_again();
  from.held.append(buffer, static_cast<std::size_t>(size));
  bytes_ += static_cast<std::uint64_t>(size);
  return size > 0;
}

/// Passes on what is held.
/// @returns whether the other end is still there.
bool tcp_network::write(end& from, const end& to) {
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

bool tcp_network::is_cut(peer_number from, peer_number to) const {
  return closed_[from][to];
}

} // namespace raft::scenarios
