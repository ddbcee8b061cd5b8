// Lines for people that never hold up who writes them.

#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace raft::programs {

/// Writes lines to a file by a thread of its own. Whoever hands one over never
/// waits for the file: not for a pipe that nobody reads, not for a terminal
/// that was stopped, not for a disk. Lines that find no room in memory, or
/// that the file does not take, are lost, and when there is room again a line
/// says how many.
///
/// All functions may be called by any thread.
class line_writer {
public:
  /// @param fd Stays open; it must outlive the process or this object.
  /// @param bytes_max How much may wait.
  /// @param of What the lines are of, for the one that says how many are lost:
  ///        "the log".
  explicit line_writer(int fd, std::size_t bytes_max = std::size_t{1} << 20,
                       std::string of = {});
  line_writer(const line_writer&) = delete;
  line_writer& operator=(const line_writer&) = delete;

  /// Gives what waits a short time (`last_words`) to get out.
  ~line_writer();

  static constexpr std::chrono::milliseconds last_words{1000};

  /// @param line With its line break.
  /// @param important Whether it may go beyond `bytes_max`: the reason of the
  ///        end.
  void put(std::string line, bool important = false);

  /// Waits until all is written, but not forever.
  /// @returns whether it is.
  bool drain(std::chrono::milliseconds patience = last_words);

private:
  struct state;

  // The thread may never come back from a write: it keeps what it needs.
  std::shared_ptr<state> state_;
};

} // namespace raft::programs
