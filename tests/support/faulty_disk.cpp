#include <raft/tests/support/faulty_disk.hpp>

#include <climits>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <sstream>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace raft::test {

namespace {

constexpr std::uint64_t sector_bytes = 512;

using sector = std::array<char, sector_bytes>;

/// The function that would have been called without this library.
template <class F>
F* next(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

ssize_t real_pwrite(int fd, const void* data, std::size_t size, off_t at) {
  static auto* f
    = next<ssize_t(int, const void*, std::size_t, off_t)>("pwrite");
  return f(fd, data, size, at);
}

int real_ftruncate(int fd, off_t size) {
  static auto* f = next<int(int, off_t)>("ftruncate");
  return f(fd, size);
}

int real_rename(const char* from, const char* to) {
  static auto* f = next<int(const char*, const char*)>("rename");
  return f(from, to);
}

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "faulty disk: %s: %s\n", what, std::strerror(errno));
  std::abort();
}

/// What of a disk's cache is lost.
class loss {
public:
  explicit loss(std::uint64_t seed) : seed_{seed}, random_{seed} {
    // nop
  }

  /// The next thing is lost, or not.
  bool operator()() {
    switch (seed_ % 4) {
      case 0:
        return true;
      case 1:
        return random_() % 2 == 0;
      case 2:
        return random_() % 8 == 0;
      default:
        return random_() % 8 != 0;
    }
  }

private:
  std::uint64_t seed_;
  std::mt19937_64 random_;
};

/// A file as the disk holds it, where that differs from what the system shows.
struct file {
  /// Its own, because that of the program may be for writing only.
  int fd = -1;
  /// Its length at the last sync. What is beyond would be lost.
  std::uint64_t synced_length = 0;
  /// What sectors before `synced_length` held at the last sync, if they have
  /// been written since.
  std::map<std::uint64_t, sector> old;
  /// What sectors are to hold that a failed sync has lost. The system goes on
  /// showing what was written there, until it needs the memory.
  std::map<std::uint64_t, sector> doomed;
  /// Through which descriptors a failed sync was reported, if there was one:
  /// each learns of it once.
  std::set<int> told;

  std::uint64_t length() const {
    struct stat info {};
    if (fstat(fd, &info) != 0)
      give_up("fstat");
    return static_cast<std::uint64_t>(info.st_size);
  }

  void remember(std::uint64_t begin, std::uint64_t end) {
    for (auto i = begin / sector_bytes;
         i * sector_bytes < std::min(end, synced_length); ++i) {
      auto [at, is_new] = old.try_emplace(i);
      if (is_new
          && pread(fd, at->second.data(), sector_bytes,
                   static_cast<off_t>(i * sector_bytes))
               < 0)
        give_up("pread");
    }
  }

  /// What was written through a descriptor that syncs each write.
  void forget(std::uint64_t begin, std::uint64_t end) {
    auto first = begin / sector_bytes;
    old.erase(old.lower_bound(first),
              old.lower_bound((end + sector_bytes - 1) / sector_bytes));
    synced_length = std::max(synced_length, end);
  }

  void synced() {
    for (const auto& [index, before] : old)
      doomed.erase(index);
    old.clear();
    synced_length = length();
  }

  /// Loses any part of what was not synced.
  void lose(loss& lost) {
    auto end = length();
    for (auto& [index, before] : old)
      if (lost())
        put(index, before, synced_length);
    if (end > synced_length && lost()) {
      if (real_ftruncate(fd, static_cast<off_t>(synced_length)) != 0)
        give_up("ftruncate");
    } else {
      for (auto at = synced_length; at < end; at += sector_bytes)
        if (lost())
          put(at / sector_bytes, sector{}, end);
    }
    synced();
  }

  /// Loses any part of what was not synced, but does not show it yet.
  void doom(loss& lost, int failing) {
    auto end = length();
    auto gone = std::exchange(old, {});
    for (auto at = synced_length; at < end; at += sector_bytes)
      gone.try_emplace(at / sector_bytes);
    for (const auto& [index, before] : gone)
      if (lost())
        doomed.try_emplace(index, before);
    told = {failing};
    synced();
  }

  /// Shows what failed syncs have lost.
  void lose_the_doomed() {
    for (const auto& [index, before] : std::exchange(doomed, {}))
      if (index * sector_bytes < length())
        put(index, before, length());
  }

  void put(std::uint64_t index, const sector& what, std::uint64_t end) const {
    auto begin = index * sector_bytes;
    auto size = std::min(sector_bytes, end - begin);
    if (real_pwrite(fd, what.data(), size, static_cast<off_t>(begin)) < 0)
      give_up("pwrite");
  }
};

