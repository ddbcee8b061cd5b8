// How fast a save goes: it takes breaks, so that others get the disk.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace raft::kv {

/// The breaks that one save takes between its transactions. Without them the
/// log's syncs, for which clients wait, would queue behind all that a save
/// writes, from this peer and from others on the same disk.
///
/// The members may be called by any thread.
class pace {
public:
  using duration = std::chrono::nanoseconds;

  /// How many times as long as a transaction the break after it is, if memory
  /// has room.
  static constexpr double breaks_for_work = 20;

  static constexpr duration break_max = std::chrono::seconds{1};

  /// Says how much of the memory is taken that the save is to free: from 0,
  /// nothing, to 1, when commands have to wait for it. The more, the shorter
  /// are the breaks.
  void set_pressure(double x) noexcept;

  /// No more breaks; ends one that is under way.
  void hurry() noexcept;

  /// How long the break after a transaction is that took so long.
  duration break_after(duration took) const noexcept;

  /// Takes it.
  void rest(duration took);

private:
  std::atomic<double> pressure_ = 0;
  std::mutex mutex_; // guards the members below
  std::condition_variable hurried_;
  bool hurry_ = false;
};

} // namespace raft::kv
