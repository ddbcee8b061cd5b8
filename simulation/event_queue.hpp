// What happens when, in virtual time.

#pragma once

#include <raft/base/instant.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace raft::simulation {

using base::instant;
using duration = std::chrono::microseconds;

/// Appointments in the order of time; those of the same moment in the order in
/// which they were made. Time passes only from one to the next.
class event_queue {
public:
  using action = std::function<void()>;

  instant now() const noexcept {
    return now_;
  }

  bool empty() const noexcept {
    return heap_.empty();
  }

  /// When the next appointment is. @pre `!empty()`.
  instant next() const noexcept {
    return heap_.front().when;
  }

  /// An earlier moment than now counts as now.
  void at(instant when, action what) {
    heap_.push_back({std::max(when, now_), ++made_, std::move(what)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  /// Lets time pass until the next appointment and keeps that.
  /// @pre `!empty()`.
  void run_next() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    auto x = std::move(heap_.back());
    heap_.pop_back();
    now_ = x.when;
    x.what();
  }

  /// Lets time pass without an appointment.
  /// @pre There is none before `end`, and `end` is not in the past.
  void pass_until(instant end) {
    now_ = end;
  }

private:
  struct appointment {
    instant when;
    std::uint64_t number = 0;
    action what;
  };

  static bool later(const appointment& x, const appointment& y) {
    return std::pair{x.when, x.number} > std::pair{y.when, y.number};
  }

  instant now_{0};
  std::uint64_t made_ = 0;
  std::vector<appointment> heap_;
};

} // namespace raft::simulation
