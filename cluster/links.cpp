#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/cluster/clock.hpp>
#include <raft/cluster/dial.hpp>
#include <raft/cluster/greeting.hpp>
#include <raft/cluster/links.hpp>

#include <caf/io/middleman.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace raft::cluster {

namespace {

/// The actor around the links.
class links_shell {
public:
  static inline const char* name = "raft.links";

  using self_pointer = links_actor::stateful_pointer<links_shell>;

  links_shell() = default;
  links_shell(const links_shell&) = delete;
  links_shell& operator=(const links_shell&) = delete;

  links_actor::behavior_type begin(self_pointer self, links_options options) {
    self_ = self;
    us_ = {options.cluster, options.self, options.incarnation, options.remotes};
    auto now = steady_now();
    for (auto& to : options.remotes) {
      // Between two peers the lower id connects first; clients always do.
      auto connects = !us_.self || us_.self < to.id;
      links_.push_back(
        {to, link_state{options.timing, connects, options.seed++, now}});
    }
    options_ = std::move(options);
    if (!options_.guard)
      options_.guard = actors::make_port_guard(
        self->system(), {}, [log = options_.log](const auto& what) {
          if (log)
            log(severity::warning, what);
        });
    for (const auto& x : links_)
      show_down(x, "not yet");
    advance();
    return behavior();
  }

private:
  struct link {
    member to;
    link_state state;
    /// Whether an actor is dialing, perhaps of an attempt that is over: a name
    /// lookup can take longer than we want to wait.
    bool dialing = false;
    /// What was last told to people, so that they are not told twice.
    std::string told = {};
    /// The actor that keeps the other end.
    caf::strong_actor_ptr far = {};
    /// Whether people were told that we do what is the other side's turn.
    bool fell_back = false;
  };

  // -- messages ---------------------------------------------------------------

  links_actor::behavior_type behavior() {
    return {
      [this](const hello& msg, const actors::peer_actor& peer) {
        return on_peer(msg, peer);
      },
      [this](const hello& msg) { return on_client(msg); },
      [this](const farewell& msg) { on(msg); },
      [this](const distrust& msg) { on(msg); },
      [this](const wake& msg) {
        if (msg.number != alarm_)
          return;
        armed_.reset();
        advance();
      },
      [this](const stop& msg) {
        self_->quit();
        return stopped{msg.group};
      },
    };
  }

  using greeted = caf::result<welcome, actors::peer_actor>;

  greeted on_peer(const hello& msg, const actors::peer_actor& peer) {
    auto refusal = refusal_of(us_, msg, true);
    if (refusal.empty() && !peer)
      refusal = "no peer came with the hello: it has ended meanwhile";
    const auto& sender = self_->current_sender();
    if (refusal.empty() && (!sender || peer.node() != sender->node()))
      refusal = "the peer that came with the hello is in another process";
    if (refusal.empty())
      refusal = reason_to_shun(find(msg.from));
    if (refusal.empty()) {
      auto& x = find(msg.from);
      note_incarnation(x, msg.incarnation);
      x.far = sender;
      auto number = x.state.accepted(msg.incarnation, steady_now());
      go_up(x, number, peer);
      actors::keep_place(options_.guard, peer.node());
    } else {
      tell_refusal(msg.from, refusal);
    }
    return {make_welcome(us_, std::move(refusal)), options_.peer};
  }

  greeted on_client(const hello& msg) {
    auto refusal = refusal_of(us_, msg, false);
    if (!refusal.empty())
      tell_refusal({}, refusal);
    return {make_welcome(us_, std::move(refusal)), options_.peer};
  }

  void on(const farewell& msg) {
    auto from = self_->current_sender();
    for (auto& x : links_)
      if (from && x.far == from && x.state.stage() == link_stage::up)
        go_down(x, x.state.current(), "ends the connection: " + msg.why);
  }

  void on(const distrust& msg) {
    for (auto& x : links_) {
      if (x.to.id != msg.peer || !x.state.distrusted(steady_now()))
        continue;
      if (auto far = caf::actor_cast<actors::door_actor>(x.far))
        actors::send(self_, far, farewell{msg.why});
      tell_down(x);
      log(severity::error,
          fmt::format("ends the connection to {} for {} ms: {}", title(x),
                      x.state.shunned_for(steady_now()).count(), msg.why));
      arm();
    }
  }

  // -- the steps of connecting ------------------------------------------------

