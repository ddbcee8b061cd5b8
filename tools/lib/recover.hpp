// Goes on with one peer of a cluster whose majority is lost for good, without a
// network.

#pragma once

#include <raft/tools/lib/verdict.hpp>

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace raft::tools {

struct recovery {
  /// What is left of the cluster's peers; at least one.
  std::vector<std::string> directories;
  /// The one to go on with, among them or not; empty: the only one there is.
  std::string use;
  /// Whether to ask nobody.
  bool yes = false;
};

/// Reads what somebody answers; nothing if there is nobody.
using questioner = std::function<std::optional<std::string>()>;

/// Shows what the directories hold and which one holds the most. If one is
/// chosen, says what may be lost and asks; then keeps a copy of it, and makes
/// its peer the only voter of a new cluster. A crash leaves the old state or
/// the new one; where it is the new one already, does nothing.
/// @returns `ok` if that was done, or was not asked for; `no` if somebody said
///          so, or the directories are not of one cluster; `usage` if a
///          directory cannot be used or is in use, there is no room for the
///          copy, or there is nobody to ask.
verdict recover(const recovery& what, const questioner& ask, std::ostream& out);

/// Asks at the terminal, if standard input is one.
std::optional<std::string> ask_at_terminal();

} // namespace raft::tools
