#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/broker.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/actors/caf/sheltered.hpp>
#include <raft/base/clock.hpp>
#include <raft/client/client_actor.hpp>
#include <raft/client/state/fetches.hpp>

#include <caf/io/middleman.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>

namespace raft::client {

namespace {

using base::instant;
using base::steady_now;

/// The actor around `client_state`.
///
/// `Base` is what the actor is derived from: an ordinary typed actor, or a
/// typed broker in the middleman's thread.
template <class Base>
class client_shell {
public:
  static inline const char* name = "raft.client";

  using self_pointer = caf::stateful_actor<client_shell, Base>*;

  client_shell() = default;
  client_shell(const client_shell&) = delete;
  client_shell& operator=(const client_shell&) = delete;

  typename Base::behavior_type begin(self_pointer self,
                                     client_actor_options options) {
    self_ = self;
    self->count_strays(options.strays);
    group_ = options.group;
    queue_ = std::move(options.queue);
    home_ = options.home;
    state_.emplace(options.settings, options.seed, home_);
    if (options.peer)
      on(link_up{home_, {}}, options.peer);
    return behavior();
  }

private:
  using promise = actors::promise<executed>;
  using sink = std::variant<promise, request_queue::callback>;

  /// A peer that can be reached, and what was sent to it: attempts, and
  /// requests for pieces.
  struct remote {
    actors::peer_actor handle;
    std::unordered_map<std::uint64_t, caf::message_id> pending;
  };

  // -- messages ---------------------------------------------------------------

  typename Base::behavior_type behavior() {
    return {
      [this](submit& msg) { return on(msg); },
      [this](const query& msg) { return on(msg); },
      [this](const stop& msg) { return on(msg); },
      [this](const link_up& msg, const actors::peer_actor& peer) {
        on(msg, peer);
      },
      [this](const link_down& msg) { on(msg); },
      [this](const wake& msg) { on(msg); },
      [this](const drain& msg) { on(msg); },
    };
  }

  caf::result<executed> on(submit& msg) {
    if (msg.group != group_)
      return actors::failure("this is a client of group " + to_text(group_));
    return actors::answer_later<executed>(self_, [&](promise waiting) {
      take(std::move(msg.command), std::chrono::milliseconds{msg.deadline_ms},
           msg.reads, std::move(waiting));
      carry_out();
    });
  }

  caf::result<queried> on(const query& msg) {
    auto i = remotes_.find(home_ ? home_ : state_->target());
    if (i == remotes_.end())
      return actors::failure("no peer can be reached");
    return actors::delegate(self_, i->second.handle, msg);
  }

  caf::result<stopped> on(const stop& msg) {
    on(drain{});
    state_->stop();
    carry_out();
    self_->quit();
    return stopped{msg.group};
  }

  void on(const link_up& msg, const actors::peer_actor& peer) {
    disconnect(msg.peer);
    remotes_[msg.peer].handle = peer;
    state_->peer_up(msg.peer, steady_now());
    carry_out();
  }

  void on(const link_down& msg) {
    disconnect(msg.peer);
    state_->peer_down(msg.peer, steady_now());
    carry_out();
  }

  void on(const wake& msg) {
    if (msg.number != alarm_)
      return;
    armed_.reset();
    state_->advance(steady_now());
    carry_out();
  }

  void on(const drain&) {
    if (!queue_)
      return;
    for (auto& x : queue_->take())
      take(std::move(x.command), x.deadline, x.reads, std::move(x.done));
    carry_out();
  }

  void take(bytes command, std::chrono::milliseconds deadline, bool reads,
            sink waiting) {
    auto now = steady_now();
    auto what = state_->submit(std::move(command), now + deadline, now, reads);
    waiting_.emplace(what, std::move(waiting));
  }

  // -- what the state wants ---------------------------------------------------

  void carry_out() {
    auto todo = state_->take_output();
    for (auto& x : todo.requests)
      send(std::move(x));
    for (auto& x : todo.answers)
      answer(std::move(x));
    arm();
  }

  void send(client_state::request x) {
    auto i = remotes_.find(x.to);
    if (i == remotes_.end())
      return;
    if (x.what == 0)
      ask(i->second, x, open_session{group_});
    else
      ask(i->second, x,
          execute{group_, x.tag, std::move(x.command), true, x.reads});
  }

  template <class Request>
  void ask(remote& to, const client_state::request& x, Request msg) {
    auto id = actors::ask_without_timeout(
      self_, to.handle,
      [this, what = x.what, attempt = x.attempt,
       peer = x.to](const executed& result) {
        forget(peer, attempt);
        if (result.held != 0)
          return begin_to_fetch({what, attempt, peer}, result);
        state_->answered(what, attempt, result, steady_now());
        carry_out();
      },
      [this, what = x.what, attempt = x.attempt,
       peer = x.to](const caf::error&) {
        forget(peer, attempt);
        state_->failed(what, attempt, steady_now());
        carry_out();
      },
      std::move(msg));
    to.pending.emplace(x.attempt, id);
  }

