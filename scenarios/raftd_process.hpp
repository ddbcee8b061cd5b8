// raftd as an operating-system process that gets killed and frozen.

#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace raft::scenarios {

/// Where raftd is: beside the program that runs.
std::string raftd_path();

/// One process. Killed with this object, and when the thread ends that made it.
class raftd_process {
public:
  /// Names and values.
  using variables = std::map<std::string, std::string>;

  /// @param log A file that gets its log; without one, it goes where that of
  ///        this process does.
  /// @param environment What is set in its environment.
  /// @param program Another one than raftd, that takes the same flags.
  /// @throws std::runtime_error if there can be no further process.
  explicit raftd_process(const std::vector<std::string>& flags,
                         const std::string& log = {},
                         const variables& environment = {},
                         const std::string& program = raftd_path());
  ~raftd_process();
  raftd_process(const raftd_process&) = delete;
  raftd_process& operator=(const raftd_process&) = delete;

  pid_t pid() const noexcept {
    return pid_;
  }

  /// The next line of its standard output, without the line break.
  /// @returns an empty text if there is none in time.
  std::string read_line(std::chrono::milliseconds deadline);

  void send(int signal);

  /// Memory of its own that is in use, in bytes: what the kernel calls RssAnon.
  /// Mapped files do not count.
  std::uint64_t memory() const;

  /// Sends SIGKILL and waits for the end.
  void kill();

  /// Waits for the end.
  /// @returns the exit code, or -1 if it was killed or did not end in time.
  int wait(std::chrono::milliseconds deadline);

private:
  pid_t pid_ = 0;
  int out_ = -1;
  int status_ = 0;
};

} // namespace raft::scenarios