  /// Does what is due on all links, and sets the alarm for what comes next.
  void advance() {
    auto now = steady_now();
    for (auto& x : links_) {
      auto stage = x.state.stage();
      switch (x.state.advance(now)) {
        case link_state::duty::connect:
          tell_of_fallback(x);
          connect(x);
          break;
        case link_state::duty::gave_up:
          tell(x, severity::warning,
               fmt::format("no answer in time, while {}", to_text(stage)));
          break;
        case link_state::duty::nothing:
          break;
      }
    }
    arm();
  }

  void connect(link& x) {
    auto number = x.state.current();
    if (x.dialing)
      return give_up(x, number, "the lookup of its name takes too long");
    x.dialing = true;
    auto patience = static_cast<std::uint64_t>(options_.timing.tcp.count());
    actors::ask(self_, spawn_dial(self_->system(), options_.guard),
                caf::infinite, x.to.where.host, x.to.where.port, patience)
      .then(
        [this, &x, number](const caf::node_id& node,
                           const caf::strong_actor_ptr& door,
                           const std::string& complaint) {
          x.dialing = false;
          if (!complaint.empty())
            give_up(x, number, complaint);
          else
            connected(x, number, node, door);
          arm();
        },
        [this, &x, number](const caf::error& reason) {
          x.dialing = false;
          give_up(x, number, text_of(reason));
          arm();
        });
  }

  void connected(link& x, link_state::number number, const caf::node_id& node,
                 const caf::strong_actor_ptr& door) {
    if (node == self_->system().node())
      refuse(x, number, complaint_about_self(x.to.where));
    else if (!door)
      refuse(x, number, "no raft peer waits at this port");
    else if (x.state.connected(number, steady_now()))
      greet(x, number, caf::actor_cast<actors::door_actor>(door));
  }

  void greet(link& x, link_state::number number,
             const actors::door_actor& door) {
    x.far = caf::actor_cast<caf::strong_actor_ptr>(door);
    auto on_answer
      = [this, &x, number](const welcome& msg, const actors::peer_actor& peer) {
          welcomed(x, number, msg, peer);
          arm();
        };
    auto on_error = [this, &x, number](const caf::error& reason) {
      give_up(x, number, text_of(reason));
      arm();
    };
    auto words = make_hello(us_, x.to.id);
    auto patience = options_.timing.greet;
    if (us_.self)
      actors::ask(self_, door, patience, words, options_.peer)
        .then(on_answer, on_error);
    else
      actors::ask(self_, door, patience, words).then(on_answer, on_error);
  }

  void welcomed(link& x, link_state::number number, const welcome& msg,
                const actors::peer_actor& peer) {
    auto complaint = complaint_about(us_, x.to.id, msg);
    if (complaint.empty() && !peer)
      return give_up(x, number, "its peer has ended");
    if (complaint.empty() && is_double(x, msg.from))
      complaint = fmt::format("it is peer {}, which another address leads to, "
                              "too",
                              msg.from.value);
    if (!complaint.empty())
      return refuse(x, number, complaint);
    note_incarnation(x, msg.incarnation);
    if (!x.state.greeted(number, msg.incarnation, steady_now()))
      return;
    x.to.id = msg.from;
    go_up(x, number, peer);
  }

  void give_up(link& x, link_state::number number, const std::string& why) {
    if (x.state.failed(number, steady_now()))
      tell(x, severity::warning, why);
  }

  void refuse(link& x, link_state::number number, const std::string& why) {
    if (x.state.refused(number, steady_now()))
      tell(x, severity::error, why);
  }

  // -- up and down ------------------------------------------------------------

  void go_up(link& x, link_state::number number,
             const actors::peer_actor& handle) {
    x.told.clear();
    x.fell_back = false;
    if (options_.board)
      options_.board->up(x.to.id);
    watcher_.watch(self_, handle, [this, &x, number] { go_down(x, number); });
    link_up news{x.to.id, x.state.incarnation()};
    if (options_.peer)
      actors::send(self_, options_.peer, news, actors::inbox_actor{handle});
    if (options_.client)
      actors::send(self_, options_.client, news, handle);
    log(severity::info, fmt::format("{} is connected", title(x)));
  }

  void go_down(link& x, link_state::number number,
               const std::string& how = "is gone") {
    if (!x.state.lost(number, steady_now()))
      return;
    tell_down(x);
    log(severity::warning, fmt::format("{} {}", title(x), how));
    arm();
  }

