// What the peers of a cluster say about themselves, as a table and as JSON.

#pragma once

#include <raft/cluster/client.hpp>
#include <raft/tools/lib/verdict.hpp>

#include <string>
#include <vector>

namespace raft::tools {

/// One line per peer; those that do not answer are shown with the reason.
std::string status_table(const std::vector<cluster::server_state>& servers);

/// The same as a JSON array, in the order of the servers.
std::string status_json(const std::vector<cluster::server_state>& servers);

/// Whether one of those that answer leads in the highest term seen.
verdict judge(const std::vector<cluster::server_state>& servers);

} // namespace raft::tools
