// The applier as an actor; for applier.cpp only.

#pragma once

#include <raft/actors/applier.hpp>
#include <raft/actors/caf/act.hpp>
#include <raft/actors/inquiries.hpp>
#include <raft/actors/stop_other.hpp>
#include <raft/machine/durability.hpp>
#include <raft/machine/snapshot.hpp>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace raft::actors {

inline constexpr std::chrono::milliseconds look_for_space_after{500};

/// After so many entries, or bytes of them, others have their turn: peer and
/// sockets may live in the same thread.
inline constexpr std::size_t entries_at_once = 256;
inline constexpr std::size_t bytes_at_once = 256 << 10;

/// `Base` is what the actor is derived from, as that of the peer.
template <class Base>
class applier_state {
public:
  static inline const char* name = "raft.applier";

  using self_pointer = caf::stateful_actor<applier_state, Base>*;

  applier_state() = default;
  applier_state(const applier_state&) = delete;
  applier_state& operator=(const applier_state&) = delete;

  ~applier_state() {
    // An exit message or an exception ends the actor without `end`.
    give_up_checkpoint();
    if (checkpointer_)
      send_anonymously(checkpointer_, stop{options_.group});
    if (successor_)
      send_anonymously(successor_, stop{options_.group});
  }

  typename Base::behavior_type begin(self_pointer self,
                                     applier_options options) {
    init(self, std::move(options));
    return {
      [this](apply& msg) { return on(msg); },
      [this](const query& msg) { return on(msg); },
      [this](const run_reads& msg) { return on(msg); },
      [this](const freeze_state& msg) { return on(msg); },
      [this](const checkpoint_now& msg) { on(msg); },
      [this](const checkpoint_for_space& msg) { on(msg); },
      [this](const look_for_space& msg) { on(msg); },
      [this](const continue_work& msg) { on(msg); },
      [this](const abandon_checkpoint& msg) { on(msg); },
      [this](const stop& msg) { return on(msg); },
    };
  }

private:
  void init(self_pointer self, applier_options options) {
    self_ = self;
    self->count_strays(options.strays);
    options_ = std::move(options);
    executor_ = std::move(options_.executor);
    if (executor_->keeps_state())
      checkpointer_ = spawn_checkpointer(
        self->system(), {options_.on_event, checkpointer_options{}.retry_after,
                         options_.checkpointer_detached});
    if (checkpointer_)
      watcher_.watch(self_, checkpointer_, [this] {
        if (executor_ && stoppers_.empty())
          fail("the checkpointer of group " + to_text(options_.group)
               + " ended");
        refuse_all();
      });
  }

  caf::result<applied> on(apply& what) {
    move_out_if_slow();
    if (successor_)
      return delegate(self_, successor_, std::move(what));
    if (!executor_ || !stoppers_.empty())
      return failure(failure_);
    log_durable_ = std::max(log_durable_, what.durable);
    space_wanted_ = what.space_wanted;
    following_ = what.following;
    peer_ = caf::actor_cast<caf::actor_addr>(self_->current_sender());
    return answer_later<applied>(self_, [&](promise<applied> waiting) {
      auto room = what.results_wanted ? what.replies_max : 0;
      queue_.push_back({std::move(what), std::move(waiting), 0, {}, room});
      // A checkpoint may have waited for the log, and what comes now for the
      // checkpoint.
      checkpoint_if_due(false);
      work();
    });
  }

  caf::result<queried> on(const query& what) {
    if (successor_)
      return delegate(self_, successor_, what);
    if (!executor_)
      return failure(failure_);
    try {
      auto slow = executor_->begin_query(what.request);
      if (slow && !stoppers_.empty())
        return failure(failure_);
      if (slow)
        return answer_later<queried>(self_, [&](promise<queried> waiting) {
          slow_.add(std::move(slow), executor_->applied(), std::move(waiting));
          go_on();
        });
      return queried{executor_->applied(), executor_->query(what.request)};
    } catch (const std::exception& e) {
      return failure(refusal_of(e));
    }
  }

  caf::result<reads_run> on(const run_reads& what) {
    if (successor_)
      return delegate(self_, successor_, what);
    if (!executor_)
      return failure(failure_);
    reads_run result;
    auto room = what.replies_max;
    try {
      for (const auto& command : what.commands) {
        result.results.push_back(executor_->read(command, room));
        room -= result.results.back().reply.size();
      }
    } catch (const std::exception& e) {
      fail("the state machine of group " + to_text(options_.group)
           + " failed while it read: " + e.what());
    } catch (...) {
      fail("the state machine of group " + to_text(options_.group)
           + " threw something that is no exception");
    }
    if (!executor_)
      return failure(failure_);
    return result;
  }

