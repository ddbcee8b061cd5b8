#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/files.hpp>
#include <raft/actors/caf/port.hpp>
#include <raft/redis/server.hpp>
#include <raft/redis/server_actor.hpp>

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <set>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace raft::redis {

namespace {

using doormen = std::vector<caf::io::doorman_ptr>;

/// Finds out why nobody can listen at an address, because CAF does not tell.
/// @returns an `errno`, or 0 if it cannot be found out.
int why_not(const sockaddr* where, socklen_t size) {
  auto fd = ::socket(where->sa_family, SOCK_STREAM, 0);
  if (fd < 0)
    return errno;
  auto on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  auto failed = ::bind(fd, where, size) != 0 || ::listen(fd, 1) != 0;
  auto reason = failed ? errno : 0;
  ::close(fd);
  return reason;
}

[[noreturn]] void refuse(const links::address& where,
                         const std::string& reason) {
  throw server_error{"cannot listen for Redis clients at " + to_text(where)
                     + ": " + reason + "; choose another address"};
}

/// The address in numbers.
std::string numeric_host(const addrinfo& x) {
  std::array<char, NI_MAXHOST> text{};
  if (getnameinfo(x.ai_addr, x.ai_addrlen, text.data(), text.size(), nullptr, 0,
                  NI_NUMERICHOST)
      != 0)
    return {};
  return text.data();
}

/// Listens at all addresses that a host's name stands for: a client that knows
/// the same name may try any of them. Of those, this machine may lack some.
/// @param where Its port becomes the one that was taken.
/// @param tell Told when files run out.
doormen listen_at(caf::actor_system& system, links::address& where,
                  const events::sink& tell) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  auto status = getaddrinfo(where.host.c_str(), nullptr, &hints, &found);
  if (status != 0)
    refuse(where, gai_strerror(status));
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> guard{found, freeaddrinfo};
  doormen result;
  std::set<std::string> tried; // some lists have an address twice
  auto missing = 0;
  for (const auto* x = found; x != nullptr; x = x->ai_next) {
    auto host = numeric_host(*x);
    if (!tried.insert(host).second)
      continue;
    auto doorman
      = actors::open_patient_acceptor(system, host, where.port, tell, "redis");
    if (doorman) {
      where.port = (*doorman)->port();
      result.push_back(std::move(*doorman));
      continue;
    }
    auto port = htons(where.port); // at the same place in both families
    reinterpret_cast<sockaddr_in*>(x->ai_addr)->sin_port = port;
    auto reason = why_not(x->ai_addr, x->ai_addrlen);
    if (reason != EADDRNOTAVAIL && reason != EAFNOSUPPORT)
      refuse(where, reason ? std::generic_category().message(reason)
                           : "unknown reason");
    missing = reason;
  }
  if (result.empty())
    refuse(where, std::generic_category().message(missing));
  return result;
}

/// Where doormen listen.
std::vector<std::string> places_of(const doormen& xs) {
  std::vector<std::string> result;
  for (const auto& x : xs) {
    auto host = x->addr();
    auto bare = host.find(':') == std::string::npos;
    result.push_back((bare ? host : '[' + host + ']') + ':'
                     + std::to_string(x->port()));
  }
  return result;
}

/// How many clients there can be: others need files, too.
std::size_t connections_possible(const server_options& options) {
  auto wanted = options.connections_max;
  auto files = actors::files_max();
  auto possible = std::max<std::size_t>(
    files - std::min(files, options.files_of_others), 1);
  if (possible < wanted)
    events::tell(options.on_event,
                 events::redis_clients_limited{possible, wanted, files});
  return std::min(possible, wanted);
}

} // namespace

server::server(caf::actor_system& system, const server_options& options)
  : system_{&system},
    group_{options.group},
    on_event_{options.on_event},
    patience_{options.linger + std::chrono::seconds{3}} {
  if (!options.client)
    throw std::invalid_argument{"redis::server: there is no client"};
  auto adjusted = options;
  adjusted.connections_max = connections_possible(options);
  auto all = listen_at(system, adjusted.where, on_event_);
  port_ = adjusted.where.port;
  events::tell(on_event_, events::redis_listening{places_of(all)});
  actor_
    = system.middleman().spawn_broker(serve_redis, std::move(all), adjusted);
  actors::when_ended(
    actor_, [to = on_event_, quiet = stopping_](const caf::error& why) {
      if (!*quiet)
        events::tell(
          to, events::failed{"the Redis port ended: " + caf::to_string(why)});
    });
}

server::~server() {
  stop();
}

void server::stop() {
  if (!actor_)
    return;
  *stopping_ = true;
  caf::scoped_actor self{*system_};
  actors::ask(self, actor_, patience_, raft::stop{group_})
    .receive([](const stopped&) {},
             [this](const caf::error& what) {
               events::tell(on_event_,
                            events::did_not_stop{"redis: the server",
                                                 caf::to_string(what)});
             });
  actor_ = nullptr;
}

} // namespace raft::redis
