// The actor around the core; for peer.cpp only.

#pragma once

#include <raft/actors/alarm.hpp>
#include <raft/actors/caf/act.hpp>
#include <raft/actors/peer.hpp>
#include <raft/actors/peer_changes.hpp>
#include <raft/actors/peer_clients.hpp>
#include <raft/actors/peer_links.hpp>
#include <raft/actors/peer_listeners.hpp>
#include <raft/actors/peer_reads.hpp>
#include <raft/actors/peer_snapshots.hpp>
#include <raft/actors/peer_space.hpp>
#include <raft/actors/peer_transfers.hpp>
#include <raft/actors/peer_workers.hpp>
#include <raft/consensus/durable_commit.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace raft::actors {

/// The actor around the core. Every handler has one shape: give the input to
/// the core, then carry out what comes out.
///
/// `Base` is what the actor is derived from: an ordinary typed actor, or a
/// typed broker in the middleman's thread.
template <class Base>
class peer_shell {
public:
  static inline const char* name = "raft.peer";

  using self_pointer = caf::stateful_actor<peer_shell, Base>*;

  ~peer_shell() {
    // An exit message or an exception ends the actor without `stop`.
    if (core_)
      give_up_all();
  }

  typename Base::behavior_type begin(self_pointer self, peer_parts parts) {
    self_ = self;
    self->count_strays(parts.strays);
    parts_ = std::move(parts);
    workers_.begin(
      self, parts_, [this](const std::string& why) { fail(why); },
      [this] { end(); });
    told_ = parts_.time.now();
    listeners_.emplace(parts_.self.group, parts_.self.id, parts_.bounds);
    waiting_.emplace(parts_.bounds.held_replies_max);
    reads_.emplace(parts_.bounds, parts_.settings);
    make_core(std::move(parts_.tail));
    snapshots_.begin(*this, std::move(parts_.snapshots));
    return behavior();
  }

private:
  friend class peer_snapshots<peer_shell>;

  void make_core(std::vector<entry> tail) {
    core_.emplace(parts_.self, parts_.settings, parts_.recovered,
                  std::move(tail), parts_.applied, told_);
    core_->told_space(parts_.applied, parts_.space);
    durable_told_ = durable_commit(*core_);
    carry_out();
  }

  // -- messages ---------------------------------------------------------------

  typename Base::behavior_type behavior() {
    return {
      [this](const vote_request& msg) { hear(msg); },
      [this](const vote_reply& msg) { hear(msg); },
      [this](const append_request& msg) { hear(msg); },
      [this](const append_reply& msg) { hear(msg); },
      [this](const read_index_request& msg) { hear(msg); },
      [this](const read_index_reply& msg) { hear(msg); },
      [this](const timeout_now& msg) { hear(msg); },
      [this](const install_request& msg) { hear(msg); },
      [this](const install_reply& msg) { hear(msg); },
      [this](start& msg) { return on(msg); },
      [this](execute& msg) { return on(msg); },
      [this](const fetch& msg) { return waiting_->take(sender(), msg, told_); },
      [this](const open_session& msg) {
        return execute_for(msg.group, false, [this](auto who) {
          replicate(entry_kind::open_session, {}, {}, std::move(who));
        });
      },
      [this](const query& msg) { return on(msg); },
      [this](const get_state& msg) { return on(msg); },
      [this](const transfer_leadership& msg) { return on(msg); },
      [this](change_members& msg) { return on(msg); },
      [this](const join_group& msg) { return on(msg); },
      [this](const follow_members&, const link_keeper_actor& who) {
        changes_.follow(self_, *core_, who);
      },
      [this](const take_snapshot& msg) { return of_snapshots(msg); },
      [this](const read_snapshot& msg) { return of_snapshots(msg); },
      [this](const subscribe& msg, const subscriber_actor& subscriber) {
        return on(msg, subscriber);
      },
      [this](const credit& msg) { on(msg); },
      [this](const observe& msg, const observer_actor& observer) {
        return on(msg, observer);
      },
      [this](const link_up& msg, const inbox_actor& peer) { on(msg, peer); },
      [this](const link_down& msg) { on(msg); },
      [this](const standing& msg) {
        if (sender_is_local(self_))
          kept_out_ = msg;
      },
      [this](const applied& msg) { on(msg); },
      [this](const wake& msg) { on(msg); },
      [this](const stop& msg) { return on(msg); },
    };
  }

