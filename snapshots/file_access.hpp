// Reading and writing files of snapshots, with errors for people.

#pragma once

#include <raft/lmdb/directory.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace raft::snapshots {

/// What is behind the name of a file that is not finished.
inline constexpr const char* unfinished_suffix = ".part";

/// Opens or makes a file that is not finished, for this object alone.
/// @throws machine::no_space, snapshot_error
lmdb::file_descriptor open_unfinished(const std::string& path);

/// Reads a part of a file, or as much of it as there is.
/// @param to Has the size that is wanted.
/// @throws snapshot_error
void read_at(const lmdb::file_descriptor& file, const std::string& path,
             std::uint64_t offset, std::string& to);

/// Writes at the file's position.
/// @throws machine::no_space, snapshot_error
void write_all(const lmdb::file_descriptor& file, const std::string& path,
               std::string_view data);

/// @throws machine::no_space, snapshot_error
void sync_file(const lmdb::file_descriptor& file, const std::string& path);

/// Gives a file that was synced its name, for good.
/// @throws machine::no_space, snapshot_error
void give_name(const std::string& unfinished, const std::string& path);

/// @throws machine::no_space if `errno` says so, else snapshot_error
///         `no_access`.
[[noreturn]] void fail_to(const char* verb, const std::string& path);

} // namespace raft::snapshots
