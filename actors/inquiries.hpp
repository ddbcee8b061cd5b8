// Queries that an applier answers in steps, between what else it has to do.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/machine/state_machine.hpp>
#include <raft/messages/client.hpp>

#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace raft::actors {

/// An error for who asked: a query changes nothing, so nobody else has a
/// problem.
inline std::string refusal_of(const std::exception& e) {
  return std::string{"the state machine refused: "} + e.what();
}

/// Answers one after the other.
class inquiries {
public:
  bool empty() const noexcept {
    return waiting_.empty();
  }

  /// @param applied Of the state that the answer speaks of.
  void add(std::shared_ptr<machine::slow_query> what, log_index applied,
           promise<queried> waiting) {
    waiting_.push_back({std::move(what), applied, std::move(waiting)});
  }

  /// Makes one step.
  /// @pre `!empty()`.
  void step() {
    auto& first = waiting_.front();
    try {
      auto answer = first.what->step();
      if (!answer)
        return;
      first.waiting.answer(queried{first.applied, std::move(*answer)});
    } catch (const std::exception& e) {
      first.waiting.fail(refusal_of(e));
    }
    waiting_.pop_front();
  }

  void fail_all(const std::string& reason) {
    for (auto& x : std::exchange(waiting_, {}))
      x.waiting.fail(reason);
  }

private:
  struct inquiry {
    std::shared_ptr<machine::slow_query> what;
    log_index applied;
    promise<queried> waiting;
  };

  std::deque<inquiry> waiting_;
};

} // namespace raft::actors
