// Founds a node's part of a new cluster from the file of a snapshot, instead of
// from nothing.
//
// Each peer of the new cluster does so by itself, with the same file and the
// same members. What they hold is then the same, so none of them has to be
// heard before the first election, as when a cluster is founded empty.

#pragma once

#include <raft/cluster/configuration.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/persistence/store.hpp>
#include <raft/snapshots/description.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace raft::cluster {

/// What a directory is filled with.
struct restoration_source {
  /// Needed until it is done; afterwards it may be gone.
  std::string file;
  /// What the state machine reads, see `machine::snapshotting::state_format`.
  std::string format;
  machine::restoration_factory make;
};

/// The directory, or the file, is not one with which that can be done. The
/// message says why, and what to do.
class restoration_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A node's store, for `node_options::store`.
struct restored_store {
  std::shared_ptr<persistence::store> store;
  /// What was restored; nothing if an earlier start has done so.
  std::optional<snapshots::description> restored;
};

/// Opens the store of a directory that holds no peer yet, and fills it: the log
/// begins behind the snapshot's last entry, with `configuration::members`, and
/// the state machine has the state. A directory that was filled with the same
/// file before is opened, as it is by now; if that did not come to its end, it
/// does so now: a crash at any moment leaves what this goes on with, or
/// nothing.
/// @throws configuration_error
/// @throws restoration_error if the directory holds something else, or the file
///         is the snapshot of another state machine; then nothing was changed.
/// @throws snapshots::snapshot_error if there is something wrong with the file.
/// @throws persistence::store_error, and whatever the restoration throws.
restored_store open_restored(const configuration& config,
                             const restoration_source& from);

/// Opens or makes the store in a node's data directory.
/// @throws persistence::store_error
std::shared_ptr<persistence::store> open_store(const configuration& config);

} // namespace raft::cluster
