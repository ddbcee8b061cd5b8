#include <caf/config.hpp>

#if CAF_MAJOR_VERSION == 0

#  include <raft/actors/caf/prompt_multiplexer.hpp>

#  include <caf/scheduler/abstract_coordinator.hpp>

#  include <chrono>
#  include <iterator>
#  include <thread>
#  include <utility>

namespace raft::actors {

namespace {

/// After so many rounds of steps, or so much time, sockets have their turn:
/// actors that always post more must not keep it from them.
constexpr int rounds_max = 16;
constexpr std::chrono::milliseconds time_max{1};

void drop(std::vector<prompt_multiplexer::resumable_ptr>& all) {
  for (auto& x : all)
    caf::scheduler::abstract_coordinator::cleanup_and_release(x.release());
  all.clear();
}

} // namespace

/// Travels through CAF's pipe.
class prompt_multiplexer::waker final : public runnable {
public:
  explicit waker(prompt_multiplexer& owner) : owner_{owner} {
    // nop
  }

  resume_result resume(caf::execution_unit*, std::size_t) override {
    owner_.take_foreign();
    return done;
  }

private:
  prompt_multiplexer& owner_;
};

prompt_multiplexer::prompt_multiplexer(caf::actor_system* system)
  : default_multiplexer{system} {
  // nop
}

prompt_multiplexer::~prompt_multiplexer() {
  drop(own_);
  drop(foreign_);
}

void prompt_multiplexer::exec_later(caf::resumable* what) {
  auto kind = what->subtype();
  if (kind != caf::resumable::io_actor
      && kind != caf::resumable::function_object)
    return default_multiplexer::exec_later(what);
  if (std::this_thread::get_id() == thread_id()) {
    own_.emplace_back(what, false);
    return;
  }
  std::unique_lock guard{mutex_};
  foreign_.emplace_back(what, false);
  if (std::exchange(awake_, true))
    return;
  guard.unlock();
  default_multiplexer::exec_later(new waker{*this});
}

bool prompt_multiplexer::try_run_once() {
  auto had_steps = !own_.empty();
  take_steps();
  return poll_once(false) || had_steps;
}

void prompt_multiplexer::run_once() {
  take_steps();
  // One of the steps may have been to end the loop.
  if (num_socket_handlers() > 0)
    poll_once(own_.empty());
}

void prompt_multiplexer::run() {
  while (num_socket_handlers() > 0)
    run_once();
}

/// What other threads posted follows what we have.
void prompt_multiplexer::take_foreign() {
  std::lock_guard guard{mutex_};
  awake_ = false;
  std::move(foreign_.begin(), foreign_.end(), std::back_inserter(own_));
  foreign_.clear();
}

void prompt_multiplexer::take_steps() {
  using clock = std::chrono::steady_clock;
  auto end = clock::time_point::max();
  for (auto round = 0; round < rounds_max && !own_.empty(); ++round) {
    // A first round needs no clock.
    if (round == 1)
      end = clock::now() + time_max;
    else if (round > 1 && clock::now() >= end)
      break;
    running_.swap(own_);
    for (auto& x : running_)
      resume(std::move(x));
    running_.clear();
    handle_internal_events();
  }
}

} // namespace raft::actors

#endif
