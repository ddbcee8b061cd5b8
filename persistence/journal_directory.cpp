#include <raft/lmdb/directory.hpp>
#include <raft/lmdb/store_error.hpp>
#include <raft/persistence/journal_directory.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace raft::persistence {

namespace {

std::string reason(int code) {
  return std::generic_category().message(code);
}

[[noreturn]] void no_access(const char* what, const std::string& path,
                            int code) {
  throw store_error{store_errc::no_access,
                    std::string{"cannot "} + what + " '" + path + "': "
                      + reason(code) + "; check its permissions and the disk"};
}

} // namespace

const char* complaint_about(const journal_options& x) {
  if (x.segments < 2 || x.segments > 64)
    return "a journal has from 2 to 64 segments";
  if (x.segment_bytes < 4096 || x.segment_bytes > std::uint64_t{1} << 30)
    return "a segment of the journal has from 4096 to 1073741824 bytes";
  return nullptr;
}

journal_directory::journal_directory(std::string path,
                                     const journal_options& options,
                                     std::uint32_t segments, bool writable)
  : path_{std::move(path)}, options_{options}, writable_{writable} {
  extend(segments);
}

void journal_directory::extend(std::uint32_t segments) {
  while (files_.size() < segments) {
    auto& x = files_.emplace_back();
    x.path = path_ + '/'
           + journal_file_name(static_cast<std::uint32_t>(files_.size() - 1));
    lmdb::check_plain(x.path, lmdb::plain::file);
    lmdb::check_access(x.path, writable_);
    if (::access(x.path.c_str(), F_OK) == 0)
      open(x);
    else if (errno != ENOENT)
      no_access("look at", x.path, errno);
  }
}

journal_directory::~journal_directory() = default;

void journal_directory::open(segment_file& x) const {
  x.file = lmdb::open_plain(x.path, writable_ ? O_RDWR : O_RDONLY);
  if (writable_) {
    x.room = std::make_unique<lmdb::reserved_file>(x.path, journal_block);
    return;
  }
  auto size = lseek(x.file.get(), 0, SEEK_END);
  if (size < 0)
    no_access("read the size of", x.path, errno);
  x.length = static_cast<std::uint64_t>(size);
}

void journal_directory::make() {
  auto made = false;
  for (auto& x : files_) {
    if (x.file)
      continue;
    lmdb::file_descriptor file{
      ::open(x.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
             0640)};
    if (!file && lmdb::means_full(errno))
      throw store_error{store_errc::no_space,
                        "cannot make '" + x.path + "': " + reason(errno)};
    if (!file || fsync(file.get()) != 0)
      no_access("make", x.path, errno);
    open(x);
    made = true;
  }
  if (made)
    lmdb::sync_directory(path_);
}

void journal_directory::shrink(std::uint32_t segments) {
  if (segments >= files_.size())
    return;
  for (auto i = files_.size(); i-- > segments;)
    if (::unlink(files_[i].path.c_str()) != 0 && errno != ENOENT)
      no_access("erase", files_[i].path, errno);
  files_.resize(segments);
  lmdb::sync_directory(path_);
}

std::uint32_t journal_directory::count() const {
  return static_cast<std::uint32_t>(files_.size());
}

std::string journal_directory::name(std::uint32_t segment) const {
  return files_.at(segment).path;
}

std::uint64_t journal_directory::filled(std::uint32_t segment) const {
  const auto& x = files_.at(segment);
  return x.room ? x.room->filled() : x.length / journal_block * journal_block;
}

std::uint64_t journal_directory::limit(std::uint32_t segment) const {
  return segment < options_.segments ? options_.segment_bytes : 0;
}

bool journal_directory::take(std::uint32_t segment, std::uint64_t end) {
  try {
    files_.at(segment).room->take(end);
    return true;
  } catch (const store_error& e) {
    if (e.code() != store_errc::no_space)
      throw;
    return false;
  }
}

void journal_directory::keep(std::uint32_t segment, std::uint64_t end) {
  files_.at(segment).room->keep(end);
}

void journal_directory::read(journal_spot spot, std::span<char> to) const {
  const auto& x = files_.at(spot.segment);
  while (!to.empty()) {
    auto n = pread(x.file.get(), to.data(), to.size(),
                   static_cast<off_t>(spot.offset));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      no_access("read", x.path, n < 0 ? errno : EIO);
    spot.offset += static_cast<std::uint64_t>(n);
    to = to.subspan(static_cast<std::size_t>(n));
  }
}

void journal_directory::write(journal_spot spot, std::string_view data) {
  const auto& x = files_.at(spot.segment);
  while (!data.empty()) {
    auto n = pwrite(x.file.get(), data.data(), data.size(),
                    static_cast<off_t>(spot.offset));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      fail("write", x, n < 0 ? errno : EIO);
    spot.offset += static_cast<std::uint64_t>(n);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
}

void journal_directory::sync(std::uint32_t segment) {
  const auto& x = files_.at(segment);
  if (fdatasync(x.file.get()) != 0)
    fail("sync", x, errno);
  // A sync in the background may have been told of our failure.
  x.room->check();
}

void journal_directory::fail(const char* what, const segment_file& x,
                             int code) {
  throw store_error{store_errc::write_failed,
                    std::string{"cannot "} + what + " '" + x.path
                      + "': " + reason(code)
                      + ": what is on the disk is not known; end the process, "
                        "check the disk, start again"};
}

} // namespace raft::persistence
