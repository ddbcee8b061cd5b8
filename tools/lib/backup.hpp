// What raftctl says of the file of a snapshot, without a cluster.

#pragma once

#include <raft/tools/lib/verdict.hpp>

#include <iosfwd>
#include <string>

namespace raft::snapshots {

class snapshot_error;
class snapshot_reader;

} // namespace raft::snapshots

namespace raft::tools {

/// Reads all of a file, checks it, and shows what it holds.
/// @returns `ok` if it is sound, `no` if it is damaged or cut short, `usage` if
///          it is no snapshot or cannot be read.
verdict verify_backup(const std::string& file, std::ostream& out);

/// Whether that file was sound once.
bool is_damage(const snapshots::snapshot_error& e);

/// Shows what a file says of itself at its beginning.
void show_description(const snapshots::snapshot_reader& in, std::ostream& out);

/// Reads all of an increment, and shows it.
/// @throws as `increment_reader`.
void show_increment(const std::string& file, std::ostream& out);

/// Shows, of a file that was checked, how long it is.
void show_sound(const snapshots::snapshot_reader& in, std::ostream& out);

} // namespace raft::tools
