// A file that is made anew at each start, by which a directory is told from a
// copy of it.
//
// The store notes inode and time of birth of the empty file `raft.mark`. A copy
// of the directory has another file there. So has a directory into whose files
// an older copy was written: there the file is that of a later start. What is
// not told apart is a whole file system that was taken back to an earlier
// state.

#pragma once

#include <raft/persistence/record.hpp>

#include <optional>
#include <string>

namespace raft::persistence {

/// Whether the file that a record names is there. It may be on its way: a crash
/// can come between the record and the step that gives the file its name.
/// @throws store_error `no_access`.
bool has_mark(const std::string& directory, const file_mark& recorded);

/// Makes the file of the next start, beside that of the last one, and makes it
/// durable.
/// @returns what to record; nothing if the disk is full, which is no reason not
///          to go on with the old one.
/// @throws store_error `no_access`.
std::optional<file_mark> make_mark(const std::string& directory);

/// Gives that file its name, once the record is durable.
/// @throws store_error `no_access`.
void place_mark(const std::string& directory);

} // namespace raft::persistence
