// How much what is said matters to people.

#pragma once

namespace raft::base {

/// From what only a search for a cause needs, to what ends the process.
enum class severity { debug, info, warning, error, critical };

} // namespace raft::base