  void hear(const auto& msg) {
    if (links_.hears(msg.header.from, self_->current_sender(), self_->node()))
      step([&] { core_->receive(msg); });
  }

  caf::result<started> on(start& msg) {
    if (auto problem = problem_with(msg.group))
      return *problem;
    started answer;
    answer.reason = reject_reason::stopping;
    step([&] { answer = take(entry_kind::command, {}, msg.command); });
    return answer;
  }

  caf::result<executed> on(execute& msg) {
    return execute_for(msg.group, msg.fetches, [&](auto who) {
      if (msg.reads)
        reads_->begin(*core_,
                      peer_reads::command{std::move(msg), std::move(who)});
      else
        replicate(entry_kind::command, msg.tag, msg.command, std::move(who));
    });
  }

  caf::result<executed> execute_for(group_id group, bool fetches, auto then) {
    if (auto problem = problem_with(group))
      return *problem;
    if (stopping_)
      return machine::answer_rejected(reject_reason::stopping, core_->term(),
                                      {});
    // Whoever is here shares the reply.
    auto who
      = fetches && !sender_is_local(self_) ? sender() : caf::actor_addr{};
    return answer_later<executed>(self_, [&](promise<executed> waiting) {
      step([&] { then(peer_clients::client{std::move(waiting), who}); });
    });
  }

  void replicate(entry_kind kind, const command_tag& tag, const bytes& data,
                 peer_clients::client who) {
    waiting_->add(take(kind, tag, data), std::move(who));
  }

  started take(entry_kind kind, const command_tag& tag, bytes data) {
    auto space = space_for(*core_, parts_.space_of, kind, data);
    return core_->start(kind, tag, data, parts_.time.wall_ms(), space);
  }

  caf::actor_addr sender() {
    return caf::actor_cast<caf::actor_addr>(self_->current_sender());
  }

  caf::result<queried> on(const query& msg) {
    if (auto problem = problem_now(msg.group))
      return *problem;
    if (is_fresh_enough(*core_, msg, parts_.time.now()) && workers_.applier())
      return delegate(self_, workers_.applier(), msg);
    return answer_later<queried>(self_, [&](promise<queried> waiting) {
      step([&] {
        reads_->begin(*core_, peer_reads::question{msg, std::move(waiting)});
      });
    });
  }

  caf::result<peer_state> on(const get_state& msg) {
    if (auto problem = problem_with(msg.group))
      return *problem;
    auto result = core_->state();
    result.kept_out = kept_out_;
    return result;
  }

  caf::result<leadership_transferred> on(const transfer_leadership& msg) {
    if (auto problem = problem_with(msg.group))
      return *problem;
    return answer_later<leadership_transferred>(self_, [&](auto who) {
      step([&] { transfers_.begin(*core_, msg, std::move(who)); });
    });
  }

  caf::result<members_changed> on(change_members& msg) {
    if (auto problem = problem_with(msg.group))
      return *problem;
    auto answer = peer_changes::stopping(*core_);
    step([&] {
      answer
        = changes_.change(*core_, std::move(msg), links_, parts_.addresses);
    });
    return answer;
  }

  caf::result<group_joined> on(const join_group& msg) {
    if (!sender_is_local(self_) || stopping_ || !changes_.may_join(*core_))
      return group_joined{};
    return changes_.join(self_, workers_, parts_.self.group, msg,
                         [this](const durable_batch& found) {
                           parts_.recovered.members = found.members;
                           parts_.recovered.cluster = found.cluster;
                           make_core({});
                           changes_.tell(self_, *core_);
                         });
  }

  auto of_snapshots(const auto& msg) {
    using answer = decltype(snapshots_.on(msg));
    auto problem = problem_now(msg.group);
    return problem ? answer{*problem} : snapshots_.on(msg);
  }

  caf::result<subscribed> on(const subscribe& msg,
                             const subscriber_actor& subscriber) {
    if (auto problem = problem_now(msg.group))
      return *problem;
    auto answer
      = listeners_->add(self_, workers_.watched(), *core_, msg, subscriber);
    deliver();
    return answer;
  }

