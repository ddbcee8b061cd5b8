#include <raft/lmdb/reserved_file.hpp>
#include <raft/lmdb/store_error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace raft::lmdb {

namespace {

/// How much is written between two syncs. A commit at the same time waits for
/// no more than that.
constexpr std::uint64_t step = std::uint64_t{1} << 20;

constexpr std::array<char, 1 << 16> zeros{};

std::string message(int code) {
  return std::generic_category().message(code);
}

} // namespace

bool means_full(int code) noexcept {
  return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

reserved_file::reserved_file(std::string path, std::uint64_t block)
  : path_{std::move(path)},
    block_{block},
    file_{open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW)} {
  auto size = file_ ? lseek(file_.get(), 0, SEEK_END) : -1;
  if (size < 0)
    throw store_error{store_errc::no_access,
                      "cannot open '" + path_ + "': " + message(errno)
                        + "; check its permissions and the disk"};
  filled_ = static_cast<std::uint64_t>(size) / block_ * block_;
  fill_holes();
}

reserved_file::~reserved_file() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable())
    keeper_.join();
}

void reserved_file::take(std::uint64_t end) {
  check();
  if (filled_ >= end)
    return;
  std::lock_guard guard{growing_};
  while (filled_ < end)
    try {
      grow(filled_ + step);
    } catch (const store_error& e) {
      if (e.code() != store_errc::no_space || end >= filled_ + step)
        throw;
      // There may be enough for what must be.
      grow((end + block_ - 1) / block_ * block_);
    }
}

void reserved_file::keep(std::uint64_t end) {
  if (filled_ >= end)
    return;
  {
    std::lock_guard guard{mutex_};
    wanted_ = std::max(wanted_, end);
    if (!keeper_.joinable())
      keeper_ = std::thread{[this] { run(); }};
  }
  changed_.notify_all();
}

void reserved_file::await(std::uint64_t end,
                          std::chrono::milliseconds patience) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, patience, [this, end] {
    return filled_ >= end || wanted_ < end || full_ || failed_;
  });
}

void reserved_file::check() const {
  if (failed_)
    throw store_error{store_errc::write_failed,
                      "an earlier write to '" + path_
                        + "' failed: what is on the disk is not known; end the "
                          "process, check the disk, start again"};
}

/// A file that was copied can have holes where it had zeros.
void reserved_file::fill_holes() {
  auto found = false;
  off_t at = 0;
  auto end = static_cast<off_t>(filled_.load());
  while (at < end) {
    auto hole = lseek(file_.get(), at, SEEK_HOLE);
    if (hole < 0 || hole >= end)
      break;
    at = lseek(file_.get(), hole, SEEK_DATA);
    if (at < 0 || at > end)
      at = end;
    fill(static_cast<std::uint64_t>(hole), static_cast<std::uint64_t>(at));
    found = true;
  }
  if (found && fdatasync(file_.get()) != 0)
    fail("sync", errno);
}

void reserved_file::fill(std::uint64_t begin, std::uint64_t end) {
  while (begin < end) {
    auto n = pwrite(file_.get(), zeros.data(),
                    std::min<std::uint64_t>(zeros.size(), end - begin),
                    static_cast<off_t>(begin));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && means_full(errno))
      throw store_error{store_errc::no_space,
                        "'" + path_ + "' needs " + std::to_string(end - begin)
                          + " bytes more: " + message(errno)};
    if (n <= 0)
      fail("write", n < 0 ? errno : EIO);
    begin += static_cast<std::uint64_t>(n);
  }
}

/// @pre The caller holds `growing_`.
void reserved_file::grow(std::uint64_t end) {
  check();
  try {
    fill(filled_, end);
  } catch (const store_error&) {
    full_ = !failed_;
    // Others may need what we could not use.
    if (!failed_
        && ftruncate(file_.get(), static_cast<off_t>(filled_.load())) != 0)
      fail("shorten", errno);
    throw;
  }
  if (fdatasync(file_.get()) != 0)
    fail("sync", errno);
  full_ = false;
  filled_ = end;
}

/// The background thread.
void reserved_file::run() {
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    if (wanted_ <= filled_) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    auto done = false;
    try {
      std::lock_guard guard{growing_};
      grow(filled_ + step);
      done = true;
    } catch (const store_error&) {
      // A full disk is reported when the room is needed, everything else by
      // `check`.
    }
    lock.lock();
    if (!done)
      wanted_ = 0;
    changed_.notify_all();
  }
}

void reserved_file::fail(const char* what, int code) {
  failed_ = true;
  throw store_error{store_errc::write_failed,
                    std::string{"cannot "} + what + " '" + path_
                      + "': " + message(code)
                      + ": what is on the disk is not known; end the process, "
                        "check the disk, start again"};
}

} // namespace raft::lmdb
