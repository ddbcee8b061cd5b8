#include <raft/kv/pace.hpp>

namespace raft::kv {

void pace::set_urgency(double x) noexcept {
  urgency_ = x;
}

void pace::hurry() noexcept {
  std::lock_guard guard{mutex_};
  hurry_ = true;
  hurried_.notify_all();
}

pace::duration pace::break_after(duration took) const noexcept {
  std::chrono::duration<double, std::nano> wanted{took};
  wanted *= breaks_for_work * (1 - urgency());
  return wanted < break_max ? std::chrono::duration_cast<duration>(wanted)
                            : break_max;
}

std::size_t pace::portions() const noexcept {
  constexpr double more_max = portions_max - 1;
  return 1 + static_cast<std::size_t>(more_max * urgency());
}

void pace::rest(duration took) {
  std::unique_lock guard{mutex_};
  hurried_.wait_for(guard, break_after(took), [this] { return hurry_.load(); });
}

double pace::urgency() const noexcept {
  return hurry_ ? 1 : urgency_.load();
}

} // namespace raft::kv