  caf::result<state_frozen> on(const freeze_state& what) {
    if (successor_)
      return delegate(self_, successor_, what);
    if (!executor_ || !stoppers_.empty())
      return failure(failure_);
    state_frozen result;
    try {
      auto found = executor_->begin_snapshot();
      if (found && found->applied && found->applied >= what.at_least)
        result.state = std::make_shared<machine::snapshot>(std::move(*found));
    } catch (const std::exception& e) {
      fail("freezing the state of group " + to_text(options_.group)
           + " for a snapshot failed: " + e.what());
    }
    if (executor_ && !result.state) {
      // Of a machine on the disk, a snapshot is what is there.
      checkpoint_if_due(true);
      hurry_checkpoint();
    }
    if (!executor_)
      return failure(failure_);
    return result;
  }

  void on(const abandon_checkpoint&) {
    give_up_checkpoint();
  }

  void on(const checkpoint_now&) {
    armed_ = false;
    checkpoint_if_due(true);
    if (!executor_)
      refuse_all();
    arm();
  }

  void on(const continue_work&) {
    going_on_ = false;
    if (!executor_)
      return refuse_all();
    if (!slow_.empty())
      slow_.step();
    if (!slow_.empty())
      go_on();
    work();
  }

  void on(const checkpoint_for_space& msg) {
    if (successor_)
      return send(self_, successor_, msg);
    checkpoint_if_due(true);
    hurry_checkpoint();
    if (!executor_)
      refuse_all();
  }

  void on(const look_for_space&) {
    looking_ = false;
    if (!executor_ || !stoppers_.empty())
      return;
    tell_peer();
    checkpoint_if_due(false);
    if (!executor_)
      refuse_all();
    arm();
  }

  caf::result<stopped> on(const stop& msg) {
    if (successor_)
      return answer_later<stopped>(self_, [&](promise<stopped> waiting) {
        stoppers_.push_back(std::move(waiting));
        stop_successor();
      });
    if (executor_) {
      checkpoint_if_due(true);
      failure_ = "the applier has stopped";
    }
    // What still waits could only wait for room on the disk.
    refuse_all();
    if (!checkpointer_) {
      close();
      return stopped{msg.group};
    }
    return answer_later<stopped>(self_, [&](promise<stopped> waiting) {
      stoppers_.push_back(std::move(waiting));
      if (stoppers_.size() == 1)
        stop_checkpointer();
    });
  }

  /// A request that is being carried out.
  struct order {
    apply what;
    promise<applied> waiting;
    std::size_t next = 0;
    std::vector<apply_result> results;
    /// Room for replies that is left, in bytes.
    std::size_t room = 0;
  };

  /// Applies what was asked for, as much as there is room and time for.
  void work() {
    std::size_t entries = 0;
    std::size_t bytes = 0;
    while (executor_ && !queue_.empty()) {
      auto& now = queue_.front();
      for (; executor_ && now.next < now.what.entries.size(); ++now.next) {
        const auto& x = now.what.entries[now.next];
        if (executor_->must_wait())
          return wait();
        if (entries == entries_at_once || bytes >= bytes_at_once)
          return go_on();
        ++entries;
        bytes += x.data.size();
        apply_one(now, x);
      }
      if (!executor_)
        break;
      auto left = space();
      if (!executor_)
        break;
      now.waiting.answer(applied{options_.group, executor_->applied(),
                                 std::move(now.results),
                                 executor_->checkpointed(), left});
      queue_.pop_front();
      // Perhaps only now it is known that there is little room.
      checkpoint_if_due(false);
    }
    if (!executor_)
      refuse_all();
    arm();
  }

  /// Waits for the checkpoint that is under way to go on.
  void wait() {
    constexpr std::chrono::milliseconds look_again{2};
    arm();
    if (executor_->may_go_on_soon() && !std::exchange(going_on_, true))
      send_later(self_, applier_actor{self_}, look_again, continue_work{});
  }

  /// Continues what was begun once others had their turn.
  void go_on() {
    if (!std::exchange(going_on_, true))
      send(self_, applier_actor{self_}, continue_work{});
  }

  /// Who lives in the middleman's thread leaves it, for good, when its state
  /// machine is prompt no more. It stays as the address of who takes over.
  void move_out_if_slow() {
    if (!options_.in_middleman || !executor_ || executor_->is_prompt()
        || !stoppers_.empty() || !queue_.empty() || !slow_.empty()
        || !checkpointing_.expired())
      return;
    auto options = options_;
    options.executor = std::exchange(executor_, nullptr);
    options.in_middleman = false;
    if (checkpointer_) {
      watcher_.unwatch(checkpointer_);
      send_anonymously(checkpointer_, stop{options_.group});
      checkpointer_ = checkpointer_actor{};
    }
    successor_ = spawn_applier(self_->system(), std::move(options));
    watcher_.watch(self_, successor_, [this] { self_->quit(); });
  }

  void stop_successor() {
    if (stoppers_.size() > 1)
      return;
    stop_other(self_, successor_, options_.group, [this] {
      for (auto& waiting : stoppers_)
        waiting.answer(stopped{options_.group});
      self_->quit();
    });
  }

  void apply_one(order& now, const entry& x) {
    try {
      auto done = executor_->apply(x, now.room);
      now.room -= std::min(now.room, done.reply.size());
      auto answers
        = x.kind == entry_kind::command || x.kind == entry_kind::open_session;
      if (now.what.results_wanted && answers)
        now.results.push_back(std::move(done));
    } catch (const std::exception& e) {
      fail_at(x, e.what());
    } catch (...) {
      fail_at(x, "the state machine threw something that is no exception");
    }
    checkpoint_if_due(false);
  }

