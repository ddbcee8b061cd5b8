#include <raft/scenarios/task_queue.hpp>

#include <utility>

namespace raft::scenarios {

void task_queue::leave(std::function<void()> f) {
  std::lock_guard guard{mutex_};
  letters_.push_back(std::move(f));
  filled_.notify_one();
}

std::vector<std::function<void()>> task_queue::take() {
  std::lock_guard guard{mutex_};
  return std::exchange(letters_, {});
}

void task_queue::wait(std::chrono::steady_clock::time_point until) {
  std::unique_lock guard{mutex_};
  filled_.wait_until(guard, until, [this] { return !letters_.empty(); });
}

real_environment::real_environment(const environment_options& options)
  : environment{options.peers},
    slow_motion_{options.slow_motion},
    begin_{std::chrono::steady_clock::now()} {
  // nop
}

consensus::settings real_environment::slowed(consensus::settings x) const {
  for (auto* length : {&x.heartbeat_interval, &x.election_timeout_min,
                       &x.election_timeout_max})
    *length *= slow_motion_;
  return x;
}

instant real_environment::now() const {
  auto passed = std::chrono::steady_clock::now() - begin_;
  return std::chrono::duration_cast<instant>(passed / slow_motion_);
}

void real_environment::pass(instant until) {
  mail_->wait(begin_ + until * slow_motion_);
}

void real_environment::collect() {
  for (auto& f : mail_->take())
    f();
}

} // namespace raft::scenarios
