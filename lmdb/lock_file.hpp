// What the lock file of a directory says: who has the directory, and whether
// there is data in it.

#pragma once

#include <string>

namespace raft::lmdb {

/// The process that has a directory, as text.
/// @param lock The lock file, open for reading.
/// @param path Its name, for errors.
/// @throws store_error `no_access`.
std::string holder_of(int lock, const std::string& path);

/// Whether a data file was ever finished in a directory.
/// @pre The caller has claimed the directory.
/// @throws store_error `no_access`.
bool had_data(const std::string& directory);

/// Whether a process has claimed a directory, as far as this one can see: if
/// the lock file cannot be read, it may. Claims nothing, and touches no file.
bool is_claimed(const std::string& directory);

/// Notes that this process has a directory, and that a finished data file is
/// there, whose name is durable.
/// @pre The caller has claimed the directory.
/// @throws store_error `no_access`.
void sign(const std::string& directory);

} // namespace raft::lmdb