  /// Has the checkpointer checkpoint what changed, if it is enough, or `now`.
  void checkpoint_if_due(bool now) {
    if (!executor_ || !checkpointer_)
      return;
    std::shared_ptr<machine::checkpoint_job> job;
    try {
      job = executor_->take_checkpoint(log_durable_, now);
    } catch (const std::exception& e) {
      fail("freezing the state of group " + to_text(options_.group)
           + " failed: " + e.what());
    }
    if (!job)
      return;
    checkpointing_ = job;
    ask(self_, checkpointer_, caf::infinite, checkpoint{std::move(job)})
      .then([this](const checkpointed& msg) { on(msg); },
            [this](const caf::error& why) {
              if (!executor_ || !stoppers_.empty())
                return;
              lose(caf::to_string(why));
              refuse_all();
            });
  }

  void on(const checkpointed&) {
    // It lets go of what was written now that we do.
    if (executor_)
      executor_->checkpoint_done();
    send(self_, checkpointer_, release_checkpoint{});
    if (!executor_ || !stoppers_.empty())
      return;
    tell_peer();
    checkpoint_if_due(false);
    work();
  }

  /// Tells whoever gives us entries how far they are on the disk.
  void tell_peer() {
    auto left = space();
    auto peer = caf::actor_cast<peer_actor>(peer_);
    if (executor_ && peer)
      send(self_, peer,
           applied{options_.group,
                   executor_->applied(),
                   {},
                   executor_->checkpointed(),
                   left});
  }

  /// How much more may be applied, if the peer wants to know. While that has an
  /// end, it is looked again and again whether it still has.
  space_left space() {
    if (!space_wanted_)
      return {};
    space_left result;
    try {
      result = executor_->look_for_space(following_);
    } catch (const std::exception& e) {
      fail(e.what());
    }
    if (result.any != space_left::unlimited && !looking_) {
      looking_ = true;
      send_later(self_, applier_actor{self_}, look_for_space_after,
                 look_for_space{});
    }
    return result;
  }

  /// Makes sure that what was applied is checkpointed some time.
  void arm() {
    if (armed_ || !executor_ || !checkpointer_
        || executor_->applied() == executor_->checkpointed())
      return;
    armed_ = true;
    send_later(self_, applier_actor{self_}, options_.checkpoint_after,
               checkpoint_now{});
  }

  void stop_checkpointer() {
    auto done = [this] {
      checkpointer_ = checkpointer_actor{};
      close();
      for (auto& waiting : stoppers_)
        waiting.answer(stopped{options_.group});
    };
    hurry_checkpoint();
    send_later(self_, applier_actor{self_}, options_.stop_checkpoints_within,
               abandon_checkpoint{});
    ask(self_, checkpointer_, caf::infinite, stop{options_.group})
      .then([done](const stopped&) mutable { done(); },
            [done](const caf::error&) mutable { done(); });
  }

  void hurry_checkpoint() {
    if (auto job = checkpointing_.lock())
      job->hurry();
  }

  void give_up_checkpoint() {
    if (auto job = checkpointing_.lock())
      job->give_up();
  }

  void close() {
    executor_.reset();
    self_->quit();
  }

  void refuse_all() {
    for (auto& x : std::exchange(queue_, {}))
      x.waiting.fail(failure_);
    slow_.fail_all(failure_);
  }

  void fail_at(const entry& x, const std::string& reason) {
    fail("applying entry " + to_text(x.index) + " of group "
         + to_text(options_.group) + " failed: " + reason);
  }

  void fail(std::string reason) {
    lose(std::move(reason));
    events::tell(options_.on_event, events::failed{failure_});
  }

  void lose(std::string reason) {
    // The machine may be half way through a command: nobody may see it.
    executor_.reset();
    failure_ = std::move(reason);
  }

  self_pointer self_ = nullptr;
  applier_options options_;
  /// Null after a failure.
  std::shared_ptr<machine::executor> executor_;
  std::string failure_;
  /// None if the machine keeps nothing.
  checkpointer_actor checkpointer_;
  watcher watcher_;
  /// Who has taken over, if anybody has.
  applier_actor successor_;
  /// What the checkpointer was given last, if it still has it.
  std::weak_ptr<machine::checkpoint_job> checkpointing_;
  std::deque<order> queue_;
  inquiries slow_;
  /// How far the peer's log is known to be durable.
  log_index log_durable_;
  /// Who gave us entries last, and what came with them.
  caf::actor_addr peer_;
  bool space_wanted_ = false;
  std::uint64_t following_ = 0;
  /// Whether an alarm is set to look for room.
  bool looking_ = false;
  /// Whether a message is under way that continues what was begun.
  bool going_on_ = false;
  /// Whether an alarm is set.
  bool armed_ = false;
  std::vector<promise<stopped>> stoppers_;
};

} // namespace raft::actors
