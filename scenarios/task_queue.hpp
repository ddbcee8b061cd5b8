// Brings what happens in other threads into the thread of the scenario.

#pragma once

#include <raft/consensus/settings.hpp>
#include <raft/scenarios/environment.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace raft::scenarios {

/// Functions that other threads leave for the scenario's. Thread safe.
class task_queue {
public:
  void leave(std::function<void()> f);

  std::vector<std::function<void()>> take();

  /// Waits until there is something, or until then.
  void wait(std::chrono::steady_clock::time_point until);

private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<std::function<void()>> letters_;
};

/// An environment in real time.
class real_environment : public environment {
public:
  instant now() const override;

protected:
  explicit real_environment(const environment_options& options);

  /// What peers have to take in place of the usual settings.
  consensus::settings slowed(consensus::settings x) const;

  void pass(instant until) override;
  void collect() override;

  /// Shared with actors, which may outlive this object by a moment.
  const std::shared_ptr<task_queue>& mail() const noexcept {
    return mail_;
  }

private:
  unsigned slow_motion_;
  std::chrono::steady_clock::time_point begin_;
  std::shared_ptr<task_queue> mail_ = std::make_shared<task_queue>();
};

} // namespace raft::scenarios
