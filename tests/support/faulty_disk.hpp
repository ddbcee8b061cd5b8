// A disk that fails when it is told to.
//
// The library `raft_faulty_disk` stands between a program and the C library: it
// offers the calls by which LMDB and `persistence/` change files (`write`,
// `pwrite`, `writev`, `ftruncate`, `rename`, `fsync`, `fdatasync`) under the
// same names, counts them, and does something bad at one of them. A test is
// linked with it; a program is started with it in LD_PRELOAD.
//
// It remembers what was written since the last sync, in sectors of 512 bytes,
// which disks write in full or not at all. So it can play what a power failure
// leaves behind.

#pragma once

#include <cstdint>
#include <string>

namespace raft::test {

enum class disk_fault : std::uint8_t {
  /// All goes well; for counting.
  none,
  /// The process is killed instead of the call. The system writes the rest.
  kill,
  /// The power fails during the call: any part of what was not synced is lost,
  /// as the seed says, and the process is killed.
  power,
  /// The call fails with EIO; a write may have been done in part. If it is a
  /// sync, any part of what was not synced is lost, which shows once the file
  /// is read from the disk again: after `end_faulty_disk` or `_exit`. Each
  /// other
  /// descriptor of the file learns of it at its next sync, and all syncs after
  /// that report success, as with Linux.
  io_error,
  /// The call fails with ENOSPC; otherwise as `io_error`, but nothing of a
  /// write is done.
  no_space,
  /// A write does less than it was told, and says so. No effect on others.
  short_write,
};

enum class disk_calls : std::uint8_t { all, writes, syncs };

struct disk_plan {
  /// The files below it are on this disk. It must exist.
  std::string directory;
  disk_fault fault = disk_fault::none;
  /// What is counted.
  disk_calls calls = disk_calls::all;
  /// The call that fails, from 1.
  std::uint64_t at = 1;
  std::uint64_t seed = 0;
  /// Nothing is counted until a file of this name exists; empty: from the
  /// beginning.
  std::string when = {};
};

/// For the environment variable `disk_plan_variable` of a program that the
/// library is preloaded into. Names must not contain newlines.
inline std::string to_text(const disk_plan& x) {
  return x.directory + '\n' + x.when + '\n'
       + std::to_string(static_cast<int>(x.fault)) + ' '
       + std::to_string(static_cast<int>(x.calls)) + ' ' + std::to_string(x.at)
       + ' ' + std::to_string(x.seed);
}

inline constexpr const char* disk_plan_variable = "RAFT_FAULTY_DISK";

/// Begins to count in this process, from 0.
void use_faulty_disk(const disk_plan& plan);

/// Shows what failed syncs have lost, as if the files were read from the disk
/// again. Nobody may use them any more.
void end_faulty_disk();

/// How many calls were counted so far, including one that failed.
std::uint64_t faulty_disk_calls();

} // namespace raft::test
