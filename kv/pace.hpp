// How fast a save goes: in small steps with breaks between them, so that others
// get the disk.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace raft::kv {

/// How much one save writes in a transaction, and the breaks that it takes
/// after each. Without breaks the log's syncs, for which clients wait, would
/// queue behind all that a save writes, from this peer and from others on the
/// same disk; a long transaction lets one of them wait for all of it.
///
/// A save has time until as much has changed again: until then, which is when
/// half of the memory is taken, it goes at its leisure.
///
/// The members may be called by any thread.
class pace {
public:
  using duration = std::chrono::nanoseconds;

  /// How many times as long as a transaction the break after it is, if memory
  /// has room.
  static constexpr double breaks_for_work = 20;

  static constexpr duration break_max = std::chrono::seconds{1};

  /// How many portions a transaction takes when commands wait for the save.
  static constexpr std::size_t portions_max = 16;

  /// Says how much of the memory is taken that the save is to free: from 0,
  /// nothing, to 1, when commands have to wait for it. From a half on, breaks
  /// get shorter and transactions larger.
  void set_pressure(double x) noexcept;

  /// No more breaks; ends one that is under way.
  void hurry() noexcept;

  /// How long the break after a transaction is that took so long.
  duration break_after(duration took) const noexcept;

  /// How many portions the next transaction takes: 1 if memory has room.
  std::size_t portions() const noexcept;

  /// Takes the break.
  void rest(duration took);

private:
  /// From 0, all the time of the world, to 1, none.
  double urgency() const noexcept;

  std::atomic<double> pressure_ = 0;
  std::atomic<bool> hurry_ = false;
  std::mutex mutex_; // for `hurried_`
  std::condition_variable hurried_;
};

} // namespace raft::kv
