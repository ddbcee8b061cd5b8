// Copies the state of a cluster that runs into a file.

#pragma once

#include <raft/tools/lib/commands.hpp>

#include <string>
#include <vector>

namespace raft::tools {

struct backup_request {
  /// Where the copy goes.
  std::string file;
  /// Whether a file that is there may be replaced.
  bool force = false;
  /// The peer to copy from; 0: whoever is best fit.
  peer_id from;
  /// The backup that is added to, for `back_up_increment`.
  std::string since;
};

/// Copies the state of the cluster, with all that was acknowledged by now, see
/// `copy_snapshot`.
verdict back_up(context& ctx, const backup_request& what);

/// Copies the entries that follow an older backup, or the increment to one, up
/// to all that was acknowledged by now; as `back_up` otherwise. It goes on with
/// another peer where it was: an entry is the same everywhere.
/// @returns `no` if no log has all of them any more.
verdict back_up_increment(context& ctx, const backup_request& what);

/// Has peers take snapshots that they keep, one after the other.
/// @param which 0 for all that answer.
verdict take_snapshots(context& ctx, peer_id which);

// -- decisions, without a cluster ---------------------------------------------

/// Why that file cannot be written; `ok` if it can, as far as is known.
verdict complaint_about(const std::string& file, bool force);

} // namespace raft::tools
