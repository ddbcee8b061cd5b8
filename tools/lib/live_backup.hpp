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

/// Has a peer take a snapshot that holds all that was acknowledged by now, and
/// copies it. The file is whole or not there: it is written beside its name,
/// and checked before it gets it. If a peer is lost meanwhile, it goes on where
/// it was as soon as that one is back, or begins anew with another one; it
/// gives up when nothing comes for the time of one command.
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

/// Why nobody can be asked.
verdict nobody_to_ask(const std::vector<client::server_state>& all,
                      peer_id which);

/// How people know it.
std::string name_of(const client::server_state& x);

/// Who can give a snapshot, the best first: followers before the leader, which
/// has more to do, and of these who has applied the most.
/// @param which 0 for all.
std::vector<client::server_state>
snapshot_sources(const std::vector<client::server_state>& all, peer_id which);

/// What a snapshot must hold.
struct needed_entries {
  /// All up to here.
  log_index index;
  /// Whether that is known to be enough: whoever leads has all that was
  /// acknowledged in its log.
  bool known = false;
};

needed_entries needed_of(const std::vector<client::server_state>& all);

/// Says why those are not of one cluster; empty if they are.
std::string mixed_clusters(const std::vector<client::server_state>& all);

} // namespace raft::tools
