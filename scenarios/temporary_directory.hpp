// A directory for the data of peers, which goes away with the ground.

#pragma once

#include <string>

namespace raft::scenarios {

class temporary_directory {
public:
  /// Makes it where temporary files go (`TMPDIR`).
  /// @throws std::runtime_error if it can not be made.
  temporary_directory();
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  /// The path of a file in it.
  std::string path(const std::string& name) const {
    return path_ + '/' + name;
  }

private:
  std::string path_;
};

} // namespace raft::scenarios
