#include <raft/server/configuration.hpp>
#include <raft/tools/lib/targets.hpp>

#include <algorithm>

namespace raft::tools {

namespace {

std::vector<links::address> parse_addresses(const std::string& list) {
  std::vector<links::address> result;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    auto end = std::min(list.find(',', begin), list.size());
    result.push_back(links::parse_address(list.substr(begin, end - begin)));
    begin = end + 1;
  }
  return result;
}

targets from_file(const std::string& path) {
  server::configuration config;
  server::read_file(path, config);
  targets result;
  for (const auto& member : config.node.members)
    result.servers.push_back(member.where);
  if (result.servers.empty())
    throw links::configuration_error{path + ": names no peers"};
  result.options.cluster = config.node.cluster;
  result.options.group = config.node.group;
  return result;
}

} // namespace

targets find_targets(const target_sources& sources) {
  if (sources.peers)
    return {parse_addresses(*sources.peers), {}};
  if (sources.config)
    return from_file(*sources.config);
  if (sources.environment)
    return {parse_addresses(*sources.environment), {}};
  throw links::configuration_error{
    "which cluster? Name its peers with --peers HOST:PORT,..., with --config "
    "FILE or in the environment variable RAFT_PEERS"};
}

} // namespace raft::tools
