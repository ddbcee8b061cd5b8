// A disk that hangs when it is told to.
//
// hanging_disk.cpp, as a part of a program, stands between it and the C
// library. While the file exists that the environment variable
// `hanging_disk_variable` names, no `fsync` and no `fdatasync` comes to an end.
// If `hanging_files_variable` is set, too, only files hang whose paths contain
// its value.

#pragma once

namespace raft::test {

inline constexpr const char* hanging_disk_variable = "RAFT_HANGING_DISK";
inline constexpr const char* hanging_files_variable = "RAFT_HANGING_FILES";

} // namespace raft::test
