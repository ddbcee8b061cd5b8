#include <raft/lmdb/directory.hpp>
#include <raft/lmdb/lock_file.hpp>
#include <raft/lmdb/store_error.hpp>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace raft::lmdb {

namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  auto reason = std::generic_category().message(errno);
  throw store_error{store_errc::no_access,
                    "cannot " + what + " '" + path + "': " + reason
                      + "; check its permissions and the disk"};
}

[[noreturn]] void fail_on_link(const std::string& path) {
  throw store_error{store_errc::no_access,
                    "'" + path
                      + "' is a symbolic link, and what it leads to may belong "
                        "to others: put the thing itself in its place, or "
                        "remove the link"};
}

/// The directories that this process has open, by device and inode.
struct claims {
  std::mutex mutex;
  std::set<std::pair<unsigned long, unsigned long>> taken;

  static claims& instance() {
    static claims result;
    return result;
  }
};

} // namespace

file_descriptor::file_descriptor(file_descriptor&& other) noexcept
  : fd_{std::exchange(other.fd_, -1)} {
  // nop
}

file_descriptor& file_descriptor::operator=(file_descriptor&& other) noexcept {
  file_descriptor old{std::exchange(fd_, std::exchange(other.fd_, -1))};
  return *this;
}

file_descriptor::~file_descriptor() {
  if (fd_ >= 0)
    close(fd_);
}

void make_directory(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code code;
  auto absolute = fs::absolute(path, code).lexically_normal();
  fs::path here;
  for (auto& part : absolute) {
    auto parent = here;
    here /= part;
    if (part.empty() || fs::exists(here, code))
      continue;
    if (mkdir(here.c_str(), 0750) != 0 && errno != EEXIST)
      fail("make directory", here.string());
    sync_directory(parent.string());
  }
}

void sync_directory(const std::string& path) {
  file_descriptor fd{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd)
    fail("open directory", path);
  if (fsync(fd.get()) != 0)
    fail("sync directory", path);
}

void check_plain(const std::string& path, plain wanted) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT)
      return;
    fail("look at", path);
  }
  if (S_ISLNK(info.st_mode))
    fail_on_link(path);
  if (wanted == plain::file ? S_ISREG(info.st_mode) : S_ISDIR(info.st_mode))
    return;
  throw store_error{store_errc::no_access,
                    "'" + path + "' is no "
                      + (wanted == plain::file ? "regular file" : "directory")
                      + ": move it out of the way"};
}

void check_access(const std::string& path, bool writable) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0)
    return; // nothing there, or opening it fails as well
  auto wanted = writable ? R_OK | W_OK : R_OK;
  if (faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) == 0)
    return;
  auto reason = std::generic_category().message(errno);
  throw store_error{store_errc::no_access,
                    "cannot open '" + path + "': " + reason
                      + "; it belongs to user " + std::to_string(info.st_uid)
                      + ", and this is user " + std::to_string(geteuid())
                      + ". Run as the owner, or give the whole directory to "
                        "this user (chown -R)"};
}

file_descriptor open_plain(const std::string& path, int flags) {
  file_descriptor result{
    open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0640)};
  if (!result && errno == ELOOP)
    fail_on_link(path);
  if (!result) {
    auto reason = errno;
    check_access(path, (flags & O_ACCMODE) != O_RDONLY);
    errno = reason;
    fail("open", path);
  }
  struct stat info {};
  if (fstat(result.get(), &info) != 0 || !S_ISREG(info.st_mode))
    check_plain(path, plain::file);
  return result;
}

directory_claim::directory_claim(const std::string& path, bool shared) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0)
    fail("open directory", path);
  auto& all = claims::instance();
  {
    std::lock_guard guard{all.mutex};
    if (!all.taken.emplace(info.st_dev, info.st_ino).second)
      throw store_error{store_errc::in_use,
                        "directory '" + path + "' is in use by another store "
                          + "of this process (" + std::to_string(getpid())
                          + "); use a directory of its own for each"};
  }
  device_ = info.st_dev;
  inode_ = info.st_ino;
  if (shared)
    return;
  try {
    take_lock(path + '/' + lock_file_name);
  } catch (...) {
    std::lock_guard guard{all.mutex};
    all.taken.erase({device_, inode_});
    throw;
  }
}

directory_claim::~directory_claim() {
  lock_ = file_descriptor{};
  auto& all = claims::instance();
  std::lock_guard guard{all.mutex};
  all.taken.erase({device_, inode_});
}

void directory_claim::take_lock(const std::string& path) {
  auto fd = open_plain(path, O_RDWR | O_CREAT);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      fail("lock", path);
    throw store_error{store_errc::in_use,
                      "'" + path + "' is locked by process "
                        + holder_of(fd.get(), path)
                        + "; stop it, or use another directory"};
  }
  lock_ = std::move(fd);
}

} // namespace raft::lmdb
