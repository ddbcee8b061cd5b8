#include <raft/actors/caf/files.hpp>

#include <algorithm>
#include <sys/resource.h>

namespace raft::actors {

namespace {

/// What a process needs itself, unless there are few; then it is a quarter.
constexpr std::size_t own_files = 64;

/// So many clients are let in however few files there are.
constexpr std::size_t clients_min = 8;

} // namespace

std::size_t files_max() {
  rlimit result{};
  if (::getrlimit(RLIMIT_NOFILE, &result) != 0
      || result.rlim_cur == RLIM_INFINITY)
    return std::size_t{1} << 20;
  return result.rlim_cur;
}

file_shares share_files(std::size_t files, std::size_t clients,
                        std::size_t newcomers) {
  file_shares result;
  result.own = std::min(own_files, files / 4);
  // Half of all files at most.
  result.newcomers = std::min(newcomers, files / 2);
  auto room = std::max(files / 2 - result.newcomers, clients_min);
  result.clients = std::min(clients, room);
  auto taken = result.own + result.newcomers + result.clients;
  result.others = files - std::min(files, taken);
  return result;
}

} // namespace raft::actors
