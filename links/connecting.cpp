// How a link comes to be, if it is this side's turn.

#include <raft/links/dial.hpp>
#include <raft/links/links_shell.hpp>

#include <fmt/format.h>

namespace raft::links {

void links_shell::advance() {
  auto now = steady_now();
  standing_.tell(options_.on_event, now, options_.timing.remind);
  ask_for_members(now);
  for (auto& x : links_) {
    if (x.ends_at && now >= *x.ends_at)
      end_link(x);
    auto stage = x.state.stage();
    switch (x.state.advance(now)) {
      case link_state::duty::connect:
        tell_of_fallback(x);
        connect(x);
        break;
      case link_state::duty::gave_up:
        tell_failed(x, false,
                    fmt::format("no answer in time, while {}", to_text(stage)));
        break;
      case link_state::duty::nothing:
        break;
    }
  }
  arm();
}

void links_shell::connect(link& x) {
  auto number = x.state.current();
  if (x.dialing)
    return give_up(x, number, "the lookup of its name takes too long");
  x.dialing = true;
  auto patience = static_cast<std::uint64_t>(options_.timing.tcp.count());
  actors::ask(self_, spawn_dial(self_->system(), options_.guard), caf::infinite,
              x.to.where.host, x.to.where.port, patience)
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

void links_shell::connected(link& x, link_state::number number,
                            const caf::node_id& node,
                            const caf::strong_actor_ptr& acceptor) {
  if (node == self_->system().node())
    refuse(x, number, complaint_about_self(x.to.where));
  else if (!acceptor)
    refuse(x, number, "no raft peer waits at this port");
  else if (x.state.connected(number, steady_now()))
    us_.look_up_cluster(
      x.to.id, [this, &x, number,
                to = caf::actor_cast<actors::acceptor_actor>(acceptor)] {
        card_.shown = us_.shown();
        greet(x, number, to, make_hello(card_, x.to.id));
      });
}

void links_shell::greet(link& x, link_state::number number,
                        const actors::acceptor_actor& acceptor,
                        const hello& words) {
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

void links_shell::welcomed(link& x, link_state::number number,
                           const hello& said, const welcome& msg,
                           const actors::peer_actor& peer) {
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

void links_shell::meet(link& x, link_state::number number, const welcome& msg,
                       const actors::peer_actor& peer) {
  if (auto why = us_.judge_place(x.to.id, msg.shown); !why.text.empty()) {
    // It may have let us in.
    actors::send(self_, caf::actor_cast<actors::acceptor_actor>(x.far),
                 farewell{why.text});
    return refuse(x, number, why.text);
  }
  // It may know something that it did not show.
  auto found = compare(x, msg.shown, {msg.reason, true, msg.refusal});
  if (!found && found.reason != exclusion::restored)
    return refuse(x, number, found.text);
  if (found && !msg.refusal.empty()) {
    const auto why = "it refused us: " + msg.refusal;
    return msg.reason == exclusion::removed ? refuse(x, number, why)
                                            : give_up(x, number, why);
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

void links_shell::welcomed_at_last(link& x, link_state::number number,
                                   const welcome& msg,
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

void links_shell::give_up(link& x, link_state::number number,
                          const std::string& why) {
  if (x.state.failed(number, steady_now()))
    tell_failed(x, false, why);
}

void links_shell::refuse(link& x, link_state::number number,
                         const std::string& why) {
  if (x.state.refused(number, steady_now()))
    tell_failed(x, true, why);
}

} // namespace raft::links