  // -- long replies -----------------------------------------------------------

  /// An attempt at a command, whose reply comes in pieces.
  struct trail {
    client_state::ticket what = 0;
    std::uint64_t attempt = 0;
    peer_id peer;
  };

  void begin_to_fetch(const trail& x, const executed& head) {
    fetches_.begin(x.attempt, x.peer, head);
    trails_.emplace(x.attempt, x);
    go_on_fetching();
  }

  void go_on_fetching() {
    for (const auto& x : fetches_.next())
      ask_for_piece(x, [this, x](const fetched& piece) { on(piece, x); });
  }

  template <class Then>
  void ask_for_piece(const fetches::request& x, Then then) {
    auto i = remotes_.find(x.from);
    if (i == remotes_.end())
      return then({});
    auto number = ++last_piece_;
    auto done = [this, number, then, peer = x.from](const fetched& piece) {
      forget(peer, number);
      then(piece);
    };
    auto id = actors::ask_without_timeout(
      self_, i->second.handle, done, [done](const caf::error&) { done({}); },
      fetch{group_, x.held, x.offset});
    i->second.pending.emplace(number, id);
  }

  void on(const fetched& piece, const fetches::request& which) {
    auto answer = fetches_.take(which, piece.data);
    auto i = trails_.find(which.which);
    if (i != trails_.end()) {
      auto x = i->second;
      auto now = steady_now();
      auto wanted = state_->heard(x.what, x.attempt, now);
      if (answer || !wanted || !fetches_.knows(x.attempt))
        trails_.erase(i);
      if (answer)
        state_->answered(x.what, x.attempt, *answer, now);
      else if (!fetches_.knows(x.attempt))
        state_->failed(x.what, x.attempt, now);
      else if (!wanted)
        let_go(x);
    }
    go_on_fetching();
    carry_out();
  }

  /// Tells a peer that nobody waits for a reply any more.
  void let_go(const trail& x) {
    if (auto last = fetches_.drop(x.attempt))
      ask_for_piece(*last, [](const fetched&) {});
  }

  void answer(client_state::answer x) {
    auto i = waiting_.find(x.what);
    auto to = std::move(i->second);
    waiting_.erase(i);
    if (auto p = std::get_if<promise>(&to))
      p->answer(std::move(x.result));
    else
      std::get<request_queue::callback>(to)(std::move(x.result));
  }

  /// Sets an alarm, unless an earlier one is set.
  void arm() {
    auto at = state_->wake_at();
    if (!at || (armed_ && *armed_ <= *at))
      return;
    armed_ = at;
    auto now = steady_now();
    auto delay = *at > now ? *at - now : instant{0};
    actors::send_later(self_, linked_client_actor{self_}, delay,
                       wake{++alarm_});
  }

  // -- connections ------------------------------------------------------------

  void forget(peer_id peer, std::uint64_t attempt) {
    auto i = remotes_.find(peer);
    if (i != remotes_.end())
      i->second.pending.erase(attempt);
  }

  /// Ends what was sent over a connection that is gone; no answer will come.
  void disconnect(peer_id peer) {
    auto i = remotes_.find(peer);
    if (i == remotes_.end())
      return;
    for (auto& [attempt, id] : i->second.pending)
      actors::cancel(self_, id);
    remotes_.erase(i);
  }

  self_pointer self_ = nullptr;
  group_id group_;
  peer_id home_;
  std::shared_ptr<request_queue> queue_;
  std::optional<client_state> state_;
  std::map<peer_id, remote> remotes_;
  fetches fetches_;
  std::map<std::uint64_t, trail> trails_; // by the attempt
  /// Far from the numbers of attempts.
  std::uint64_t last_piece_ = std::uint64_t{1} << 63;
  std::unordered_map<client_state::ticket, sink> waiting_;
  std::uint64_t alarm_ = 0;
  std::optional<instant> armed_;
};

template <class Base>
typename Base::behavior_type
run_client(caf::stateful_actor<client_shell<Base>, Base>* self,
           client_actor_options options) {
  return actors::state_of(self).begin(self, std::move(options));
}

/// Commands are welcome from wherever the handle was given to.
template <class Base>
using open_client
  = actors::sheltered<Base, actors::open_to_others<submit, query>,
                      actors::asks_others::yes>;

using plain_base = open_client<linked_client_actor::base>;
using broker_base
  = open_client<actors::broker<linked_client_actor::broker_base>>;

} // namespace

linked_client_actor spawn_client(caf::actor_system& system,
                                 client_actor_options options) {
  if (options.in_middleman)
    return caf::actor_cast<linked_client_actor>(system.middleman().spawn_broker(
      run_client<broker_base>, std::move(options)));
  return system.spawn(run_client<plain_base>, std::move(options));
}

} // namespace raft::client
