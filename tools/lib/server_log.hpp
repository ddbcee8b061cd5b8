// The log of raftd.

#pragma once

#include <raft/server/configuration.hpp>

namespace raft::tools {

/// Makes spdlog write to standard error without ever waiting for it: see
/// `programs::line_writer`. What was logged last has a second to get out when
/// spdlog is shut down or the process returns from `main`.
void set_up_log(const server::configuration& config);

} // namespace raft::tools
