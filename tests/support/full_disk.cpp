#include <raft/tests/support/full_disk.hpp>

#include <climits>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <dlfcn.h>
#include <string>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace raft::test {

namespace {

/// The function that would have been called without this library.
template <class F>
F* behind(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

bool is_below(int fd, const std::string& directory) {
  std::array<char, PATH_MAX> path{};
  auto link = "/proc/self/fd/" + std::to_string(fd);
  auto n = readlink(link.c_str(), path.data(), path.size());
  std::string file{path.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  return file.starts_with(directory + '/');
}

/// @param end Where the file would end, unless it is longer.
bool lacks_space(int fd, off_t end) {
  static const char* directory = std::getenv(full_directory_variable);
  static const char* file = std::getenv(full_while_variable);
  struct stat info {};
  return directory != nullptr && file != nullptr && access(file, F_OK) == 0
      && is_below(fd, directory) && fstat(fd, &info) == 0
      && S_ISREG(info.st_mode) && end > info.st_size;
}

off_t place_of(int fd) {
  return lseek(fd, 0, SEEK_CUR);
}

template <class Result>
Result no_space() {
  errno = ENOSPC;
  return -1;
}

} // namespace

} // namespace raft::test

// -- the calls ----------------------------------------------------------------

using namespace raft::test;

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  static auto* f = behind<ssize_t(int, const void*, std::size_t)>("write");
  if (lacks_space(fd, place_of(fd) + static_cast<off_t>(size)))
    return no_space<ssize_t>();
  return f(fd, data, size);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  static auto* f
    = behind<ssize_t(int, const void*, std::size_t, off_t)>("pwrite");
  if (lacks_space(fd, at + static_cast<off_t>(size)))
    return no_space<ssize_t>();
  return f(fd, data, size, at);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static auto* f = behind<ssize_t(int, const iovec*, int)>("writev");
  std::size_t size = 0;
  for (int i = 0; i < count; ++i)
    size += parts[i].iov_len;
  if (lacks_space(fd, place_of(fd) + static_cast<off_t>(size)))
    return no_space<ssize_t>();
  return f(fd, parts, count);
}

int ftruncate(int fd, off_t length) noexcept {
  static auto* f = behind<int(int, off_t)>("ftruncate");
  return lacks_space(fd, length) ? no_space<int>() : f(fd, length);
}

} // extern "C"