  caf::result<observed> on(const observe& msg, const observer_actor& observer) {
    if (auto problem = problem_now(msg.group))
      return *problem;
    return listeners_->add(self_, workers_.watched(), msg, observer);
  }

  void on(const credit& msg) {
    if (msg.group == parts_.self.group)
      listeners_->of_entries().grant(sender(), msg);
    deliver();
  }

  void on(const link_up& msg, const inbox_actor& peer) {
    links_.up(msg, peer, self_->current_sender());
    step([&] { core_->link_up(msg.peer, msg.incarnation, msg.version); });
  }

  void on(const link_down& msg) {
    links_.down(msg.peer);
    step([&] { core_->link_down(msg.peer); });
  }

  void on(const applied& msg) {
    // What was applied counts when those who wait for it are answered.
    if (sender_is_local(self_) && msg.group == parts_.self.group)
      learn(core_->applied(), msg);
  }

  void on(const wake& msg) {
    if (!alarm_.rang(msg.number) || stopping_)
      return;
    told_ = std::max(told_, parts_.time.now());
    waiting_->expire(told_);
    core_->advance(told_);
    carry_out();
    snapshots_.tick();
  }

  caf::result<stopped> on(const stop& msg) {
    if (auto problem = problem_with(msg.group))
      return *problem;
    return answer_later<stopped>(self_, [&](promise<stopped> waiting) {
      stoppers_.push_back(std::move(waiting));
      begin_stop();
    });
  }

  std::optional<caf::error> problem_with(group_id group) const {
    return wrong_group(parts_.self.group, group);
  }

  std::optional<caf::error> problem_now(group_id group) const {
    if (stopping_ && group == parts_.self.group)
      return failure("this peer is stopping");
    return problem_with(group);
  }

  // -- the core's duties, in the order of consensus/output.hpp ----------------

  /// Gives the core one input that is no timeout.
  void step(auto&& input) {
    if (stopping_)
      return;
    // Whatever is due waits for the wake-up: its message lies behind the mail
    // that came before it. So no election begins while the mailbox still holds
    // the leader's heartbeat.
    auto clock = parts_.time.now();
    told_ = std::max(told_, std::min(clock, due_ - consensus::instant{1}));
    core_->advance(told_);
    core_->tell_clock(clock);
    input();
    carry_out();
  }

  void carry_out() {
    auto todo = core_->take_output();
    for (auto& msg : todo.messages)
      std::visit([this](auto& x) { links_.post(self_, std::move(x)); }, msg);
    if (todo.batch)
      write(std::move(*todo.batch));
    if (!todo.committed.empty()
        || (workers_.applier() && is_more_durable(*core_, durable_told_)))
      apply_all(std::move(todo.committed));
    for (auto& what : todo.reads)
      fetch_entries(std::move(what));
    for (const auto& x : todo.verdicts)
      end_reads(x);
    snapshots_.carry_out(todo);
    for (const auto& x : todo.notes)
      events::tell(parts_.on_event, x);
    waiting_->give_up_if_deposed(*core_);
    transfers_.look(*core_);
    changes_.look(self_, *core_, todo.notes);
    listeners_->of_leadership().tell(self_, *core_);
    deliver();
    due_ = todo.wake_at;
    arm();
    for (const auto& x : todo.distrusted)
      if (links_.ask_to_end(self_, x.peer, consensus::to_text(x)))
        on(link_down{x.peer});
  }

  void write(persist&& batch) {
    workers_.template ask<persisted>(
      workers_.persister(), std::move(batch), [this](persisted& done) {
        step([&] {
          done.refused ? core_->refused(done.number)
                       : core_->persisted(done.number);
        });
        if (done.refused && workers_.applier())
          send(self_, workers_.applier(), checkpoint_for_space{});
      });
  }

  /// Has entries applied, perhaps none, and tells how far it may checkpoint
  /// effects.
  void apply_all(std::vector<entry>&& entries) {
    auto wanted = waiting_->any_for(entries);
    durable_told_ = durable_commit(*core_);
    workers_.template ask_applier<applied>(
      apply{parts_.self.group, std::move(entries), wanted, durable_told_,
            waiting_->room(), core_->is_alone(), core_->following_bytes()},
      [this](applied& done) {
        waiting_->applied(done, *core_, told_);
        learn(done.index, done);
      });
  }

