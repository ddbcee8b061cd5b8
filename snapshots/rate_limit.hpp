// Keeps work to a rate.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace raft::snapshots {

/// Has one thread work at a rate; any other may end that.
class rate_limit {
public:
  using clock = std::chrono::steady_clock;

  /// @param bytes_per_second 0 for no limit.
  explicit rate_limit(std::uint64_t bytes_per_second) noexcept
    : bytes_per_second_{bytes_per_second} {
    // nop
  }

  /// Waits until so much more may be done. What was not done in time is not
  /// made up for.
  /// @throws machine::given_up after `give_up`.
  void take(std::uint64_t bytes);

  /// No limit from now on.
  void hurry() noexcept;

  /// `take` throws from now on, also one that waits.
  void give_up() noexcept;

private:
  std::uint64_t bytes_per_second_;
  clock::time_point next_{};
  std::mutex mutex_; // guards the members below
  std::condition_variable changed_;
  bool hurry_ = false;
  bool given_up_ = false;
};

} // namespace raft::snapshots
