// The log lines of the parts of a node.

#pragma once

#include <raft/base/severity.hpp>

#include <functional>
#include <string>

namespace raft::links {

using base::severity;

/// Takes one plain sentence. May be called by several threads at once; must
/// not block for long.
using log_function = std::function<void(severity, const std::string&)>;

} // namespace raft::links
