// Processes that do a part of a measurement.

#pragma once

#include <functional>
#include <string>
#include <sys/types.h>

namespace raft::bench::floor {

/// Another process, and what it says.
class child {
public:
  /// Runs `f` in a process of its own, which ends when `f` returns, and with
  /// its parent. What it throws is printed, and the process has failed.
  /// @param f Gets where to write what the parent is to read.
  /// @pre This process has one thread.
  explicit child(const std::function<void(int out)>& f);
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// Ends it, if it is still there.
  ~child();

  /// Reads so many bytes.
  /// @throws std::runtime_error if the process says less.
  void read(void* to, std::size_t size);

  /// Waits for its end.
  /// @throws std::runtime_error if it has failed.
  void join();

private:
  pid_t pid_ = -1;
  int in_ = -1;
};

/// Writes all of it, from a child to its parent.
/// @throws std::system_error
void write_all(int out, const void* from, std::size_t size);

} // namespace raft::bench::floor
