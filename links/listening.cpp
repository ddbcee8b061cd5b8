#include <raft/links/listening.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace raft::links {

namespace {

constexpr const char* loopback_4 = "127.0.0.1";
constexpr const char* loopback_6 = "::1";

/// @returns 0, or why one cannot listen there.
int try_to_listen(const addrinfo& at) {
  auto fd = ::socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return errno;
  int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  auto ready
    = ::bind(fd, at.ai_addr, at.ai_addrlen) == 0 && ::listen(fd, 1) == 0;
  auto result = ready ? 0 : errno;
  ::close(fd);
  return result;
}

std::string advice(int reason) {
  switch (reason) {
    case EADDRINUSE:
      return "another process listens there already: end it, or use another "
             "port";
    case EADDRNOTAVAIL:
      return "this machine does not have that address: name one that it has "
             "with --listen, or correct --members";
    case EACCES:
      return "this user may not listen there: ports below 1024 are for root";
    default:
      return {};
  }
}

} // namespace

std::vector<std::string> listen_hosts(const std::string& host) {
  if (host != "localhost")
    return {host};
  std::vector<std::string> result{loopback_4};
  if (why_not_listen({loopback_6, 0}).empty())
    result.emplace_back(loopback_6);
  return result;
}

std::string why_not_listen(const address& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_PASSIVE;
  addrinfo* raw = nullptr;
  auto code = ::getaddrinfo(where.host.c_str(),
                            std::to_string(where.port).c_str(), &hints, &raw);
  if (code != 0)
    return fmt::format("cannot resolve \"{}\": {}", where.host,
                       ::gai_strerror(code));
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all{raw,
                                                           &::freeaddrinfo};
  int reason = 0;
  for (auto* x = all.get(); x != nullptr; x = x->ai_next)
    if (reason = try_to_listen(*x); reason == 0)
      return {};
  auto words = std::generic_category().message(reason);
  auto cure = advice(reason);
  return cure.empty() ? words : fmt::format("{}; {}", words, cure);
}

} // namespace raft::links
