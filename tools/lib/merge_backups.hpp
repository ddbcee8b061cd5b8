// Makes one backup of several.

#pragma once

#include <raft/tools/lib/verdict.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace raft::tools {

/// Applies increments to an older backup of a key-value state, and writes the
/// state that comes out as a backup of its own. It needs room for the data
/// beside the new file, and no more memory than a peer.
/// @param parts The older backup, then the increments, in their order.
/// @param force Whether a file that is there may be replaced.
/// @returns `no` if one is damaged or they do not follow each other, `usage` if
///          one cannot be used, or there is no room.
verdict merge_backups(const std::vector<std::string>& parts,
                      const std::string& to, bool force, std::ostream& out);

} // namespace raft::tools
