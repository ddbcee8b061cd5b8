// Copies of data directories that last.

#pragma once

#include <stdexcept>
#include <string>

namespace raft::tools {

/// There is no room for a copy; nothing of it was left.
class no_room : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A name beside a directory that nothing has: `DIR.WHY`, or with a number
/// behind it.
std::string free_name_beside(const std::string& directory,
                             const std::string& why);

/// Copies a directory with all files below it, and makes the copy durable; only
/// then it has its name.
/// @param from Nobody writes to it meanwhile.
/// @throws no_room, std::runtime_error
void copy_directory(const std::string& from, const std::string& to);

} // namespace raft::tools
