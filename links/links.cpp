#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/actors/caf/sheltered.hpp>
#include <raft/base/clock.hpp>
#include <raft/links/dial.hpp>
#include <raft/links/handshake.hpp>
#include <raft/links/introductions.hpp>
#include <raft/links/link.hpp>
#include <raft/links/links.hpp>

#include <caf/io/middleman.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace raft::links {

namespace {

using base::steady_now;
using consensus::finding;

/// Who knocks says hello, and may say farewell. All else comes from our
/// process.
using links_base = actors::sheltered<
  links_actor::base,
  actors::open_to_others<hello, actors::args<hello, actors::peer_actor>,
                         farewell>,
  actors::asks_others::yes>;

/// The actor around the links.
class links_shell {
public:
  static inline const char* name = "raft.links";

  using self_pointer = caf::stateful_actor<links_shell, links_base>*;

  links_shell() = default;
  links_shell(const links_shell&) = delete;
  links_shell& operator=(const links_shell&) = delete;

  links_actor::behavior_type begin(self_pointer self, links_options options) {
    self_ = self;
    self->count_strays(options.strays);
    card_ = {options.cluster, options.self, {}, options.remotes};
    us_.begin(self, options);
    card_.shown = us_.shown();
    auto now = steady_now();
    for (auto& to : options.remotes) {
      // Between two peers the lower id connects first; clients always do.
      auto connects = !card_.self || card_.self < to.id;
      links_.push_back(
        {to, link_state{options.timing, connects, options.seed++, now}});
    }
    options_ = std::move(options);
    if (!options_.guard)
      options_.guard
        = actors::make_port_guard(self->system(), {}, options_.on_event);
    for (const auto& x : links_)
      show_down(x, "not yet");
    settle_if_confirmed();
    take_stand();
    advance();
    return behavior();
  }

private:
  // -- messages ---------------------------------------------------------------

  links_actor::behavior_type behavior() {
    return {
      [this](const hello& msg, const actors::peer_actor& peer) {
        return on(msg, peer);
      },
      [this](const hello& msg) { return on(msg); },
      [this](const farewell& msg) { on(msg); },
      [this](const distrust& msg) { on(msg); },
      [this](const wake& msg) { on(msg); },
      [this](const stop& msg) { return on(msg); },
    };
  }

  using greeted = caf::result<welcome, actors::peer_actor>;
  using handshake = caf::typed_response_promise<welcome, actors::peer_actor>;

  /// A peer introduces itself.
  greeted on(const hello& msg, const actors::peer_actor& peer) {
    auto refusal = refusal_of(card_, msg, true);
    if (refusal.empty() && !peer)
      refusal = "no peer came with the hello: it has ended meanwhile";
    auto sender = self_->current_sender(); // a promise takes it away
    if (refusal.empty() && (!sender || peer.node() != sender->node()))
      refusal = "the peer that came with the hello is in another process";
    if (refusal.empty())
      refusal = reason_to_shun(find(msg.from), steady_now());
    auto answer = self_->make_response_promise<welcome, actors::peer_actor>();
    if (!refusal.empty())
      turn_away(answer, msg, {exclusion::none, false, refusal});
    else
      us_.look_up_cluster(
        [this, msg, peer, sender, answer] { meet(msg, peer, sender, answer); });
    return answer;
  }

  /// Somebody who may be a member has come to us.
  void meet(const hello& msg, const actors::peer_actor& peer,
            const caf::strong_actor_ptr& sender, const handshake& answer) {
    auto& x = find(msg.from);
    auto found = compare(x, msg.shown);
    if (!found && found.reason != exclusion::restored)
      return turn_away(answer, msg, found);
    auto start = present_start(msg.shown);
    if (x.state.stage() == link_stage::up && x.start != start)
      return turn_away(answer, msg, second_process(msg.from));
    if (std::exchange(x.meeting, true))
      return turn_away(answer, msg, met_already());
    us_.remember(x.to.id, msg.shown, [=, this, &x](const finding& kept) {
      x.meeting = false;
      if (!found || !kept)
        return turn_away(answer, msg, found ? kept : found);
      x.start = start;
      x.version = msg.version;
      x.far = sender;
      auto number = x.state.accepted(msg.shown.incarnation, steady_now());
      go_up(x, number, peer);
      actors::keep_place(options_.guard, peer.node());
      deliver(answer, msg, {}, exclusion::none, options_.peer);
    });
  }

  void turn_away(const handshake& answer, const hello& msg,
                 const finding& why) {
    tell_refused(msg, msg.from, why);
    deliver(answer, msg, why.text, why.reason, {});
  }

  void tell_refused(const hello& msg, peer_id from, const finding& why) {
    // It says by itself if it has nothing older to propose.
    if (!is_too_new(card_, msg))
      refusals_.tell(options_.on_event, from, why);
  }

