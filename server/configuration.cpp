#include <raft/server/configuration.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
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
  static const std::vector<std::string> levels{"trace",   "debug", "info",
                                               "warning", "error", "off"};
  if (std::find(levels.begin(), levels.end(), x.log_level) == levels.end())
    throw cluster::configuration_error{
      fmt::format("unknown log level \"{}\": use one of {}", x.log_level,
                  fmt::join(levels, ", "))};
  if (x.dirty_bytes < dirty_bytes_min || x.dirty_bytes > dirty_bytes_max)
    throw cluster::configuration_error{
      fmt::format("{} bytes of dirty changes: --dirty-bytes must be "
                  "from {} to {}",
                  x.dirty_bytes, dirty_bytes_min, dirty_bytes_max)};
}

} // namespace raft::server
