// Which cluster raftctl talks to.

#pragma once

#include <raft/client/blocking_client.hpp>

#include <optional>
#include <string>
#include <vector>

namespace raft::tools {

struct targets {
  std::vector<links::address> servers;
  client::client_options options;
};

/// Where the addresses may come from. The first that is given counts.
struct target_sources {
  /// `host:port,host:port,...`
  std::optional<std::string> peers;
  /// A configuration file of `raftd`.
  std::optional<std::string> config;
  /// `RAFT_PEERS`, written like `peers`.
  std::optional<std::string> environment;
};

/// @throws links::configuration_error if none is given or one makes no sense.
targets find_targets(const target_sources& sources);

} // namespace raft::tools
