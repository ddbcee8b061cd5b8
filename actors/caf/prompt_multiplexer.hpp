// The middleman's event loop, with as few system calls as it takes. On CAF
// 0.17; for the sources of this folder only.

#pragma once

#include <caf/io/network/default_multiplexer.hpp>

#include <mutex>
#include <vector>

namespace raft::actors {

/// CAF asks for events between any two steps that actors of its own thread take
/// one after the other, and passes each message of another thread through a
/// pipe of its own: written, polled for, and read. Here, all steps are taken
/// before events are asked for, and messages of other threads that come
/// together share one wake-up. What is posted is done in the order in which it
/// was posted, as before.
class prompt_multiplexer final : public caf::io::network::default_multiplexer {
public:
  using resumable_ptr = caf::intrusive_ptr<caf::resumable>;

  explicit prompt_multiplexer(caf::actor_system* system);

  ~prompt_multiplexer() override;

  void exec_later(caf::resumable* what) override;
  bool try_run_once() override;
  void run_once() override;
  void run() override;

private:
  class waker;

  void take_foreign();
  void take_steps();

  /// Posted by our own thread.
  std::vector<resumable_ptr> own_;
  /// Keeps its memory.
  std::vector<resumable_ptr> running_;

  std::mutex mutex_;
  std::vector<resumable_ptr> foreign_;
  /// Whether our thread will look at `foreign_` by itself.
  bool awake_ = false;
};

} // namespace raft::actors
