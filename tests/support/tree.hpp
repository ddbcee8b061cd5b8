// The bytes of all files below a directory, to see whether anything changed.

#pragma once

#include <filesystem>
#include <fstream>
#include <ios>
#include <map>
#include <string>

namespace raft::test {

/// Contents by relative name. Without LMDB's table of readers, which holds
/// nothing that must last.
inline std::map<std::string, std::string>
files_below(const std::filesystem::path& directory) {
  std::map<std::string, std::string> result;
  for (const auto& x :
       std::filesystem::recursive_directory_iterator{directory}) {
    if (!x.is_regular_file() || x.path().filename() == "lock.mdb")
      continue;
    std::ifstream in{x.path(), std::ios::binary};
    auto name = std::filesystem::relative(x.path(), directory).string();
    auto& content = result[name];
    content.resize(x.file_size());
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
  }
  return result;
}

} // namespace raft::test
