// How much what is said matters to people.

#pragma once

namespace raft::base {

/// From what only a search for a cause needs, to what must be mended.
enum class severity { debug, info, warning, error };

} // namespace raft::base