class disk {
public:
  static disk& instance() {
    // Lives as long as any thread may write.
    static auto& result = *new disk;
    return result;
  }

  void arm(disk_plan plan) {
    std::array<char, PATH_MAX> path{};
    if (realpath(plan.directory.c_str(), path.data()) == nullptr)
      give_up(plan.directory.c_str());
    std::lock_guard guard{mutex_};
    plan_ = std::move(plan);
    plan_.directory = path.data();
    calls_ = 0;
    armed_ = true;
  }

  std::uint64_t calls() {
    std::lock_guard guard{mutex_};
    return calls_;
  }

  /// Writes to a file.
  /// @param at Below 0: at the descriptor's own place.
  /// @param run Writes up to so many of the bytes.
  ssize_t write(int fd, off_t at, std::size_t size,
                const std::function<ssize_t(std::size_t)>& run);

  int truncate(int fd, off_t length);
  int rename(const char* from, const char* to);
  int sync(int fd, const std::function<int()>& run);
  void end();

private:
  bool is_here(const std::string& path) const {
    return path.starts_with(plan_.directory + '/') || path == plan_.directory;
  }

  std::optional<std::string> path_of(int fd) const;
  file* find(int fd);
  disk_fault count(disk_calls kind);
  [[noreturn]] void cut_power();
  static int fail(disk_fault fault);

  std::atomic<bool> armed_ = false;
  std::mutex mutex_; // guards the members below
  disk_plan plan_;
  std::uint64_t calls_ = 0;
  std::map<ino_t, file> files_;
  /// Since the last sync of a directory.
  std::vector<std::pair<std::string, std::string>> renames_;
};

/// The name of an open file, if it is on this disk. LMDB's table of readers
/// need not survive anything; and to open it once more would end its locks.
std::optional<std::string> disk::path_of(int fd) const {
  std::array<char, PATH_MAX> path{};
  auto link = "/proc/self/fd/" + std::to_string(fd);
  auto n = readlink(link.c_str(), path.data(), path.size());
  std::string result{path.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  if (!is_here(result) || result.ends_with("/lock.mdb"))
    return std::nullopt;
  return result;
}

file* disk::find(int fd) {
  struct stat info {};
  auto path = path_of(fd);
  if (!path || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    return nullptr;
  auto [at, is_new] = files_.try_emplace(info.st_ino);
  auto& result = at->second;
  if (is_new) {
    result.fd = open(path->c_str(), O_RDWR | O_CLOEXEC);
    if (result.fd < 0)
      give_up(path->c_str());
    result.synced_length = result.length();
  }
  return &result;
}

/// @returns what happens to this call.
disk_fault disk::count(disk_calls kind) {
  if (plan_.calls != disk_calls::all && plan_.calls != kind)
    return disk_fault::none;
  if (!plan_.when.empty() && access(plan_.when.c_str(), F_OK) != 0)
    return disk_fault::none;
  if (++calls_ != plan_.at)
    return disk_fault::none;
  if (plan_.fault == disk_fault::kill)
    raise(SIGKILL);
  return plan_.fault;
}

/// The power is gone: any part of what was not synced is lost.
void disk::cut_power() {
  loss lost{plan_.seed};
  for (auto& [inode, x] : files_)
    x.lose(lost);
  for (; !renames_.empty() && lost(); renames_.pop_back())
    if (real_rename(renames_.back().second.c_str(),
                    renames_.back().first.c_str())
        != 0)
      give_up("rename");
  raise(SIGKILL);
  std::abort();
}

int disk::fail(disk_fault fault) {
  errno = fault == disk_fault::no_space ? ENOSPC : EIO;
  return -1;
}

ssize_t disk::write(int fd, off_t at, std::size_t size,
                    const std::function<ssize_t(std::size_t)>& run) {
  if (!armed_)
    return run(size);
  std::lock_guard guard{mutex_};
  auto* file = find(fd);
  if (file == nullptr)
    return run(size);
  auto begin = static_cast<std::uint64_t>(at < 0 ? lseek(fd, 0, SEEK_CUR) : at);
  auto fault = count(disk_calls::writes);
  file->remember(begin, begin + size);
  switch (fault) {
    case disk_fault::no_space:
      return fail(fault);
    case disk_fault::io_error:
      if (plan_.seed % 2 == 0)
        run(size / 2);
      return fail(fault);
    case disk_fault::short_write:
      return run(size / 2);
    default:
      break;
  }
  auto result = run(size);
  if (fault == disk_fault::power)
    cut_power();
  if (result > 0 && (fcntl(fd, F_GETFL) & O_DSYNC) != 0)
    file->forget(begin, begin + static_cast<std::uint64_t>(result));
  return result;
}

int disk::truncate(int fd, off_t length) {
  if (!armed_)
    return real_ftruncate(fd, length);
  std::lock_guard guard{mutex_};
  auto* file = find(fd);
  if (file == nullptr)
    return real_ftruncate(fd, length);
  auto fault = count(disk_calls::writes);
  if (fault == disk_fault::io_error || fault == disk_fault::no_space)
    return fail(fault);
  file->remember(static_cast<std::uint64_t>(length), file->length());
  auto result = real_ftruncate(fd, length);
  if (fault == disk_fault::power)
    cut_power();
  return result;
}

int disk::rename(const char* from, const char* to) {
  if (!armed_)
    return real_rename(from, to);
  std::lock_guard guard{mutex_};
  std::array<char, PATH_MAX> path{};
  if (realpath(from, path.data()) == nullptr || !is_here(path.data()))
    return real_rename(from, to);
  auto fault = count(disk_calls::writes);
  if (fault == disk_fault::io_error || fault == disk_fault::no_space)
    return fail(fault);
  auto result = real_rename(from, to);
  if (result == 0)
    renames_.emplace_back(from, to);
  if (fault == disk_fault::power)
    cut_power();
  return result;
}

int disk::sync(int fd, const std::function<int()>& run) {
  if (!armed_)
    return run();
  std::lock_guard guard{mutex_};
  if (!path_of(fd))
    return run();
  auto* file = find(fd);
  auto fault = count(disk_calls::syncs);
  if (fault == disk_fault::power)
    cut_power();
  if (fault == disk_fault::io_error || fault == disk_fault::no_space) {
    if (file != nullptr) {
      loss lost{plan_.seed};
      file->doom(lost, fd);
    }
    return fail(fault);
  }
  if (file != nullptr && !file->told.empty() && file->told.insert(fd).second)
    return fail(plan_.fault);
  auto result = run();
  if (result == 0 && file != nullptr)
    file->synced();
  else if (result == 0)
    renames_.clear();
  return result;
}

void disk::end() {
  std::lock_guard guard{mutex_};
  for (auto& [inode, x] : files_)
    x.lose_the_doomed();
}

disk_plan parse(const char* text) {
  std::istringstream in{text};
  disk_plan result;
  int fault = 0;
  int calls = 0;
  std::getline(in, result.directory);
  std::getline(in, result.when);
  if (!(in >> fault >> calls >> result.at >> result.seed))
    give_up("no plan");
  result.fault = static_cast<disk_fault>(fault);
  result.calls = static_cast<disk_calls>(calls);
  return result;
}

/// For programs that the library is preloaded into.
const bool from_environment = [] {
  if (const auto* text = std::getenv(disk_plan_variable))
    disk::instance().arm(parse(text));
  return true;
}();

std::size_t size_of(std::span<const iovec> parts) {
  std::size_t result = 0;
  for (const auto& x : parts)
    result += x.iov_len;
  return result;
}

} // namespace

void use_faulty_disk(const disk_plan& plan) {
  disk::instance().arm(plan);
}

void end_faulty_disk() {
  disk::instance().end();
}

std::uint64_t faulty_disk_calls() {
  return disk::instance().calls();
}

} // namespace raft::test