  void deliver(handshake answer, const hello& msg, std::string refusal,
               exclusion reason, actors::peer_actor peer) {
    card_.shown = us_.shown();
    answer.deliver(make_welcome(card_, msg, std::move(refusal), reason),
                   std::move(peer));
  }

  /// A client introduces itself.
  greeted on(const hello& msg) {
    auto refusal = refusal_of(card_, msg, false);
    if (!refusal.empty())
      tell_refused(msg, {}, {exclusion::none, false, refusal});
    card_.shown = us_.shown();
    return {make_welcome(card_, msg, std::move(refusal)), options_.peer};
  }

  void on(const farewell& msg) {
    auto from = self_->current_sender();
    for (auto& x : links_)
      if (from && x.far == from && x.state.stage() == link_stage::up)
        go_down(x, x.state.current(), msg.why);
  }

  void on(const distrust& msg) {
    for (auto& x : links_) {
      if (x.to.id != msg.peer || !x.state.distrusted(steady_now()))
        continue;
      if (auto far = caf::actor_cast<actors::acceptor_actor>(x.far))
        actors::send(self_, far, farewell{msg.why});
      tell_down(x);
      tell(events::link_distrusted{title_of(x),
                                   x.state.shunned_for(steady_now()), msg.why});
      arm();
    }
  }

  void on(const wake& msg) {
    if (msg.number != alarm_)
      return;
    armed_.reset();
    advance();
  }

  stopped on(const stop& msg) {
    self_->quit();
    return {msg.group};
  }

  // -- the steps of connecting ------------------------------------------------

