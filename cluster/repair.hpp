// Gives a node whose state is damaged, lost or wrong that of a snapshot of its
// own cluster. Its vote, its term and its place among the members stay.
//
// Works on a store while no peer runs on it, and needs a log that can still be
// read as far as it says how it began and where it ends. A peer that lost more
// than that has forgotten what it promised, and only another one, with an id of
// its own, can take its place.

#pragma once

#include <raft/cluster/restoration.hpp>
#include <raft/messages/persist.hpp>
#include <raft/messages/snapshot.hpp>
#include <raft/persistence/store.hpp>

#include <string>

namespace raft::cluster {

/// Reads all entries of a log.
/// @returns what is wrong with the first one that cannot be read; empty if all
///          is well.
/// @throws persistence::store_error if the disk fails otherwise.
std::string damage_of_log(const persistence::store& log, group_id group);

/// Says why a snapshot cannot take the place of a log and its state: it is of
/// another cluster, or ends before this log does, which may hold what was
/// promised to others. One that is taken later may do. Empty if it can.
std::string objection_to(const durable_state& log, const snapshot_head& head);

/// Resets the log to the snapshot, and puts its state in the place of that on
/// the disk, if that is there. A crash at any moment leaves what was there, or
/// what the next start of a node finishes by itself.
/// @param head Of the file `from.file`.
/// @param from A snapshot of the same cluster. Its file may be gone afterwards.
/// @throws restoration_error if there is an objection to it.
/// @throws persistence::store_error, snapshots::snapshot_error, and whatever
///         the restoration throws; then the state is as it was.
void repair(persistence::store& log, group_id group, const snapshot_head& head,
            const restoration_source& from);

} // namespace raft::cluster
