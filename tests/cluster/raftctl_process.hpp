// raftctl as a process of its own, for tests.

#pragma once

#include <raft/scenarios/raftd_process.hpp>
#include <raft/tests/support/patience.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace raft::cluster {

/// Runs in the background until it is waited for. Without a terminal.
class raftctl_process {
public:
  /// @param errors A file that gets its standard error, behind what is there.
  explicit raftctl_process(
    const std::vector<std::string>& arguments, std::string errors,
    const scenarios::raftd_process::variables& environment = {})
    : errors_{std::move(errors)},
      process_{arguments, errors_, environment,
               std::filesystem::path{scenarios::raftd_path()}
                 .replace_filename("raftctl")
                 .string()} {
    // nop
  }

  /// @returns its exit code, or -1 if it was killed or did not end in time.
  int wait(std::chrono::milliseconds deadline = test::patience) {
    for (std::string line; !(line = process_.read_line(deadline)).empty();)
      out_ += line + '\n';
    return process_.wait(deadline);
  }

  void kill() {
    process_.kill();
  }

  /// What it printed, once it has ended.
  const std::string& out() const noexcept {
    return out_;
  }

  /// Its standard error so far.
  std::string errors() const {
    std::ifstream in{errors_};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

private:
  std::string errors_;
  scenarios::raftd_process process_;
  std::string out_;
};

} // namespace raft::cluster
