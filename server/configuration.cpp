#include <raft/server/configuration.hpp>
#include <raft/server/options.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace raft::server {

std::string describe(const configuration& x) {
  std::vector<std::string> members;
  for (const auto& member : x.node.members)
    members.push_back(
      fmt::format("{} at {}", member.id.value, to_text(member.where)));
  auto result
    = fmt::format("raftd " RAFT_VERSION
                  ", peer {} of cluster \"{}\", members {}, data in {}, "
                  "listens for peers and clients at {}",
                  x.node.id.value, x.node.cluster, fmt::join(members, ", "),
                  x.node.data_directory, to_text(listen_address(x.node)));
  if (x.redis)
    result += ", for Redis clients at " + to_text(*x.redis);
  return result;
}

void check(const configuration& x) {
  check(x.node);
  if (x.redis)
    check_reach(x.node, "the Redis address", *x.redis);
  for (const auto& option : options())
    if (auto why = complaint_about(option, x); !why.empty())
      throw cluster::configuration_error{
        fmt::format("--{}: {}", option.name, why)};
}

} // namespace raft::server
