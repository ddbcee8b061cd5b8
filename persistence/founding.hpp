// How a group begins in a store: the one place that writes members which are
// not those of the log.

#pragma once

#include <raft/persistence/store.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace raft::persistence {

/// Writes the first members of a group into a store that knows none; does
/// nothing to one that does. Call it before anybody else writes to the store.
/// @returns whether anything was written.
/// @throws store_error
bool found_group(store& to, group_id group,
                 const std::vector<peer_id>& members);

/// What stands for a snapshot with such a checksum; never 0.
std::uint64_t origin_from(std::uint64_t checksum);

/// The snapshot that a store was founded from, or is being founded from; 0 if
/// none.
std::uint64_t origin_of(const store& x);

/// @name Founding from a snapshot
/// Each step is durable when it returns, and is skipped if it was taken before.
/// In between, the store belongs to no peer: `unfinished_founding` says so.
/// @{

/// Notes which snapshot the store is founded from. From now on nobody who was
/// not founded from the same one is let in.
/// @pre The store knows nothing of any group.
void begin_founding(store& to, std::uint64_t checksum);

/// The group begins behind the snapshot's last entry, in that entry's term,
/// with members and without a cluster id: the first leader draws one.
/// @pre The state machine's new state is on the disk, and about to be
///      installed.
void found_behind(store& to, group_id group, const snapshot_head& snapshot,
                  const std::vector<peer_id>& members);

/// The state machine has what the snapshot holds.
void end_installing(store& to, group_id group);

/// Whether a store was being founded from a snapshot and that has not come to
/// its end.
bool is_being_founded(const store& from, group_id group);

/// The same in words for whoever starts a peer on it; empty if it is not.
std::string unfinished_founding(const store& from, group_id group);
/// @}

/// Makes a peer the only voter of its group, in a new cluster: when the others
/// are lost for good. Its log stays as it is, but for the id of the cluster
/// before, which goes. One commit: a crash leaves the old cluster or the new
/// one.
/// @param fresh The new cluster's id, not 0.
/// @param applied Up to where the state machine's disk has the effects of
///        entries.
/// @pre The group was founded, and not with this peer alone.
/// @throws store_error
void found_alone(store& to, group_id group, cluster_id fresh,
                 log_index applied);

/// Whether a peer is the only voter of its group.
bool is_alone(const store& from, group_id group);

} // namespace raft::persistence
