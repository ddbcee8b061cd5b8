// What `raftd --rejoin` does before its peer starts.

#pragma once

#include <raft/cluster/configuration.hpp>
#include <raft/kv/engine_factory.hpp>
#include <raft/persistence/store.hpp>

#include <functional>
#include <memory>
#include <string>

namespace raft::tools {

/// Reads all of a peer's directory. If something of the log's entries or of the
/// key-value data is damaged or lost, a snapshot that other members give takes
/// its place. What was there of the key-value data is kept beside it, for
/// study.
/// @param tell Gets sentences on what goes on.
/// @returns the store that node and engine go on with.
/// @throws cluster::restoration_error if that cannot be done; the message says
///         why, and what to do.
/// @throws persistence::store_error, snapshots::snapshot_error,
///         machine::no_space if the disk does not let itself be used.
std::shared_ptr<persistence::store>
rejoin(const cluster::configuration& config, const kv::engine_options& engine,
       const std::function<void(const std::string&)>& tell);

} // namespace raft::tools
