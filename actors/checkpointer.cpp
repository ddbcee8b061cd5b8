#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/sheltered.hpp>
#include <raft/actors/checkpointer.hpp>
#include <raft/machine/durability.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <utility>

namespace raft::actors {

namespace {

class checkpointer_state {
public:
  static inline const char* name = "raft.checkpointer";

  using self_pointer
    = sheltered_pointer<checkpointer_state, checkpointer_actor>;

  void init(self_pointer self, checkpointer_options options) {
    self_ = self;
    options_ = std::move(options);
  }

  caf::result<checkpointed> on(checkpoint& what) {
    if (!failure_.empty())
      return failure(failure_);
    return answer_later<checkpointed>(self_,
                                      [&](promise<checkpointed> waiting) {
                                        job_ = std::move(what.job);
                                        waiting_ = std::move(waiting);
                                        pending_ = true;
                                        attempt();
                                      });
  }

  void on(const retry_checkpoint&) {
    if (pending_)
      attempt();
  }

  void on(const release_checkpoint&) {
    if (!pending_)
      job_.reset();
  }

  void close() {
    pending_ = false;
    job_.reset();
    waiting_.fail("the checkpointer stops");
  }

private:
  void attempt() {
    try {
      job_->run();
      pending_ = false;
      if (std::exchange(without_space_, false))
        events::tell(options_.on_event, events::checkpoint_has_space{});
      waiting_.answer(checkpointed{});
    } catch (const machine::no_space& e) {
      if (!std::exchange(without_space_, true))
        events::tell(options_.on_event,
                     events::checkpoint_lacks_space{e.what()});
      send_later(self_, checkpointer_actor{self_}, options_.retry_after,
                 retry_checkpoint{});
    } catch (const machine::given_up& e) {
      pending_ = false;
      waiting_.fail(e.what());
    } catch (const std::exception& e) {
      fail(e.what());
    }
  }

  void fail(const std::string& reason) {
    failure_ = "checkpointing the state failed: " + reason;
    pending_ = false;
    events::tell(options_.on_event, events::failed{failure_});
    waiting_.fail(failure_);
  }

  self_pointer self_ = nullptr;
  checkpointer_options options_;
  std::shared_ptr<machine::checkpoint_job> job_;
  promise<checkpointed> waiting_;
  /// Whether `job_` still has to be written.
  bool pending_ = false;
  bool without_space_ = false;
  /// Why nothing can be written any more; empty while all is well.
  std::string failure_;
};

checkpointer_actor::behavior_type
checkpointer(sheltered_pointer<checkpointer_state, checkpointer_actor> self,
             checkpointer_options options) {
  state_of(self).init(self, std::move(options));
  return {
    [self](checkpoint& msg) { return state_of(self).on(msg); },
    [self](const retry_checkpoint& msg) { state_of(self).on(msg); },
    [self](const release_checkpoint& msg) { state_of(self).on(msg); },
    [self](const stop& msg) {
      state_of(self).close();
      self->quit();
      return stopped{msg.group};
    },
  };
}

} // namespace

checkpointer_actor spawn_checkpointer(caf::actor_system& system,
                                      checkpointer_options options) {
  auto detached = options.detached;
  return spawn_actor(system, detached, checkpointer, std::move(options));
}

} // namespace raft::actors
