// A directory that has no room while a file is there.
//
// The library `raft_full_disk` stands between a program and the C library:
// below one directory, calls that would make a file longer fail with ENOSPC, as
// long as the file exists that says so. What a file has already can be written
// over. It knows the calls by which LMDB and `persistence/` make files longer:
// `write`, `pwrite`, `writev` and `ftruncate`. A program is started with it in
// LD_PRELOAD.

#pragma once

namespace raft::test {

/// The directory that has no room, in full.
inline constexpr const char* full_directory_variable = "RAFT_FULL_DIRECTORY";

/// The name of the file that says that there is none.
inline constexpr const char* full_while_variable = "RAFT_FULL_WHILE";

} // namespace raft::test
