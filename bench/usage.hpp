// What servers use of their machine, as Linux counts it.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace raft::bench {

/// Of one process since it began, but for its memory.
struct process_usage {
  double cpu_seconds = 0;

  /// What it has caused to be written to disks, in whole pages (`write_bytes`
  /// of
  /// `/proc/PID/io`); without what the file system writes for itself.
  std::uint64_t written_bytes = 0;

  /// Memory now, mapped files included.
  std::uint64_t resident_bytes = 0;

  /// The same without mapped files.
  std::uint64_t anonymous_bytes = 0;
};

/// @throws std::runtime_error if there is no such process, or it is somebody
/// else's.
process_usage usage_of(pid_t process);

/// Of a disk since the machine was started, by all that runs on it.
struct disk_usage {
  /// Times that its cache was flushed: what a sync of a file ends with.
  std::uint64_t flushes = 0;
  std::uint64_t written_bytes = 0;
};

/// The disk that a file is on. None if that is no disk of its own (a file
/// system in memory, or across several disks), or the kernel does not count
/// flushes (before Linux 5.5).
std::optional<disk_usage> disk_of(const std::filesystem::path& file);

/// Reads `/sys/block/DISK/stat`.
std::optional<disk_usage> parse_disk_usage(std::string_view stat);

/// A number from `/proc/PID/status` or `/proc/PID/io`: the one behind this
/// name.
std::optional<std::uint64_t> parse_field(std::string_view text,
                                         std::string_view name);

/// How many processes wanted to run during the last minute, on average.
double load_average();

} // namespace raft::bench