  void tell_down(const link& x) {
    show_down(x, "it is gone");
    if (options_.peer)
      actors::send(self_, options_.peer, link_down{x.to.id});
    if (options_.client)
      actors::send(self_, options_.client, link_down{x.to.id});
  }

  // -- words ------------------------------------------------------------------

  std::string title(const link& x) const {
    auto where = to_text(x.to.where);
    return x.to.id ? fmt::format("peer {} at {}", x.to.id.value, where)
                   : fmt::format("the server at {}", where);
  }

  /// The side that should wait connects: people may want to know why.
  void tell_of_fallback(link& x) {
    if (us_.self < x.to.id || !us_.self || std::exchange(x.fell_back, true))
      return;
    log(severity::warning,
        fmt::format(
          "peer {0} has not connected to this peer for {1} ms, as the "
          "lower id should, so this peer tries to connect to it. "
          "Unless peer {0} does not run, see whether it can reach the "
          "address that its --members name for peer {2}",
          x.to.id.value, options_.timing.fallback.count(), us_.self.value));
  }

  void show_down(const link& x, const std::string& why) const {
    if (options_.board)
      options_.board->down(x.to.id, why);
  }

  void tell(link& x, severity how, const std::string& why) {
    show_down(x, why);
    // The first failure counts; its repetitions are of interest to few.
    log(std::exchange(x.told, why) == why ? severity::debug : how,
        fmt::format("can not connect to {}: {}", title(x), why));
  }

  void tell_refusal(peer_id from, const std::string& why) {
    auto& told = refusals_told_[from];
    auto how
      = std::exchange(told, why) == why ? severity::debug : severity::error;
    auto who = from ? fmt::format("peer {}", from.value) : "a client";
    log(how, fmt::format("refused {}: {}", who, why));
    // Strangers choose their ids; do not remember all of them.
    if (refusals_told_.size() > 100)
      refusals_told_.clear();
  }

  void note_incarnation(const link& x, incarnation_id now) {
    auto before = x.state.incarnation();
    if (before && before != now)
      log(severity::warning,
          fmt::format("{} has come back with another store: it remembers "
                      "nothing of what it had",
                      title(x)));
  }

  /// Why a peer that has been sending what can not be true is not welcome yet.
  static std::string reason_to_shun(const link& x) {
    auto left = x.state.shunned_for(steady_now()).count();
    if (left == 0)
      return {};
    return fmt::format("what peer {} sent can not be true, see this peer's "
                       "log; it may come again in {} ms",
                       x.to.id.value, left);
  }

  std::string text_of(const caf::error& x) const {
    return actors::to_text(self_->system(), x);
  }

  void log(severity how, const std::string& what) const {
    if (options_.log)
      options_.log(how, what);
  }

  // -- the rest ---------------------------------------------------------------

  /// @pre a link to this peer exists.
  link& find(peer_id id) {
    return *std::find_if(links_.begin(), links_.end(),
                         [id](const link& x) { return x.to.id == id; });
  }

  bool is_double(const link& x, peer_id id) const {
    return std::any_of(links_.begin(), links_.end(), [&](const link& other) {
      return &other != &x && other.to.id == id
          && other.state.stage() == link_stage::up;
    });
  }

  /// Sets an alarm, unless an earlier one is set.
  void arm() {
    std::optional<instant> at;
    for (auto& x : links_) {
      auto wanted = x.state.wake_at();
      if (wanted && (!at || *wanted < *at))
        at = wanted;
    }
    if (!at || (armed_ && *armed_ <= *at))
      return;
    armed_ = at;
    auto delay = std::max(*at - steady_now(), instant{0});
    actors::send_later(self_, links_actor{self_}, delay, wake{++alarm_});
  }

  self_pointer self_ = nullptr;
  links_options options_;
  card us_;
  std::deque<link> links_; // references stay valid
  actors::watcher watcher_;
  std::map<peer_id, std::string> refusals_told_;
  std::uint64_t alarm_ = 0;
  std::optional<instant> armed_;
};

links_actor::behavior_type run_links(links_shell::self_pointer self,
                                     links_options options) {
  return actors::state_of(self).begin(self, std::move(options));
}

} // namespace

links_actor spawn_links(caf::actor_system& system, links_options options) {
  return system.spawn(run_links, std::move(options));
}

} // namespace raft::cluster