// -- the calls ----------------------------------------------------------------

using raft::test::disk;

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  static auto* f
    = raft::test::next<ssize_t(int, const void*, std::size_t)>("write");
  return disk::instance().write(fd, -1, size,
                                [&](std::size_t n) { return f(fd, data, n); });
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  return disk::instance().write(fd, at, size, [&](std::size_t n) {
    return raft::test::real_pwrite(fd, data, n, at);
  });
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static auto* f = raft::test::next<ssize_t(int, const iovec*, int)>("writev");
  std::vector<iovec> all(parts, parts + count);
  return disk::instance().write(fd, -1, raft::test::size_of(all),
                                [&](std::size_t n) {
                                  for (auto& x : all) {
                                    x.iov_len = std::min(x.iov_len, n);
                                    n -= x.iov_len;
                                  }
                                  return f(fd, all.data(), count);
                                });
}

int ftruncate(int fd, off_t length) noexcept {
  return disk::instance().truncate(fd, length);
}

int rename(const char* from, const char* to) noexcept {
  return disk::instance().rename(from, to);
}

int fsync(int fd) {
  static auto* f = raft::test::next<int(int)>("fsync");
  return disk::instance().sync(fd, [&] { return f(fd); });
}

int fdatasync(int fd) {
  static auto* f = raft::test::next<int(int)>("fdatasync");
  return disk::instance().sync(fd, [&] { return f(fd); });
}

/// Whoever starts again finds what the disk really holds.
void _exit(int status) {
  disk::instance().end();
  raft::test::next<void(int)>("_exit")(status);
  std::abort();
}

} // extern "C"
