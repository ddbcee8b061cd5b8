#include <raft/tests/support/hanging_disk.hpp>

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <poll.h>
#include <string>
#include <system_error>
#include <unistd.h>

namespace {

bool may_hang(int fd) {
  static const char* part = std::getenv(raft::test::hanging_files_variable);
  if (part == nullptr)
    return true;
  std::error_code ignored; // what has no path does not hang
  auto path = std::filesystem::read_symlink(
    "/proc/self/fd/" + std::to_string(fd), ignored);
  return path.string().find(part) != std::string::npos;
}

void wait_while_it_hangs(int fd) {
  static const char* file = std::getenv(raft::test::hanging_disk_variable);
  if (file == nullptr || !may_hang(fd))
    return;
  while (access(file, F_OK) == 0)
    poll(nullptr, 0, 5);
}

/// Syncs by the function that would have been called without this library.
int sync_by(const char* name, int fd) {
  return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, name))(fd);
}

} // namespace

extern "C" {

int fsync(int fd) {
  wait_while_it_hangs(fd);
  return sync_by("fsync", fd);
}

int fdatasync(int fd) {
  wait_while_it_hangs(fd);
  return sync_by("fdatasync", fd);
}

} // extern "C"
