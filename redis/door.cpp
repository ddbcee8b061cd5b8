#include <raft/actors/caf/act.hpp>
#include <raft/redis/door.hpp>
#include <raft/redis/door_actor.hpp>

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace raft::redis {

namespace {

/// Finds out why nobody can listen at an address, because CAF does not tell.
std::string why_not(const cluster::address& where) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  auto status = getaddrinfo(where.host.c_str(),
                            std::to_string(where.port).c_str(), &hints, &found);
  if (status != 0)
    return gai_strerror(status);
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> guard{found, freeaddrinfo};
  auto fd = ::socket(found->ai_family, found->ai_socktype, 0);
  if (fd < 0)
    return std::generic_category().message(errno);
  auto failed = ::bind(fd, found->ai_addr, found->ai_addrlen) != 0
             || ::listen(fd, 1) != 0;
  auto reason = failed ? std::generic_category().message(errno)
                       : std::string{"unknown reason"};
  ::close(fd);
  return reason;
}

/// How many clients there can be. Where files run out, CAF's acceptor tries
/// again and again without a pause; so it must never come to that.
std::size_t connections_possible(const door_options& options) {
  auto wanted = options.connections_max;
  constexpr std::size_t other_files = 64;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return wanted;
  auto files = static_cast<std::size_t>(limit.rlim_cur);
  auto possible = files > 2 * other_files ? files - other_files : files / 2;
  if (possible < wanted && options.log)
    options.log(cluster::severity::warning,
                "redis: at most " + std::to_string(possible)
                  + " clients instead of " + std::to_string(wanted)
                  + ", because this process may open only "
                  + std::to_string(files) + " files; see ulimit -n");
  return std::min(possible, wanted);
}

} // namespace

door::door(caf::actor_system& system, const door_options& options)
  : system_{&system},
    group_{options.group},
    log_{options.log},
    patience_{options.linger + std::chrono::seconds{3}} {
  if (!options.client)
    throw std::invalid_argument{"redis::door: there is no client"};
  auto adjusted = options;
  adjusted.connections_max = connections_possible(options);
  auto doorman = system.middleman().backend().new_tcp_doorman(
    options.where.port, options.where.host.c_str(), true);
  if (!doorman)
    throw door_error{"can not listen for Redis clients at "
                     + to_text(options.where) + ": " + why_not(options.where)
                     + "; choose another address"};
  port_ = (*doorman)->port();
  adjusted.where.port = port_;
  actor_ = system.middleman().spawn_broker(serve_redis, std::move(*doorman),
                                           adjusted);
}

door::~door() {
  stop();
}

void door::stop() {
  if (!actor_)
    return;
  caf::scoped_actor self{*system_};
  actors::ask(self, actor_, patience_, raft::stop{group_})
    .receive([](const stopped&) {},
             [this](const caf::error& what) {
               if (log_)
                 log_(cluster::severity::error,
                      "redis: the door did not stop: " + caf::to_string(what));
             });
  actor_ = nullptr;
}

} // namespace raft::redis
