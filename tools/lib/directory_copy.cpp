#include <raft/lmdb/directory.hpp>
#include <raft/tools/lib/directory_copy.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>

namespace raft::tools {

namespace fs = std::filesystem;

namespace {

std::string without_slashes(std::string x) {
  while (x.size() > 1 && x.ends_with('/'))
    x.pop_back();
  return x;
}

std::uint64_t bytes_below(const std::string& directory) {
  std::uint64_t result = 0;
  for (const auto& x : fs::recursive_directory_iterator{directory})
    if (x.is_regular_file())
      result += x.file_size();
  return result;
}

/// Before anything is written: a disk that is full to the last byte is of no
/// use to the peer either.
void check_room(const std::string& from, const std::string& to) {
  constexpr std::uint64_t to_spare = 64 << 20;
  auto needed = bytes_below(from) + to_spare;
  auto there = fs::space(fs::absolute(to).parent_path()).available;
  if (there < needed)
    throw no_room{fmt::format("a copy of '{}' needs {} bytes beside it, and "
                              "there are {}: make room, or move the directory "
                              "to a disk with more",
                              from, needed, there)};
}

void sync(const fs::path& file) {
  lmdb::file_descriptor fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd || ::fsync(fd.get()) != 0)
    throw std::system_error{errno, std::generic_category(),
                            "cannot sync '" + file.string() + "'"};
}

/// @pre `to` is not there.
void copy_files(const fs::path& from, const fs::path& to) {
  fs::create_directory(to, from);
  for (const auto& x : fs::directory_iterator{from}) {
    auto copy = to / x.path().filename();
    if (x.is_symlink())
      throw std::runtime_error{
        fmt::format("'{}' is a symbolic link, which no peer makes: move it "
                    "out of the way",
                    x.path().string())};
    if (x.is_directory()) {
      copy_files(x.path(), copy);
    } else if (x.is_regular_file()) {
      fs::copy_file(x.path(), copy);
      sync(copy);
    }
  }
  lmdb::sync_directory(to.string());
}

} // namespace

std::string free_name_beside(const std::string& directory,
                             const std::string& why) {
  auto name = without_slashes(directory) + "." + why;
  auto result = name;
  for (auto i = 2; fs::exists(result); ++i)
    result = fmt::format("{}-{}", name, i);
  return result;
}

void copy_directory(const std::string& from, const std::string& to) {
  auto unfinished = to + ".part";
  fs::remove_all(unfinished); // of an attempt that was ended
  check_room(from, to);
  try {
    copy_files(from, unfinished);
  } catch (const std::system_error& e) {
    std::error_code ignored; // What it says comes first.
    fs::remove_all(unfinished, ignored);
    auto code = e.code();
    if (code == std::errc::no_space_on_device
        || code == std::error_code{EDQUOT, std::generic_category()})
      throw no_room{fmt::format("the disk has no room for a copy of '{}': {}",
                                from, e.what())};
    throw;
  }
  fs::rename(unfinished, to);
  lmdb::sync_directory(fs::absolute(to).parent_path().string());
}

} // namespace raft::tools
