#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/sheltered.hpp>
#include <raft/actors/machine_copies.hpp>
#include <raft/actors/proxy_applier.hpp>
#include <raft/machine/executor.hpp>
#include <raft/machine/pipeline.hpp>

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace raft::actors {

namespace {

class proxy_applier_state {
public:
  static inline const char* name = "raft.proxy_applier";

  using self_pointer = sheltered_pointer<proxy_applier_state, applier_actor>;

  void init(self_pointer self, proxy_applier_options options,
            std::shared_ptr<machine::pipeline> pipe) {
    self_ = self;
    self->count_strays(options.strays);
    options_ = std::move(options);
    machine_ = std::move(options_.machine);
    checkpointed_ = options_.found.applied;
    pipe_ = std::move(pipe);
    watcher_.watch(self_, machine_, [this] {
      fail("the state machine of group " + to_text(options_.group) + " ended"
           + unanswered());
    });
  }

  ~proxy_applier_state() {
    // An exit message or an exception ends the actor without `end`.
    if (machine_)
      send_anonymously(machine_, stop{options_.group});
  }

  caf::result<applied> on(apply& what) {
    if (ending_)
      return failure(reason_);
    log_durable_ = std::max(log_durable_, what.durable);
    peer_ = caf::actor_cast<caf::actor_addr>(self_->current_sender());
    return answer_later<applied>(self_, [&](promise<applied> waiting) {
      auto last = pipe_->pushed();
      if (!what.entries.empty())
        last = what.entries.back().index;
      else if (!orders_.empty())
        last = orders_.back().last;
      std::move(what.entries.begin(), what.entries.end(),
                std::back_inserter(backlog_));
      orders_.push_back({last, what.results_wanted, std::move(waiting), {}});
      work();
    });
  }

  caf::result<queried> on(const query& what) {
    if (ending_)
      return failure(reason_);
    if (queries_ >= options_.limits.queries_max)
      return failure("too many queries wait for the state machine");
    ++queries_;
    return answer_later<queried>(self_, [&](promise<queried> waiting) {
      // It has a mailbox like everybody: what it was given comes first.
      auto asker = std::make_shared<promise<queried>>(std::move(waiting));
      ask(self_, machine_, caf::infinite, what)
        .then(
          [this, asker, seen = pipe_->given()](queried& x) {
            --queries_;
            asker->answer(queried{seen, std::move(x.reply)});
          },
          [this, asker](const caf::error& why) {
            --queries_;
            asker->fail("the state machine refused: " + caf::to_string(why));
          });
    });
  }

  caf::result<state_frozen> on(const freeze_state& what) {
    if (options_.found.state_format.empty())
      return failure("a state machine that is an actor, and does not say how, "
                     "cannot be copied");
    if (ending_)
      return failure(reason_);
    return answer_later<state_frozen>(self_, [&](promise<state_frozen> asker) {
      freezers_.push_back({what.at_least, std::move(asker)});
      work();
    });
  }

  void on(const checkpoint_now&) {
    armed_ = false;
    on(checkpoint_for_space{});
  }

  void on(const checkpoint_for_space&) {
    checkpoint_wanted_ = checkpoint_wanted_ || pipe_->pushed() > checkpointed_;
    work();
  }

  caf::result<stopped> on(const stop&) {
    return answer_later<stopped>(self_, [&](promise<stopped> waiting) {
      stoppers_.push_back(std::move(waiting));
      if (ending_)
        return;
      checkpoint_wanted_ = true;
      checkpoint_if_due();
      begin_end("the applier has stopped");
    });
  }

private:
  /// A request that is being carried out.
  struct order {
    log_index last;
    bool results_wanted = false;
    promise<applied> waiting;
    std::vector<apply_result> results;
  };

  /// Somebody who wants the state.
  struct freezer {
    log_index at_least;
    promise<state_frozen> waiting;
  };

  // -- commands ---------------------------------------------------------------

  void work() {
    if (ending_)
      return;
    while (!ending_) {
      checkpoint_if_due();
      copy_if_wanted();
      auto before = pipe_->pushed();
      push_some();
      if (ending_)
        break;
      if (pipe_->has_batch())
        hand_over(pipe_->take_batch());
      else if (pipe_->pushed() == before)
        break;
    }
    if (ending_)
      return;
    answer_orders();
    arm();
  }

  /// Decides about entries until a batch is full or none are left.
  void push_some() {
    try {
      while (!backlog_.empty() && !checkpoint_is_due() && freezers_.empty()
             && pipe_->takes_more()) {
        log_bytes_ += cost(backlog_.front());
        pipe_->push(backlog_.front());
        backlog_.pop_front();
      }
    } catch (const machine::apply_failure& e) {
      fail_at(e.where(), e.what());
    } catch (const std::exception& e) {
      fail(e.what());
    }
  }

  void hand_over(std::vector<machine_command>&& batch) {
    ask(self_, machine_, caf::infinite,
        apply_commands{options_.group, std::move(batch)})
      .then([this, number = ++batches_](
              commands_applied& x) { on(std::move(x), number); },
            [this](const caf::error& why) {
              fail("the state machine of group " + to_text(options_.group)
                   + " failed" + unanswered() + ": " + caf::to_string(why));
            });
  }

  void on(commands_applied&& answer, std::uint64_t number) {
    if (ending_)
      return;
    checkpoint_wanted_ = checkpoint_wanted_ || answer.checkpoint_wanted;
    try {
      pipe_->answered(number, std::move(answer));
    } catch (const machine::apply_failure& e) {
      fail_at(e.where(), e.what());
    }
    work();
  }

  void answer_orders() {
    for (auto& x : pipe_->take_results()) {
      while (orders_.front().last < x.index)
        answer_first_order();
      if (orders_.front().results_wanted)
        orders_.front().results.push_back(std::move(x));
    }
    while (!orders_.empty() && orders_.front().last <= pipe_->applied())
      answer_first_order();
  }

  void answer_first_order() {
    auto& x = orders_.front();
    x.waiting.answer(
      applied{options_.group, x.last, std::move(x.results), checkpointed_});
    orders_.pop_front();
  }

  // -- copies -----------------------------------------------------------------

  /// The sessions are those of the state only when all replies are there; what
  /// the machine is given next comes behind the request.
  void copy_if_wanted() {
    if (freezers_.empty() || !pipe_->idle())
      return;
    for (auto& x : std::exchange(freezers_, {})) {
      if (!pipe_->applied() || pipe_->applied() < x.at_least)
        x.waiting.answer(state_frozen{});
      else
        copy(std::move(x.waiting));
    }
  }

  void copy(promise<state_frozen> waiting) {
    const auto from = caf::actor_cast<copied_machine_actor>(machine_);
    auto result = std::make_shared<machine::snapshot>();
    result->applied = pipe_->applied();
    result->format = options_.found.state_format;
    result->kept_sessions = pipe_->all_records();
    result->state
      = state_set_aside(self_->system(), from, options_.group, result->applied,
                        options_.limits.piece_within);
    auto asker = std::make_shared<promise<state_frozen>>(std::move(waiting));
    ask(self_, from, options_.limits.piece_within,
        copy_state{options_.group, result->applied})
      .then(
        [asker, result](const state_copied& x) {
          // One that sets aside something else has no state to give.
          asker->answer(x.applied == result->applied ? state_frozen{result}
                                                     : state_frozen{});
        },
        [this, asker](const caf::error& why) {
          asker->answer(state_frozen{});
          fail("the state machine of group " + to_text(options_.group)
               + " does not set its state aside, although it said that it can "
                 "be copied: "
               + caf::to_string(why));
        });
  }

  // -- the disk ---------------------------------------------------------------

  /// Whether entries wait for a checkpoint to begin.
  bool checkpoint_is_due() const {
    return options_.found.keeps_state && !checkpointing_
        && pipe_->pushed() > checkpointed_
        && (checkpoint_wanted_
            || log_bytes_ >= machine::log_since_checkpoint_bytes_max);
  }

  void checkpoint_if_due() {
    // State that is ahead of the log on the disk could not be used again.
    if (!checkpoint_is_due() || !pipe_->idle()
        || pipe_->applied() > log_durable_)
      return;
    checkpointing_ = true;
    checkpoint_wanted_ = false;
    log_bytes_ = 0;
    ask(
      self_, machine_, caf::infinite,
      checkpoint_state{options_.group, pipe_->applied(), pipe_->take_changes()})
      .then([this, upto = pipe_->applied()](
              const checkpointed_up_to& x) { on(x, upto); },
            [this](const caf::error& why) {
              not_checkpointed("checkpointing the state of group "
                               + to_text(options_.group)
                               + " failed: " + caf::to_string(why));
            });
  }

  void on(const checkpointed_up_to& answer, log_index upto) {
    if (answer.applied != upto) {
      not_checkpointed(
        "the state machine of group " + to_text(options_.group)
        + " was to checkpoint its state as of entry " + to_text(upto)
        + ", but says that it checkpointed entry " + to_text(answer.applied));
      return;
    }
    checkpointing_ = false;
    checkpointed_ = upto;
    if (ending_)
      return;
    // Tell whoever gives us entries how far they are on the disk.
    if (auto peer = caf::actor_cast<peer_actor>(peer_))
      send(self_, peer,
           applied{options_.group, pipe_->applied(), {}, checkpointed_});
    work();
  }

  void not_checkpointed(const std::string& reason) {
    // What is not checkpointed at the end is applied again after the next
    // start.
    if (ending_ && !failed_)
      events::tell(options_.on_event, events::checkpoint_given_up{reason});
    fail(reason);
  }

  /// Makes sure that what was applied is checkpointed some time.
  void arm() {
    if (armed_ || !options_.found.keeps_state
        || pipe_->applied() == checkpointed_)
      return;
    armed_ = true;
    send_later(self_, applier_actor{self_}, options_.checkpoint_after,
               checkpoint_now{});
  }

  // -- the end ----------------------------------------------------------------

  /// Tells which entries the state machine has not answered.
  std::string unanswered() const {
    auto range = pipe_->unanswered();
    if (!range)
      return {};
    return ", while entries " + to_text(range->first) + " to "
         + to_text(range->second) + " were with it";
  }

  void fail_at(log_index where, const std::string& reason) {
    fail("applying entry " + to_text(where) + " of group "
         + to_text(options_.group) + " failed: " + reason);
  }

  void fail(const std::string& reason) {
    if (ending_)
      return;
    failed_ = true;
    events::tell(options_.on_event, events::failed{reason});
    begin_end(reason);
  }

  /// From here on the state machine is given nothing.
  void begin_end(const std::string& reason) {
    ending_ = true;
    reason_ = reason;
    backlog_.clear();
    for (auto& x : std::exchange(orders_, {}))
      x.waiting.fail(reason_);
    for (auto& x : std::exchange(freezers_, {}))
      x.waiting.answer(state_frozen{});
    ask(self_, machine_, options_.limits.end_within, stop{options_.group})
      .then([this](const stopped&) { close(); },
            [this](const caf::error& why) {
              if (why == caf::sec::request_timeout)
                kill_machine();
              close();
            });
  }

  void kill_machine() {
    events::tell(
      options_.on_event,
      events::machine_killed{options_.group, options_.limits.end_within});
    self_->send_exit(machine_, caf::exit_reason::kill);
  }

  void close() {
    watcher_.unwatch(machine_);
    machine_ = machine_actor{};
    for (auto& waiting : stoppers_)
      waiting.answer(stopped{options_.group});
    if (failed_)
      self_->quit(failure(reason_));
    else
      self_->quit();
  }

  self_pointer self_ = nullptr;
  proxy_applier_options options_;
  /// Null when it has ended.
  machine_actor machine_;
  watcher watcher_;
  std::shared_ptr<machine::pipeline> pipe_;
  /// Entries that were not pushed yet.
  std::deque<entry> backlog_;
  std::deque<order> orders_;
  /// While there are any, nothing is pushed.
  std::vector<freezer> freezers_;
  std::uint64_t batches_ = 0;
  std::size_t queries_ = 0;
  /// How far the peer's log is known to be durable.
  log_index log_durable_;
  /// Who gave us entries last.
  caf::actor_addr peer_;
  log_index checkpointed_;
  /// Whether a checkpoint is under way.
  bool checkpointing_ = false;
  bool checkpoint_wanted_ = false;
  /// Cost of the entries since the last checkpoint.
  std::size_t log_bytes_ = 0;
  /// Whether an alarm is set.
  bool armed_ = false;
  bool ending_ = false;
  bool failed_ = false;
  /// Why requests are refused, once it is ending.
  std::string reason_;
  std::vector<promise<stopped>> stoppers_;
};

applier_actor::behavior_type
proxy_applier(sheltered_pointer<proxy_applier_state, applier_actor> self,
              proxy_applier_options options,
              std::shared_ptr<machine::pipeline> pipe) {
  state_of(self).init(self, std::move(options), std::move(pipe));
  return {
    [self](apply& msg) { return state_of(self).on(msg); },
    [self](const query& msg) { return state_of(self).on(msg); },
    [self](const freeze_state& msg) { return state_of(self).on(msg); },
    // An actor does not tell which commands only read: they get entries.
    [](const run_reads& msg) {
      return reads_run{
        {msg.commands.size(), apply_result{{}, apply_status::not_a_read, {}}}};
    },
    [self](const checkpoint_now& msg) { state_of(self).on(msg); },
    [self](const checkpoint_for_space& msg) { state_of(self).on(msg); },
    // Its queries are answered by the machine.
    [](const continue_work&) {},
    // What its machine has room for is not known.
    [](const look_for_space&) {},
    // It asks for one answer, and waits so long for the machine to end.
    [](const abandon_checkpoint&) {},
    [self](const stop& msg) { return state_of(self).on(msg); },
  };
}

} // namespace

applier_actor spawn_proxy_applier(caf::actor_system& system,
                                  proxy_applier_options options) {
  if (!options.machine)
    throw std::invalid_argument{"a proxy applier needs a state machine"};
  const auto& limits = options.limits;
  if (limits.window.batches_max == 0 || limits.window.batch_commands_max == 0
      || limits.queries_max == 0)
    throw std::invalid_argument{
      "the limits of the state machine let nothing through"};
  auto pipe = std::make_shared<machine::pipeline>(
    machine::checkpointed_state{options.found.applied,
                                std::exchange(options.found.sessions, {})},
    machine::session_bounds{}, options.limits.window);
  return spawn_actor(system, false, proxy_applier, std::move(options),
                     std::move(pipe));
}

recovered ask_for_state(caf::actor_system& system, const machine_actor& machine,
                        group_id group, std::chrono::milliseconds deadline) {
  recovered result;
  caf::scoped_actor self{system};
  ask(self, machine, deadline, recover{group})
    .receive([&](recovered& x) { result = std::move(x); },
             [&](const caf::error& why) {
               throw std::runtime_error{
                 "the state machine of group " + to_text(group)
                 + " does not say what it has: " + caf::to_string(why)};
             });
  return result;
}

void end_machine(caf::actor_system& system, const machine_actor& machine,
                 group_id group, std::chrono::milliseconds deadline) {
  caf::scoped_actor self{system};
  ask(self, machine, deadline, stop{group})
    .receive([](const stopped&) {},
             [&](const caf::error&) {
               // It does no harm to one that has ended.
               self->send_exit(machine, caf::exit_reason::kill);
             });
}

} // namespace raft::actors
