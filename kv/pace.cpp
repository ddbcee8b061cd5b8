#include <raft/kv/pace.hpp>
#include <raft/machine/durability.hpp>

namespace raft::kv {

void pace::set_urgency(double x) noexcept {
  urgency_ = x;
  if (x >= 1)
    end_break();
}

void pace::hurry() noexcept {
  hurry_ = true;
  end_break();
}

void pace::give_up() noexcept {
  given_up_ = true;
  end_break();
}

pace::duration pace::break_after(duration took) const noexcept {
  std::chrono::duration<double, std::nano> wanted{took};
  wanted *= breaks_for_work * (1 - urgency());
  return wanted < break_max_ ? std::chrono::duration_cast<duration>(wanted)
                             : break_max_;
}

std::size_t pace::next_portions() noexcept {
  constexpr double more_max = portions_max - 1;
  return granted_ = 1 + static_cast<std::size_t>(more_max * urgency());
}

double pace::progress() const noexcept {
  const auto written = written_.load();
  return written >= total_
         ? 1
         : static_cast<double>(written) / static_cast<double>(total_);
}

void pace::rest(duration took) {
  written_ += granted_;
  std::unique_lock guard{mutex_};
  no_more_breaks_.wait_for(guard, break_after(took),
                           [this] { return given_up_ || urgency() >= 1; });
  if (given_up_)
    throw machine::given_up{"the process ends before all was checkpointed"};
}

void pace::end_break() noexcept {
  // Whoever is about to wait has either seen the change or waits by now.
  std::lock_guard guard{mutex_};
  no_more_breaks_.notify_all();
}

double pace::urgency() const noexcept {
  return hurry_ ? 1 : urgency_.load();
}

} // namespace raft::kv
