// A state machine that is an actor, for tests.

#pragma once

#include "support.hpp"
#include <raft/actors/interfaces.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <cassert>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace raft::test {

/// What the tests see of a ledger, from any thread. What it has checkpointed
/// survives it.
class ledger_book {
public:
  // -- the disk ---------------------------------------------------------------

  log_index applied;
  std::string text;
  std::map<session_id, bytes> sessions;

  // -- what happens -----------------------------------------------------------

  /// Lets all checkpoints fail.
  void fail_checkpoints() {
    std::lock_guard guard{mutex_};
    checkpoints_fail_ = true;
  }

  bool checkpoints_fail() const {
    std::lock_guard guard{mutex_};
    return checkpoints_fail_;
  }

  /// Lets answers wait, or go on.
  void hold(bool value) {
    std::lock_guard guard{mutex_};
    held_ = value;
    changed_.notify_all();
  }

  /// Notes a batch; then waits while it is held.
  void came(std::size_t commands) {
    std::unique_lock guard{mutex_};
    batches_.push_back(commands);
    changed_.notify_all();
    changed_.wait(guard, [this] { return !held_; });
  }

  bool await_batches(std::size_t count) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, deadline,
                             [&] { return batches_.size() >= count; });
  }

  /// How many commands each batch had.
  std::vector<std::size_t> batches() const {
    std::lock_guard guard{mutex_};
    return batches_;
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::size_t> batches_;
  bool held_ = false;
  bool checkpoints_fail_ = false;
};

/// Keeps all commands in a row; the reply is the row. Obeys a few of them:
///
///   fail    cannot be applied
///   error   the whole batch is answered with an error
///   few     one reply is missing
///   die     the actor ends
///   throw   an exception leaves the handler
///   checkpoint    wants to be checkpointed
class ledger_state {
public:
  static inline const char* name = "ledger";

  explicit ledger_state(std::shared_ptr<ledger_book> book)
    : book_{std::move(book)} {
    // nop
  }

  recovered find() {
    recovered result;
    result.keeps_state = true;
    result.applied = applied_ = book_->applied;
    text_ = book_->text;
    for (const auto& [id, data] : book_->sessions)
      result.sessions.push_back({id, data});
    return result;
  }

  /// @returns nothing if the answer is to be an error.
  std::optional<commands_applied> run(const apply_commands& what) {
    book_->came(what.commands.size());
    commands_applied result;
    for (const auto& x : what.commands) {
      auto command = std::string{x.data.view()};
      if (command == "error")
        return std::nullopt;
      if (command == "fail") {
        result.failed = "it is bad";
        break;
      }
      if (command == "checkpoint")
        result.checkpoint_wanted = true;
      applied_ = x.index;
      text_ += command + " ";
      if (command != "few")
        result.replies.emplace_back(text_);
    }
    return result;
  }

  /// @returns nothing if the answer is to be an error.
  std::optional<checkpointed_up_to> checkpoint(const checkpoint_state& what) {
    if (book_->checkpoints_fail())
      return std::nullopt;
    // Entries that are no commands are not seen here.
    assert(applied_ <= what.applied);
    book_->applied = what.applied;
    book_->text = text_;
    for (const auto& x : what.sessions)
      if (x.data.empty())
        book_->sessions.erase(x.id);
      else
        book_->sessions[x.id] = x.data;
    return checkpointed_up_to{what.applied};
  }

  const std::string& text() const {
    return text_;
  }

private:
  std::shared_ptr<ledger_book> book_;
  log_index applied_;
  std::string text_;
};

/// Runs in a thread of its own, because the book may hold it.
inline actors::machine_actor
spawn_ledger(caf::actor_system& system,
             const std::shared_ptr<ledger_book>& book) {
  using actors::failure;
  auto body = [](actors::machine_actor::pointer self,
                 std::shared_ptr<ledger_book> shared)
    -> actors::machine_actor::behavior_type {
    auto state = std::make_shared<ledger_state>(std::move(shared));
    return {
      [state](const recover&) { return state->find(); },
      [self, state](const apply_commands& x) -> caf::result<commands_applied> {
        if (x.commands.front().data == bytes{"die"}) {
          self->quit(failure("it had enough"));
          return failure("it had enough");
        }
        if (x.commands.front().data == bytes{"throw"})
          throw std::runtime_error{"it is fed up"};
        if (auto answer = state->run(x))
          return *answer;
        return failure("it gave up");
      },
      [state](const query& x) -> caf::result<queried> {
        if (x.request == bytes{"nonsense"})
          return failure("this makes no sense");
        return queried{{}, bytes{state->text()}};
      },
      [state](const checkpoint_state& x) -> caf::result<checkpointed_up_to> {
        if (auto answer = state->checkpoint(x))
          return *answer;
        return failure("the disk is on fire");
      },
      [self](const stop& x) {
        self->quit();
        return stopped{x.group};
      },
    };
  };
  return system.spawn<caf::detached>(body, book);
}

} // namespace raft::test
