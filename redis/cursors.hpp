// Numbers for places in the key space, because SCAN wants numbers.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace raft::redis {

/// How much comparing of keys with patterns there is in one turn: about a
/// millisecond. What is left of a scan is left to its next step.
inline constexpr std::size_t scan_steps_max = 1 << 20;

/// Remembers where scans stand. A cursor names the last key that its client was
/// told. It stays known while its client goes on with it and for one step more,
/// so that the last step of a scan can be repeated; scans that were left alone
/// are forgotten, the oldest first, when there are too many.
class cursor_table {
public:
  /// @param first The first cursor; different for each start of the server, so
  ///        that cursors of an earlier one are not taken for new ones.
  explicit cursor_table(std::uint64_t first, std::size_t cursors_max = 4096,
                        std::size_t bytes_max = 16 << 20);

  /// Makes a cursor for a scan that stands at `key`.
  /// @param previous The cursor that this scan came with, or 0.
  std::uint64_t remember(std::string key, std::uint64_t previous);

  /// The key of a cursor, or null if it is not known (any more). Whoever comes
  /// with it has got it, so the cursor before it is forgotten.
  const std::string* find(std::uint64_t cursor);

  /// Begins a turn of the thread that serves all connections: scans may take so
  /// much of its time again.
  void begin_turn() noexcept {
    steps_left_ = scan_steps_max;
  }

  /// Counts work, in steps of `glob`.
  /// @returns whether there may be more in this turn.
  bool spend(std::size_t steps) noexcept {
    steps_left_ -= std::min(steps, steps_left_);
    return steps_left_ > 0;
  }

private:
  struct place {
    std::string key;
    std::uint64_t previous;
  };

  void forget(std::map<std::uint64_t, place>::iterator i);

  std::uint64_t next_;
  std::size_t cursors_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::size_t steps_left_ = scan_steps_max;
  std::map<std::uint64_t, place> places_;
};

} // namespace raft::redis
