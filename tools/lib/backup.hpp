// What raftctl says of the file of a snapshot, without a cluster.

#pragma once

#include <raft/tools/lib/verdict.hpp>

#include <iosfwd>
#include <string>

namespace raft::tools {

/// Reads all of a file, checks it, and shows what it holds.
/// @returns `ok` if it is sound, `no` if it is damaged or cut short, `usage` if
///          it is no snapshot or cannot be read.
verdict verify_backup(const std::string& file, std::ostream& out);

} // namespace raft::tools
