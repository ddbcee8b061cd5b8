// A forked copy of the test that can be killed at any moment.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <sys/types.h>

namespace raft::test {

/// Runs a function in a child process. The function gets the writing end of a
/// pipe; when it returns, the child ends with status 0, when it throws, with 1.
/// The child is killed with this object, and when the test dies.
class child_process {
public:
  explicit child_process(const std::function<void(int)>& run);
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process();

  pid_t pid() const noexcept {
    return pid_;
  }

  /// The next number that the child sent.
  /// @returns nothing after the last one, when the child has ended, or when the
  ///          time is over.
  std::optional<std::uint64_t> receive_number(int timeout_us = 120'000'000);

  /// Sends SIGKILL and waits for the end.
  void kill();

  /// Waits for the end.
  /// @returns the exit status, or -1 if the child was killed.
  int wait();

private:
  pid_t pid_ = 0;
  int in_ = -1;
};

/// Sends a number to the parent, at once.
void send_number(int out, std::uint64_t x);

} // namespace raft::test
