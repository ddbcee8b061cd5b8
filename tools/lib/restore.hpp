// How raftd fills its directory from the file of a snapshot.

#pragma once

#include <raft/cluster/restoration.hpp>
#include <raft/kv/engine_factory.hpp>

#include <string>

namespace raft::tools {

/// `cluster::open_restored` for the key-value engine. Refuses a directory that
/// has key-value data and no log, too.
cluster::restored_store restore_engine(const cluster::configuration& config,
                                       const std::string& file,
                                       const kv::engine_options& engine);

/// What a snapshot was of, for the log.
std::string in_words(const snapshots::description& x);

} // namespace raft::tools
