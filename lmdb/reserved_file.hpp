// Room on the disk, taken before it is needed.

#pragma once

#include <raft/lmdb/directory.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace raft::lmdb {

/// How much of the disk a data file keeps for what it will have to write.
struct reserved_space_options {
  /// Bytes taken ahead in the background. Half of it is used up before more is
  /// taken.
  std::uint64_t ahead = std::uint64_t{16} << 20;
  /// Bytes that only commits without commands may use: terms, votes,
  /// truncations, and what a leader begins its term with.
  std::uint64_t reserve = std::uint64_t{4} << 20;
};

/// Makes a file longer by zeros that are really written and synced, so that
/// writing there later needs no new blocks of the disk, and no change of the
/// file's length. What is behind `filled` belongs to this object alone; what is
/// before it belongs to others, who may write it meanwhile.
///
/// The members may be called by any thread.
class reserved_file {
public:
  /// Opens a file that exists. Holes in it are filled.
  /// @param block Unit of the file's length, in bytes; a power of two.
  /// @throws store_error `no_access`; `no_space` if it has holes that cannot
  ///         be filled.
  reserved_file(std::string path, std::uint64_t block);
  reserved_file(const reserved_file&) = delete;
  reserved_file& operator=(const reserved_file&) = delete;
  /// Waits for a step that is under way in the background.
  ~reserved_file();

  /// Up to where the file is filled, in bytes from its beginning.
  std::uint64_t filled() const noexcept {
    return filled_;
  }

  /// Fills the file up to `end` at least, before it returns.
  /// @throws store_error `no_space`: what could not be taken in full was given
  ///         back, and a later call may succeed. `write_failed`: as `check`.
  void take(std::uint64_t end);

  /// Has the file filled up to `end` in the background, in small steps. Gives
  /// up when there is no space; call it again.
  void keep(std::uint64_t end);

  /// Waits until the file is filled up to `end`, or has no space for that, or
  /// so long. Somebody must have called `keep`.
  void await(std::uint64_t end, std::chrono::milliseconds patience);

  /// Whether there was no space when the file was to become longer last.
  bool is_full() const noexcept {
    return full_;
  }

  /// @throws store_error `write_failed` if a write or sync has ever failed for
  ///         another reason than a full disk. Then nothing that was written to
  ///         the file may be believed any more.
  void check() const;

private:
  void fill_holes();
  void fill(std::uint64_t begin, std::uint64_t end);
  void grow(std::uint64_t end);
  void run();
  [[noreturn]] void fail(const char* what, int code);

  std::string path_;
  std::uint64_t block_;
  file_descriptor file_;
  std::atomic<std::uint64_t> filled_ = 0;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> full_ = false;
  std::mutex growing_; // held by whoever makes the file longer
  std::mutex mutex_; // guards the members below
  std::condition_variable changed_;
  std::uint64_t wanted_ = 0;
  bool stopping_ = false;
  std::thread keeper_;
};

/// Whether an `errno` says that there is no room: on the disk, in a quota, or
/// below a limit on the size of files.
bool means_full(int code) noexcept;

} // namespace raft::lmdb
