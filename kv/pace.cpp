#include <raft/kv/pace.hpp>

#include <algorithm>

namespace raft::kv {

void pace::set_pressure(double x) noexcept {
  pressure_ = x;
}

void pace::hurry() noexcept {
  std::lock_guard guard{mutex_};
  hurry_ = true;
  hurried_.notify_all();
}

pace::duration pace::break_after(duration took) const noexcept {
  auto share = std::clamp(1 - pressure_.load(), 0.0, 1.0);
  std::chrono::duration<double, std::nano> wanted{took};
  wanted *= breaks_for_work * share;
  return wanted < break_max ? std::chrono::duration_cast<duration>(wanted)
                            : break_max;
}

void pace::rest(duration took) {
  std::unique_lock guard{mutex_};
  hurried_.wait_for(guard, break_after(took), [this] { return hurry_; });
}

} // namespace raft::kv
