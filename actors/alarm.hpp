// Decides when an actor must send itself a late message to be woken.

#pragma once

#include <raft/base/instant.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace raft::actors {

/// One alarm that is set anew only when it would ring too late: who is woken
/// too early just looks at the clock, so most of the time nothing is to be
/// done.
class alarm {
public:
  using instant = base::instant;

  /// Sees to it that the alarm rings at `due` or before.
  /// @returns in what time to ring with `number()`, or nothing if the alarm
  /// that
  ///          is set already rings early enough.
  std::optional<instant> set(instant due, instant now) {
    if (set_ && *set_ <= due)
      return std::nullopt;
    auto delay = std::clamp<instant>(due - now, {}, longest);
    set_ = now + delay;
    ++number_;
    return delay;
  }

  /// Counts the alarms.
  std::uint64_t number() const noexcept {
    return number_;
  }

  /// Notes that an alarm rang.
  /// @returns whether it is the one that was set last; others mean nothing.
  bool rang(std::uint64_t number) {
    if (number != number_)
      return false;
    set_.reset();
    return true;
  }

private:
  /// "Never" does not fit into CAF's clock.
  static constexpr instant longest = std::chrono::hours{1};

  std::optional<instant> set_;
  std::uint64_t number_ = 0;
};

} // namespace raft::actors
