// A directory of files, made to last and held by one user at a time.

#pragma once

#include <string>

namespace raft::lmdb {

/// A file descriptor that is closed at the end.
class file_descriptor {
public:
  explicit file_descriptor(int fd = -1) noexcept : fd_{fd} {
    // nop
  }
  file_descriptor(file_descriptor&& other) noexcept;
  file_descriptor& operator=(file_descriptor&& other) noexcept;
  ~file_descriptor();

  int get() const noexcept {
    return fd_;
  }

  /// Whether there is one.
  explicit operator bool() const noexcept {
    return fd_ >= 0;
  }

private:
  int fd_;
};

/// Makes a directory, and those above it, unless it exists. When this returns,
/// a power failure does not take it away again.
/// @throws store_error `no_access`.
void make_directory(const std::string& path);

/// Makes the names of the files in a directory durable.
/// @throws store_error `no_access`.
void sync_directory(const std::string& path);

/// What may be in the place of a name.
enum class plain { file, directory };

/// Refuses a symbolic link, or whatever else is not what we would make there:
/// it could lead to the data of others. There may be nothing.
/// @throws store_error `no_access`.
void check_plain(const std::string& path, plain wanted);

/// Refuses a file that this process cannot use, in words that say whose it is.
/// There may be none.
/// @throws store_error `no_access`.
void check_access(const std::string& path, bool writable);

/// Opens a file of ours, but never by a symbolic link.
/// @param flags For `open`.
/// @throws store_error `no_access`.
file_descriptor open_plain(const std::string& path, int flags);

/// Name of the file that carries the lock and the holder's process id.
inline constexpr const char* lock_file_name = "raft.lock";

/// Keeps others away from a directory: other processes by a lock on a file in
/// it, other users in this process by a list in memory.
class directory_claim {
public:
  /// @param shared Claims the directory in this process only, and touches no
  ///        file: for reading beside a process that writes.
  /// @throws store_error `in_use`, `no_access`.
  directory_claim(const std::string& path, bool shared);
  directory_claim(const directory_claim&) = delete;
  directory_claim& operator=(const directory_claim&) = delete;
  ~directory_claim();

private:
  void take_lock(const std::string& path);

  unsigned long device_ = 0;
  unsigned long inode_ = 0;
  file_descriptor lock_;
};

} // namespace raft::lmdb
