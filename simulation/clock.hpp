// A peer's own clock, which is wrong in its own way.

#pragma once

#include <raft/base/instant.hpp>

#include <cstdint>

namespace raft::simulation {

/// Shows another time than that of the world, and runs faster or slower. Never
/// goes backwards.
class drifting_clock {
public:
  using instant = base::instant;

  /// How much too fast a clock may be, in millionths of its pace.
  static constexpr std::int64_t drift_max = 500'000;

  explicit drifting_clock(instant shows = instant{0}) : local_{shows} {
    // nop
  }

  /// What it shows. @pre `now` is not before the last `set_drift`.
  instant at(instant now) const noexcept {
    return local_ + scaled(now - world_, million + drift_, million);
  }

  /// The first moment at which it shows this or more; never before the last
  /// `set_drift`.
  instant when(instant local) const noexcept {
    if (local <= local_)
      return world_;
    auto pace = million + drift_;
    return world_ + scaled(local - local_, million, pace, pace - 1);
  }

  std::int64_t drift() const noexcept {
    return drift_;
  }

  /// @param millionths How much too fast it is from now on, from `-drift_max`
  ///        to `drift_max`.
  void set_drift(instant now, std::int64_t millionths) noexcept {
    local_ = at(now);
    world_ = now;
    drift_ = millionths;
  }

private:
  static constexpr std::int64_t million = 1'000'000;

  static instant scaled(instant x, std::int64_t by, std::int64_t over,
                        std::int64_t round = 0) noexcept {
    // In two parts, because the product of whole days would not fit.
    auto whole = x.count() / over;
    auto rest = x.count() % over;
    return instant{whole * by + (rest * by + round) / over};
  }

  instant world_{0};
  instant local_;
  std::int64_t drift_ = 0;
};

} // namespace raft::simulation
