// Gives an engine the state of another peer, or of a file.
//
// The state is built in `restored/` below the engine's directory, as the files
// of an engine of their own. To install it is to give the data file its place,
// in one step of the file system: what an engine then finds is the state
// before or the new one. What is left of one that was never installed is
// removed when the engine is opened.

#pragma once

#include <raft/kv/lmdb_table.hpp>
#include <raft/machine/snapshot.hpp>

#include <memory>
#include <string>

namespace raft::kv {

/// Where it is built.
std::string restoration_directory(const std::string& engine_directory);

/// @param options Those of the table that it is for.
/// @returns an object that also throws `persistence::store_error`, `in_use` if
///          the engine, or a snapshot of it, is still there when it is to be
///          replaced.
std::unique_ptr<machine::restoration>
make_engine_restoration(const table_options& options);

/// Removes one that was not installed, if there is any.
/// @pre The caller has claimed the engine's directory.
void remove_restoration(const std::string& engine_directory);

} // namespace raft::kv
