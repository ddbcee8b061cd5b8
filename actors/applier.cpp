#include <raft/actors/applier.hpp>
#include <raft/actors/caf/act.hpp>
#include <raft/machine/executor.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace raft::actors {

namespace {

class applier_state {
public:
  static inline const char* name = "raft.applier";

  void init(applier_options options) {
    options_ = std::move(options);
    try {
      auto what = options_.machine({.group = options_.group});
      if (!what)
        throw std::runtime_error{"the factory returned nothing"};
      executor_ = std::make_unique<machine::executor>(std::move(what));
    } catch (const std::exception& e) {
      fail("making the state machine of group " + to_text(options_.group)
           + " failed: " + e.what());
    }
  }

  caf::result<applied> run(const apply& what) {
    if (!executor_)
      return failure(failure_);
    applied result{what.group, executor_->applied(), {}};
    for (const auto& x : what.entries) {
      auto done = apply_one(x);
      if (!executor_)
        return failure(failure_);
      result.index = x.index;
      auto answers
        = x.kind == entry_kind::command || x.kind == entry_kind::open_session;
      if (what.results_wanted && answers)
        result.results.push_back(std::move(done));
    }
    return result;
  }

  caf::result<queried> ask(const query& what) const {
    if (!executor_)
      return failure(failure_);
    try {
      return queried{executor_->applied(), executor_->query(what.request)};
    } catch (const std::exception& e) {
      // A query changes nothing, so only the one who asked has a problem.
      return failure(std::string{"the state machine refused: "} + e.what());
    }
  }

private:
  apply_result apply_one(const entry& x) {
    try {
      return executor_->apply(x);
    } catch (const std::exception& e) {
      fail_at(x, e.what());
    } catch (...) {
      fail_at(x, "the state machine threw something that is no exception");
    }
    return {};
  }

  void fail_at(const entry& x, const std::string& reason) {
    fail("applying entry " + to_text(x.index) + " of group "
         + to_text(options_.group) + " failed: " + reason);
  }

  void fail(std::string reason) {
    // The machine may be half way through a command: nobody may see it.
    executor_.reset();
    failure_ = std::move(reason);
    options_.on_failure(failure_);
  }

  applier_options options_;
  /// Null after a failure.
  std::unique_ptr<machine::executor> executor_;
  std::string failure_;
};

applier_actor::behavior_type
applier(applier_actor::stateful_pointer<applier_state> self,
        applier_options options) {
  state_of(self).init(std::move(options));
  return {
    [self](const apply& msg) { return state_of(self).run(msg); },
    [self](const query& msg) { return state_of(self).ask(msg); },
    [self](const stop& msg) {
      self->quit();
      return stopped{msg.group};
    },
  };
}

} // namespace

applier_actor spawn_applier(caf::actor_system& system,
                            applier_options options) {
  if (!options.machine)
    throw std::invalid_argument{"an applier needs a state machine factory"};
  auto detached = options.detached;
  return spawn_actor(system, detached, applier, std::move(options));
}

} // namespace raft::actors
