// A directory that goes away with whoever made it: the data of peers, in
// scenarios and in tests.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>

namespace raft::scenarios {

/// Where files live in memory, if there is such a place: for what writes much
/// and does not care whether it lasts.
inline std::filesystem::path fast_place() {
  std::filesystem::path result{"/dev/shm"};
  return access(result.c_str(), W_OK) == 0
         ? result
         : std::filesystem::temp_directory_path();
}

class temporary_directory {
public:
  /// @param place Where to make it: where temporary files go (`TMPDIR`).
  /// @throws std::runtime_error if it cannot be made.
  explicit temporary_directory(const std::filesystem::path& place
                               = std::filesystem::temp_directory_path()) {
    auto name = (place / "raft-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw std::runtime_error{"cannot make a directory like " + name};
    path_ = name;
  }

  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// The path of the directory, or of a file in it.
  std::string path(const std::string& name = {}) const {
    return name.empty() ? path_ : path_ + '/' + name;
  }

private:
  std::string path_;
};

} // namespace raft::scenarios
