// Gets the state of a cluster that runs into a file.

#pragma once

#include <raft/messages/snapshot.hpp>
#include <raft/tools/lib/commands.hpp>

#include <functional>
#include <string>
#include <vector>

namespace raft::tools {

struct copy_request {
  /// Where the copy goes.
  std::string file;
  /// The peer to copy from; 0: whoever is best fit.
  peer_id from = {};
  /// Says why a snapshot is of no use, so that another peer is asked, or a
  /// later one is taken; empty if it is.
  std::function<std::string(const snapshot_head&)> objection = {};
  /// Whether to wait although no peer answers.
  bool patient = false;
  /// Gets a sentence on whatever went wrong and was tried anew.
  std::function<void(const std::string&)> tell = {};
};

/// Has a peer take a snapshot that holds all that was acknowledged by now, and
/// copies it. The file is whole or not there: it is written beside its name,
/// and checked before it gets it. If a peer is lost meanwhile, it goes on where
/// it was as soon as that one is back, or begins anew with another one; it
/// gives up when nothing comes for the time of one command.
/// @param got What was copied, if the verdict is `ok`.
/// @throws snapshots::snapshot_error, machine::no_space if the file cannot be
///         written.
verdict copy_snapshot(context& ctx, const copy_request& what,
                      snapshot_head& got);

/// Has a peer take a snapshot with all entries up to one, and waits as long as
/// that peer lives: it says so itself when there will be none.
/// @throws client::client_error
snapshot_head wait_for_snapshot(context& ctx, const client::server_state& who,
                                log_index needed);

// -- decisions, without a cluster ---------------------------------------------

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
