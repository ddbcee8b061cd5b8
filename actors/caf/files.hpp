// How the files that a process may open are shared out among its ports.

#pragma once

#include <cstddef>

namespace raft::actors {

/// How many files this process may have open at once (`ulimit -n`).
std::size_t files_max();

/// Who gets how many files.
struct file_shares {
  /// For the log, the data, and the connections of members.
  std::size_t own = 0;
  /// For connections of clients to the port for peers and clients, and for
  /// newcomers there.
  std::size_t clients = 0;
  std::size_t newcomers = 0;
  /// For connections to another port.
  std::size_t others = 0;
};

/// Shares files out; the shares do not come to more than there are, unless that
/// is fewer than anybody can work with.
/// @param clients How many clients may be connected at most.
/// @param newcomers How many places are kept for newcomers, if there is room.
file_shares share_files(std::size_t files, std::size_t clients,
                        std::size_t newcomers);

} // namespace raft::actors
