// How fast a checkpoint goes: in small steps with breaks between them, so that
// others get the disk.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace raft::kv {

/// How much one checkpoint writes in a transaction, and the breaks that it
/// takes after each. Without breaks the log's syncs, for which clients wait,
/// would queue behind all that a checkpoint writes, from this peer and from
/// others on the same disk; a long transaction lets one of them wait for all of
/// it.
///
/// The members may be called by any thread.
class pace {
public:
  using duration = std::chrono::nanoseconds;

  /// How many times as long as a transaction the break after it is, if nothing
  /// is urgent.
  static constexpr double breaks_for_work = 20;

  static constexpr duration break_max_default = std::chrono::seconds{1};

  /// How many portions a transaction takes at the highest urgency.
  static constexpr std::size_t portions_max = 16;

  /// @param total How many portions the checkpoint writes in all, about; 0 if
  ///        that is not known.
  explicit pace(duration break_max = break_max_default,
                std::size_t total = 0) noexcept
    : break_max_{break_max}, total_{total} {
    // nop
  }

  /// From 0 to 1, see `machine::durability`: the more, the shorter are the
  /// breaks and the larger the transactions. 1 ends a break that is under way:
  /// commands may wait.
  void set_urgency(double x) noexcept;

  /// As urgent as can be, from now on; ends a break that is under way.
  void hurry() noexcept;

  /// Ends the checkpoint at its next break, and a break that is under way.
  void give_up() noexcept;

  /// How long the break after a transaction is that took so long.
  duration break_after(duration took) const noexcept;

  /// How many portions the next transaction takes.
  std::size_t next_portions() noexcept;

  /// How much of the checkpoint is written, about: from 0 to 1, which it is
  /// always if it is not known how much there is.
  double progress() const noexcept;

  /// Notes that a transaction has come to its end, and takes the break after
  /// it.
  /// @throws machine::given_up after `give_up`.
  void rest(duration took);

private:
  void end_break() noexcept;

  double urgency() const noexcept;

  const duration break_max_;
  const std::size_t total_;
  std::atomic<std::size_t> written_ = 0;
  std::atomic<std::size_t> granted_ = 1;
  std::atomic<double> urgency_ = 0;
  std::atomic<bool> hurry_ = false;
  std::atomic<bool> given_up_ = false;
  std::mutex mutex_; // for `no_more_breaks_`
  std::condition_variable no_more_breaks_;
};

} // namespace raft::kv