  /// Does what is due on all links, and sets the alarm for what comes next.
  void advance() {
    auto now = steady_now();
    standing_.tell(options_.on_event, now, options_.timing.remind);
    for (auto& x : links_) {
      auto stage = x.state.stage();
      switch (x.state.advance(now)) {
        case link_state::duty::connect:
          tell_of_fallback(x);
          connect(x);
          break;
        case link_state::duty::gave_up:
          tell_failed(
            x, false,
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
                           const caf::strong_actor_ptr& acceptor,
                           const std::string& complaint) {
          x.dialing = false;
          if (!complaint.empty())
            give_up(x, number, complaint);
          else
            connected(x, number, node, acceptor);
          arm();
        },
        [this, &x, number](const caf::error& reason) {
          x.dialing = false;
          give_up(x, number, text_of(reason));
          arm();
        });
  }

  void connected(link& x, link_state::number number, const caf::node_id& node,
                 const caf::strong_actor_ptr& acceptor) {
    if (node == self_->system().node())
      refuse(x, number, complaint_about_self(x.to.where));
    else if (!acceptor)
      refuse(x, number, "no raft peer waits at this port");
    else if (x.state.connected(number, steady_now()))
      us_.look_up_cluster(
        [this, &x, number,
         to = caf::actor_cast<actors::acceptor_actor>(acceptor)] {
          card_.shown = us_.shown();
          greet(x, number, to, make_hello(card_, x.to.id));
        });
  }

  void greet(link& x, link_state::number number,
             const actors::acceptor_actor& acceptor, const hello& words) {
    x.far = caf::actor_cast<caf::strong_actor_ptr>(acceptor);
    auto on_answer
      = [=, this, &x](const welcome& msg, const actors::peer_actor& peer) {
          if (auto again = say_again(card_, words, msg))
            return greet(x, number, acceptor, *again);
          welcomed(x, number, words, msg, peer);
          arm();
        };
    auto on_error = [this, &x, number](const caf::error& reason) {
      give_up(x, number, text_of(reason));
      arm();
    };
    auto patience = options_.timing.greet;
    if (card_.self)
      actors::ask(self_, acceptor, patience, words, options_.peer)
        .then(on_answer, on_error);
    else
      actors::ask(self_, acceptor, patience, words).then(on_answer, on_error);
  }

  void welcomed(link& x, link_state::number number, const hello& said,
                const welcome& msg, const actors::peer_actor& peer) {
    if (card_.self && comes_from(card_, said, msg)
        && (msg.refusal.empty() || msg.reason != exclusion::none))
      return meet(x, number, msg, peer);
    auto complaint = complaint_about(card_, said, msg);
    if (complaint.empty() && !peer)
      return give_up(x, number, "its peer has ended");
    if (complaint.empty() && is_double(x, msg.from))
      complaint = fmt::format("it is peer {}, which another address leads to, "
                              "too",
                              msg.from.value);
    if (!complaint.empty())
      return refuse(x, number, complaint);
    x.to.id = msg.from;
    welcomed_at_last(x, number, msg, peer);
  }

  /// The member that we wanted has answered.
  void meet(link& x, link_state::number number, const welcome& msg,
            const actors::peer_actor& peer) {
    auto found = compare(x, msg.shown);
    if (!found && found.reason != exclusion::restored)
      return refuse(x, number, found.text);
    if (found && !msg.refusal.empty()) {
      // It knows something that it did not show.
      x.against = {msg.reason, true, msg.refusal};
      take_stand();
      return give_up(x, number, "it refused us: " + msg.refusal);
    }
    if (std::exchange(x.meeting, true))
      return give_up(x, number, met_already().text);
    us_.remember(x.to.id, msg.shown, [=, this, &x](const finding& kept) {
      x.meeting = false;
      if (!found || !kept)
        give_up(x, number, found ? kept.text : found.text);
      else if (!peer)
        give_up(x, number, "its peer has ended");
      else
        welcomed_at_last(x, number, msg, peer);
      arm();
    });
  }

  void welcomed_at_last(link& x, link_state::number number, const welcome& msg,
                        const actors::peer_actor& peer) {
    auto before = x.state.incarnation();
    if (before && before != msg.shown.incarnation)
      tell(events::store_changed{title_of(x)});
    if (!x.state.greeted(number, msg.shown.incarnation, steady_now()))
      return;
    x.start = present_start(msg.shown);
    x.version = msg.version;
    go_up(x, number, peer);
  }

  void give_up(link& x, link_state::number number, const std::string& why) {
    if (x.state.failed(number, steady_now()))
      tell_failed(x, false, why);
  }

  void refuse(link& x, link_state::number number, const std::string& why) {
    if (x.state.refused(number, steady_now()))
      tell_failed(x, true, why);
  }

  // -- who is who -------------------------------------------------------------

  finding compare(link& x, const credentials& theirs) {
    auto found = us_.judge(x.to.id, theirs);
    if (x.state.stage() != link_stage::up)
      x.against = found;
    settle_if_confirmed();
    take_stand();
    return found;
  }

  void settle_if_confirmed() {
    us_.settle_if_confirmed([this] {
      tell(events::restored_confirmed{});
      take_stand();
    });
  }

  void take_stand() {
    if (!options_.peer)
      return;
    if (!standing_.change(find_standing(us_.known(), links_), steady_now()))
      return;
    actors::send(self_, options_.peer, standing_.now());
    arm();
  }

  // -- up and down ------------------------------------------------------------

  void go_up(link& x, link_state::number number,
             const actors::peer_actor& handle) {
    x.told.clear();
    x.fell_back = false;
    if (options_.board)
      options_.board->up(x.to.id);
    x.against = {};
    refusals_.forget(x.to.id);
    take_stand();
    watcher_.watch(self_, handle, [this, &x, number] { go_down(x, number); });
    link_up news{x.to.id, x.state.incarnation(), x.version};
    if (options_.peer)
      actors::send(self_, options_.peer, news, actors::inbox_actor{handle});
    if (options_.contact)
      actors::send(self_, options_.contact, news, handle);
    tell(events::link_connected{title_of(x)});
  }

  void go_down(link& x, link_state::number number,
               const std::string& farewell = {}) {
    if (!x.state.lost(number, steady_now()))
      return;
    tell_down(x);
    tell(events::link_lost{title_of(x), farewell});
    arm();
  }

  void tell_down(const link& x) {
    show_down(x, "it is gone");
    if (options_.peer)
      actors::send(self_, options_.peer, link_down{x.to.id});
    if (options_.contact)
      actors::send(self_, options_.contact, link_down{x.to.id});
    take_stand();
  }

  // -- words ------------------------------------------------------------------

  void tell_of_fallback(link& x) {
    if (card_.self && x.to.id < card_.self && !std::exchange(x.fell_back, true))
      tell(
        events::link_fallback{x.to.id, card_.self, options_.timing.fallback});
  }

  void show_down(const link& x, const std::string& why) const {
    if (options_.board)
      options_.board->down(x.to.id, why);
  }

  void tell_failed(link& x, bool refused, const std::string& why) {
    show_down(x, why);
    auto repeated = std::exchange(x.told, why) == why;
    tell(events::link_failed{title_of(x), why, refused, repeated});
  }

  std::string text_of(const caf::error& x) const {
    return actors::to_text(self_->system(), x);
  }

  void tell(const events::event& what) const {
    events::tell(options_.on_event, what);
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
    auto at = standing_.wake_at();
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
  card card_;
  introductions<caf::stateful_actor<links_shell, links_base>> us_;
  standing_told standing_;
  std::deque<link> links_; // references stay valid
  actors::watcher watcher_;
  refusals_told refusals_;
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

} // namespace raft::links
