#include <raft/lmdb/directory.hpp>
#include <raft/persistence/start_mark.hpp>
#include <raft/persistence/store.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace raft::persistence {

namespace {

std::string placed(const std::string& directory) {
  return directory + "/raft.mark";
}

std::string unplaced(const std::string& directory) {
  return directory + "/raft.mark.new";
}

[[noreturn]] void no_mark(const char* what, const std::string& path) {
  auto reason = std::generic_category().message(errno);
  throw store_error{store_errc::no_access,
                    std::string{"cannot "} + what + " '" + path + "': " + reason
                      + "; check its permissions and the disk"};
}

std::optional<file_mark> mark_of(const std::string& path) {
  struct statx found {};
  if (statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW,
            STATX_INO | STATX_BTIME, &found)
      != 0) {
    if (errno == ENOENT)
      return std::nullopt;
    no_mark("look at", path);
  }
  file_mark result;
  result.inode = found.stx_ino;
  if ((found.stx_mask & STATX_BTIME) != 0) {
    result.born_seconds = static_cast<std::uint64_t>(found.stx_btime.tv_sec);
    result.born_nanoseconds = found.stx_btime.tv_nsec;
  }
  return result;
}

} // namespace

bool has_mark(const std::string& directory, const file_mark& recorded) {
  if (mark_of(placed(directory)) == recorded)
    return true;
  if (mark_of(unplaced(directory)) != recorded)
    return false;
  place_mark(directory);
  return true;
}

std::optional<file_mark> make_mark(const std::string& directory) {
  auto path = unplaced(directory);
  // It takes no block, so a full disk rarely refuses it.
  ::unlink(path.c_str());
  lmdb::file_descriptor file{open(
    path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640)};
  if (!file) {
    if (errno == ENOSPC || errno == EDQUOT)
      return std::nullopt;
    no_mark("make", path);
  }
  if (fsync(file.get()) != 0)
    no_mark("sync", path);
  lmdb::sync_directory(directory);
  return mark_of(path);
}

void place_mark(const std::string& directory) {
  auto path = placed(directory);
  if (std::rename(unplaced(directory).c_str(), path.c_str()) != 0)
    no_mark("make", path);
  lmdb::sync_directory(directory);
}

} // namespace raft::persistence
