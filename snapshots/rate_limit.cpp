#include <raft/machine/durability.hpp>
#include <raft/snapshots/rate_limit.hpp>

#include <algorithm>

namespace raft::snapshots {

void rate_limit::take(std::uint64_t bytes) {
  std::unique_lock guard{mutex_};
  if (bytes_per_second_ != 0) {
    changed_.wait_until(guard, next_, [this] { return hurry_ || given_up_; });
    std::chrono::duration<double> time{
      static_cast<double>(bytes) / static_cast<double>(bytes_per_second_)};
    next_ = std::max(next_, clock::now())
          + std::chrono::duration_cast<clock::duration>(time);
  }
  if (given_up_)
    throw machine::given_up{"a snapshot was given up"};
}

void rate_limit::hurry() noexcept {
  std::lock_guard guard{mutex_};
  hurry_ = true;
  changed_.notify_all();
}

void rate_limit::give_up() noexcept {
  std::lock_guard guard{mutex_};
  given_up_ = true;
  changed_.notify_all();
}

} // namespace raft::snapshots
