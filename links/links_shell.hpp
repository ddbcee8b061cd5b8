// The actor around the links; for the sources of this folder only.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/actors/caf/sheltered.hpp>
#include <raft/base/clock.hpp>
#include <raft/links/handshake.hpp>
#include <raft/links/introductions.hpp>
#include <raft/links/link.hpp>
#include <raft/links/links.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace raft::links {

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
    card_ = {options.cluster, options.self, {}, options.speaks};
    us_.begin(self, options);
    card_.shown = us_.shown();
    options_ = std::move(options);
    if (us_.members().voters.empty())
      for (auto& to : options_.remotes)
        add_link(to);
    else
      follow(us_.members());
    if (!options_.guard)
      options_.guard
        = actors::make_port_guard(self->system(), {}, options_.on_event);
    if (options_.peer)
      actors::send(self, options_.peer, actors::follow_members{},
                   actors::link_keeper_actor{self});
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
      [this](const actors::members_are& msg) { on(msg); },
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
    if (const auto* x = find(msg.from); refusal.empty() && x)
      refusal = reason_to_shun(*x, steady_now());
    auto answer = self_->make_response_promise<welcome, actors::peer_actor>();
    if (!refusal.empty())
      turn_away(answer, msg, {exclusion::none, false, refusal});
    else
      us_.look_up_cluster(msg.from, [this, msg, peer, sender, answer] {
        join_if_wanted(msg.from, msg.to, msg.shown,
                       [=, this](const finding& found) {
                         found ? meet(msg, peer, sender, answer)
                               : turn_away(answer, msg, found);
                       });
      });
    return answer;
  }

  /// If we have no cluster yet, whoever takes us for a member has the one that
  /// we are to belong to.
  template <class Then>
  void join_if_wanted(peer_id who, peer_id to, const credentials& theirs,
                      Then then) {
    if (!us_.joins() || to != card_.self)
      return then(finding{});
    us_.join(who, theirs, [=, this](const finding& found) {
      if (found && !std::exchange(told_joined_, true))
        tell(events::joined{who, theirs.cluster, theirs.founders});
      if (!found && found.blames_us)
        add_link({who, {}}).against = found;
      take_stand();
      then(found);
    });
  }

  /// Somebody who may be a member has come to us.
  void meet(const hello& msg, const actors::peer_actor& peer,
            const caf::strong_actor_ptr& sender, const handshake& answer) {
    if (auto why = us_.judge_place(msg.from, msg.shown); !why.text.empty())
      return turn_away(answer, msg, why);
    auto& x = add_link({msg.from, {}});
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
    // It says by itself if it cannot go back; who is to join says so as well.
    if (!is_too_new(card_, msg) || us_.joins())
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

  void on(const actors::members_are& msg) {
    if (!options_.peer || self_->current_sender() != options_.peer)
      return;
    follow(msg.what);
    take_stand();
    advance();
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

  // -- the steps of connecting (connecting.cpp) -------------------------------

  /// Does what is due on all links, and sets the alarm for what comes next.
  void advance();
  void connect(link& x);
  void connected(link& x, link_state::number number, const caf::node_id& node,
                 const caf::strong_actor_ptr& acceptor);
  void greet(link& x, link_state::number number,
             const actors::acceptor_actor& acceptor, const hello& words);
  void welcomed(link& x, link_state::number number, const hello& said,
                const welcome& msg, const actors::peer_actor& peer);
  /// The member that we wanted has answered.
  void meet(link& x, link_state::number number, const welcome& msg,
            const actors::peer_actor& peer);
  void welcomed_at_last(link& x, link_state::number number, const welcome& msg,
                        const actors::peer_actor& peer);
  void give_up(link& x, link_state::number number, const std::string& why);
  void refuse(link& x, link_state::number number, const std::string& why);

  // -- where links lead to ----------------------------------------------------

  /// The link to a peer; a new one (as all without ids are) is not connected.
  link& add_link(const member& to) {
    if (auto* x = to.id ? find(to.id) : nullptr)
      return *x;
    const auto now = steady_now();
    // Between two peers the lower id connects first; clients always do.
    const auto connects = !card_.self || card_.self < to.id;
    auto& x = links_.emplace_back(
      link{to, link_state{options_.timing, connects, options_.seed++, now}});
    if (!to.where.port) {
      x.state.set_turn(connects, false, now);
      x.is_member = false;
    } else {
      show_down(x, "not yet");
    }
    return x;
  }

  /// The links lead to these members from now on.
  void follow(const membership& now) {
    us_.members_are(now);
    card_.level = now.level;
    const auto time = steady_now();
    for (const auto id : members_of(now))
      if (id != card_.self)
        lead(add_link({id, {}}), now, time);
    for (auto& x : links_)
      if (!raft::is_member(now, x.to.id) && std::exchange(x.is_member, false)) {
        x.ends_at = time + options_.timing.leave;
        x.state.set_turn(false, false, time);
      }
  }

  void lead(link& x, const membership& now, instant time) {
    if (!std::exchange(x.is_member, true) && x.state.stage() != link_stage::up)
      show_down(x, "not yet");
    x.ends_at.reset();
    const auto place = place_of(x.to.id, now, options_.remotes);
    x.state.set_turn(connects_first(card_.self, x.to.id, now), place.port != 0,
                     time);
    if (place.port && std::exchange(x.to.where, place) != place)
      x.state.retry(time);
  }

  /// It leads to nobody any more.
  void end_link(link& x) {
    x.ends_at.reset();
    const auto number = x.state.current();
    x.state.set_turn(false, false, steady_now());
    if (options_.board)
      options_.board->up(x.to.id);
    if (!x.state.lost(number, steady_now()))
      return;
    if (auto far = caf::actor_cast<actors::acceptor_actor>(x.far))
      actors::send(self_, far, farewell{"it is no member any more"});
    tell_down(x);
    tell(events::link_ended{title_of(x)});
  }

  /// A client asks all whom it reaches who else there is: now and then, and
  /// often when a link or a member has come or gone, for more may follow.
  void ask_for_members(instant now) {
    if (card_.self || now < learn_at_)
      return;
    learn_at_ = now + learn_pause_;
    learn_pause_
      = std::min<instant>(2 * learn_pause_, options_.timing.learn_max);
    for (const auto& x : links_) {
      if (x.state.stage() != link_stage::up)
        continue;
      actors::ask(self_, caf::actor_cast<actors::peer_actor>(x.peer),
                  options_.timing.greet, get_state{options_.group})
        .then(
          [this](const peer_state& found) {
            learn(found.configuration);
            arm();
          },
          [](const caf::error&) {});
    }
  }

  void ask_for_members_often() {
    learn_at_ = {};
    learn_pause_ = options_.timing.learn_min;
  }

  /// Members have come, or have moved.
  void learn(const membership& now) {
    if (now.index < learned_)
      return;
    if (std::exchange(learned_, now.index) != now.index)
      ask_for_members_often();
    for (const auto& y : now.details) {
      const auto where = place_of(y.peer, now, {});
      const auto knows = std::ranges::any_of(
        links_, [&](const link& x) { return x.to.where == where; });
      if (!where.port || knows)
        continue;
      auto& x = add_link({y.peer, where});
      x.to.where = where;
      x.state.retry(steady_now());
    }
  }

  // -- who is who -------------------------------------------------------------

  /// @param said What the other side has against us, if anything.
  finding compare(link& x, const credentials& theirs,
                  const finding& said = {}) {
    auto found = us_.judge(x.to.id, theirs);
    if (x.state.stage() != link_stage::up)
      x.against = found && !said.text.empty() ? said : found;
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
    x.peer = caf::actor_cast<caf::strong_actor_ptr>(handle);
    ask_for_members_often();
    ask_for_members(steady_now());
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

  void tell_down(link& x) {
    x.peer = {};
    ask_for_members_often();
    show_down(x, "it is gone");
    if (options_.peer)
      actors::send(self_, options_.peer, link_down{x.to.id});
    if (options_.contact)
      actors::send(self_, options_.contact, link_down{x.to.id});
    take_stand();
  }

  // -- words ------------------------------------------------------------------

  void tell_of_fallback(link& x) {
    if (card_.self && !x.state.connects() && !std::exchange(x.fell_back, true))
      tell(
        events::link_fallback{x.to.id, card_.self, options_.timing.fallback});
  }

  void show_down(const link& x, const std::string& why) const {
    if (options_.board && x.is_member)
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

  /// @returns null if there is no link to this peer.
  link* find(peer_id id) {
    const auto at = std::ranges::find_if(
      links_, [id](const link& x) { return x.to.id == id; });
    return at == links_.end() ? nullptr : &*at;
  }

  bool is_double(const link& x, peer_id id) const {
    return std::any_of(links_.begin(), links_.end(), [&](const link& other) {
      return &other != &x && other.to.id == id
          && other.state.stage() == link_stage::up;
    });
  }

  /// Sets an alarm, unless an earlier one is set.
  void arm() {
    auto at = card_.self ? standing_.wake_at() : std::optional{learn_at_};
    for (auto& x : links_) {
      for (const auto& wanted : {x.state.wake_at(), x.ends_at})
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
  bool told_joined_ = false;
  actors::watcher watcher_;
  refusals_told refusals_;
  /// Of a client: when it asks for the members, the pause after that, and what
  /// it knows.
  instant learn_at_{0};
  instant learn_pause_{0};
  log_index learned_;
  std::uint64_t alarm_ = 0;
  std::optional<instant> armed_;
};

} // namespace raft::links
