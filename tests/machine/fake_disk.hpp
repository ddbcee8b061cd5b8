// A state machine whose disk is a value.

#pragma once

#include <raft/machine/durability.hpp>
#include <raft/machine/state_machine.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace raft::test {

/// What survives a crash: as much as the jobs that ran have written.
struct fake_disk {
  log_index applied;
  std::map<session_id, bytes> sessions;
  /// How often each command took effect.
  std::map<std::string, int> state;
  /// How many bytes of changes may be dirty.
  std::size_t dirty_bytes_max = 100;
  /// Says how much room there is; called by the thread that applies.
  std::function<space_left(const machine::space_question&)> space
    = [](const machine::space_question&) { return space_left{}; };
  /// The last that was said of a checkpoint.
  double urgency = 0;
  /// How much of a checkpoint is done.
  double progress = 1;
  /// Called before anything is written, in the thread that writes: may wait, or
  /// throw.
  std::function<void()> before_write;
  /// Called when somebody waits for a checkpoint.
  std::function<void()> on_hurry = [] {};
  /// Called when a checkpoint may end before it has come to its end.
  std::function<void()> on_give_up = [] {};
};

/// Counts how often each command was applied. Replies with command and index.
class counter : public machine::state_machine, public machine::durability {
public:
  explicit counter(std::shared_ptr<fake_disk> disk)
    : disk_{std::move(disk)}, state_{disk_->state} {
    // nop
  }

  bytes apply(const machine::apply_context& where,
              const bytes& command) override {
    ++state_[std::string{command.view()}];
    dirty_ += command.size();
    return bytes{std::string{command.view()} + "@" + to_text(where.index)};
  }

  /// Each byte of a command takes one, and some only erase.
  machine::space_estimate estimate_of_space() const noexcept override {
    return [](const bytes& x) {
      return space_needed{x.size(), x.view().starts_with("erase")};
    };
  }

  machine::durability* durability() noexcept override {
    return this;
  }

  machine::checkpointed_state recovered() const override {
    machine::checkpointed_state result{disk_->applied, {}};
    for (const auto& [id, data] : disk_->sessions)
      result.sessions.push_back({id, data});
    return result;
  }

  std::size_t dirty_bytes() const override {
    return dirty_;
  }

  std::size_t dirty_bytes_max() const override {
    return disk_->dirty_bytes_max;
  }

  std::shared_ptr<machine::checkpoint_job>
  freeze(log_index applied,
         std::vector<machine::session_record> sessions) override {
    dirty_ = 0;
    return std::make_shared<job>(disk_, applied, std::move(sessions), state_);
  }

  space_left space(const machine::space_question& what) override {
    return disk_->space(what);
  }

  double progress() const override {
    return disk_->progress;
  }

  void set_urgency(double x) override {
    disk_->urgency = x;
  }

  void checkpointed() override {
    ++checkpoints;
  }

  const std::map<std::string, int>& state() const {
    return state_;
  }

  int checkpoints = 0;

private:
  class job : public machine::checkpoint_job {
  public:
    job(std::shared_ptr<fake_disk> disk, log_index applied,
        std::vector<machine::session_record> sessions,
        std::map<std::string, int> state)
      : disk_{std::move(disk)},
        applied_{applied},
        sessions_{std::move(sessions)},
        state_{std::move(state)} {
      // nop
    }

    void run() override {
      if (disk_->before_write)
        disk_->before_write();
      disk_->applied = applied_;
      disk_->state = state_;
      for (const auto& x : sessions_)
        if (x.data.empty())
          disk_->sessions.erase(x.id);
        else
          disk_->sessions[x.id] = x.data;
    }

    void hurry() noexcept override {
      disk_->on_hurry();
    }

    void give_up() noexcept override {
      disk_->on_give_up();
    }

  private:
    std::shared_ptr<fake_disk> disk_;
    log_index applied_;
    std::vector<machine::session_record> sessions_;
    std::map<std::string, int> state_;
  };

  std::shared_ptr<fake_disk> disk_;
  std::map<std::string, int> state_;
  std::size_t dirty_ = 0;
};

} // namespace raft::test