  void learn(log_index index, const applied& done) {
    step([&] {
      core_->applied(index, done.durable);
      core_->told_space(done.index, done.space);
    });
  }

  void fetch_entries(read_entries&& what) {
    workers_.template ask<entries_read>(
      workers_.reader(), std::move(what), [this](entries_read& done) {
        step([&] { core_->entries_read(std::move(done)); });
      });
  }

  // -- reads without an entry -------------------------------------------------

  void end_reads(const consensus::read_verdict& x) {
    auto all = reads_->end(x, *core_);
    if (!workers_.applier())
      return peer_reads::refuse(std::move(all), reject_reason::busy, *core_);
    for (auto& question : all.questions)
      peer_reads::ask(self_, workers_.applier(), std::move(question));
    if (all.commands.empty())
      return;
    auto order = all.order(parts_.self.group, waiting_->room());
    auto number = reads_->keep(std::move(all.commands));
    workers_.template ask_applier<reads_run>(
      std::move(order), [this, number](reads_run& done) {
        auto commands = reads_->take(number);
        for (std::size_t i = 0; i < commands.size(); ++i)
          end_read(commands[i], done.results.at(i));
      });
  }

  void end_read(peer_reads::command& x, const apply_result& result) {
    if (result.status != apply_status::not_a_read)
      return waiting_->answer_read(x.who, result, *core_, told_);
    if (stopping_)
      return peer_reads::refuse(x, reject_reason::stopping, *core_);
    step([&] {
      replicate(entry_kind::command, x.what.tag, x.what.command,
                std::move(x.who));
    });
  }

  // -- time -------------------------------------------------------------------

  /// Makes sure that a message wakes us at `due_`, or earlier. An alarm that
  /// comes too early is kept: it costs one wake-up, not one for each input.
  void arm() {
    if (auto delay = alarm_.set(due_, parts_.time.now()))
      send_later(self_, peer_actor{self_}, *delay, wake{alarm_.number()});
  }

  // -- subscribers ------------------------------------------------------------

  void deliver() {
    listeners_->deliver(self_, *core_, [this](read_entries what, auto then) {
      workers_.template ask<entries_read>(
        workers_.reader(), std::move(what),
        [this, then](entries_read& done) mutable {
          if (stopping_)
            return;
          then(done);
          deliver();
        });
    });
  }

  // -- the end ----------------------------------------------------------------

  /// Ends this peer because something it cannot do without has failed.
  void fail(const std::string& reason) {
    if (stopping_)
      return;
    failure_ = "peer " + to_text(parts_.self.id) + " of group "
             + to_text(parts_.self.group) + " ends: " + reason;
    events::tell(parts_.on_event, events::failed{failure_});
    begin_stop();
  }

  /// From here on the core is given nothing, so nothing new comes out of it;
  /// what is under way at persister and applier is waited for.
  void begin_stop() {
    if (std::exchange(stopping_, true))
      return;
    give_up_all();
    snapshots_.conclude();
    listeners_->conclude(self_);
    workers_.stop();
  }

  void give_up_all() {
    waiting_->give_up_all(core_->leader());
    transfers_.conclude(*core_);
    reads_->conclude(*core_);
  }

  void end() {
    for (auto& waiting : std::exchange(stoppers_, {}))
      waiting.answer(stopped{parts_.self.group});
    failure_.empty() ? self_->quit() : self_->quit(failure(failure_));
  }

  self_pointer self_ = nullptr;
  peer_parts parts_;
  peer_workers<std::remove_pointer_t<self_pointer>> workers_;
  std::optional<consensus::core> core_;
  std::optional<peer_reads> reads_;
  peer_links links_;
  std::optional<peer_clients> waiting_;
  std::optional<peer_listeners> listeners_;
  peer_transfers transfers_;
  peer_changes changes_;
  peer_snapshots<peer_shell> snapshots_;
  standing kept_out_;
  /// How far the applier believes the log to be durable.
  log_index durable_told_;

  /// The time that the core was last told.
  consensus::instant told_{0};
  /// When the core wants to be woken.
  consensus::instant due_{0};
  alarm alarm_;

  bool stopping_ = false;
  std::vector<promise<stopped>> stoppers_;
  std::string failure_;
};

} // namespace raft::actors
