#include <raft/tests/support/hanging_disk.hpp>

#include <cstdlib>
#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

namespace {

void wait_while_it_hangs() {
  static const char* file = std::getenv(raft::test::hanging_disk_variable);
  while (file != nullptr && access(file, F_OK) == 0)
    poll(nullptr, 0, 5);
}

/// Syncs by the function that would have been called without this library.
int sync_by(const char* name, int fd) {
  return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, name))(fd);
}

} // namespace

extern "C" {

int fsync(int fd) {
  wait_while_it_hangs();
  return sync_by("fsync", fd);
}

int fdatasync(int fd) {
  wait_while_it_hangs();
  return sync_by("fdatasync", fd);
}

} // extern "C"
