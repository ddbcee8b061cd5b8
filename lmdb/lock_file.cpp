#include <raft/lmdb/directory.hpp>
#include <raft/lmdb/lock_file.hpp>
#include <raft/lmdb/store_error.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace raft::lmdb {

namespace {

/// Both lines are always of one length: overwriting them needs no room on a
/// full disk.
constexpr std::size_t holder_bytes = 20;
constexpr std::string_view data_line = "\nhas data\n";

[[noreturn]] void fail(const char* what, const std::string& path) {
  auto reason = std::generic_category().message(errno);
  throw store_error{store_errc::no_access,
                    std::string{"cannot "} + what + " '" + path + "': " + reason
                      + "; check its permissions and the disk"};
}

std::string read(int file, const std::string& path) {
  std::array<char, holder_bytes + data_line.size()> text{};
  auto n = pread(file, text.data(), text.size(), 0);
  if (n < 0)
    fail("read", path);
  return {text.data(), static_cast<std::size_t>(n)};
}

/// Another descriptor than that of the claim, whose lock it does not touch.
file_descriptor open_file(const std::string& path) {
  return open_plain(path, O_RDWR);
}

} // namespace

std::string holder_of(int lock, const std::string& path) {
  auto result = read(lock, path).substr(0, holder_bytes);
  result.erase(result.find_last_not_of(" \n") + 1);
  return result.empty() ? "unknown" : result;
}

bool had_data(const std::string& directory) {
  auto path = directory + '/' + lock_file_name;
  return read(open_file(path).get(), path).ends_with(data_line);
}

bool is_claimed(const std::string& directory) {
  auto path = directory + '/' + lock_file_name;
  file_descriptor file{
    open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (!file)
    return errno != ENOENT;
  if (flock(file.get(), LOCK_SH | LOCK_NB) == 0)
    return false; // and it is free again with `file`
  return errno == EWOULDBLOCK;
}

void sign(const std::string& directory) {
  auto is_new = !had_data(directory);
  auto path = directory + '/' + lock_file_name;
  auto file = open_file(path);
  auto text = std::to_string(getpid());
  text.resize(holder_bytes, ' ');
  text += data_line;
  if (pwrite(file.get(), text.data(), text.size(), 0) < 0)
    fail("write", path);
  if (is_new && fdatasync(file.get()) != 0)
    fail("sync", path);
}

} // namespace raft::lmdb
