// A directory that goes away with the test.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace raft::test {

class temporary_directory {
public:
  temporary_directory() {
    auto name
      = (std::filesystem::temp_directory_path() / "raft-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw std::runtime_error{"cannot make a temporary directory"};
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

} // namespace raft::test
