// Somebody who sends the actors of another process whatever CAF can carry, for
// tests.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/tests/support/patience.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <cstdint>
#include <future>
#include <memory>
#include <utility>

namespace raft::cluster {

/// Another process, as far as CAF can tell.
class forger {
public:
  /// Ids are small numbers, in the order of birth: anybody can guess them.
  static constexpr caf::actor_id ids_max = 60;

  /// @param find Connects to a process, and returns the handle of its peer.
  template <class Find>
  explicit forger(Find find) : peer{find(self, system)} {
    // nop
  }

  /// Sends a message to the actor of this id, be there one or not.
  template <class... Ts>
  void send_to(caf::actor_id id, caf::message_id mid, const Ts&... xs) {
    deliver(id, mid, caf::make_message(xs...));
  }

  /// Sends all actors that there may be whatever ends actors.
  void send_ends() {
    auto mid = caf::make_message_id();
    for (caf::actor_id id = 1; id <= ids_max; ++id) {
      send_to(id, mid, stop{{1}});
      for (auto why : {caf::exit_reason::normal, caf::exit_reason::kill,
                       caf::exit_reason::user_shutdown})
        send_to(id, mid, caf::exit_msg{self->address(), caf::make_error(why)});
      send_to(id, mid, caf::make_error(caf::sec::runtime_error));
      for (const auto& source :
           {self->address(), caf::actor_cast<caf::actor_addr>(peer)})
        send_to(id, mid,
                caf::down_msg{source, caf::make_error(caf::exit_reason::kill)});
    }
  }

  /// Sends them what only actors of their own process may say.
  void send_lies() {
    auto mid = caf::make_message_id();
    constexpr std::uint64_t far = std::uint64_t{1} << 40;
    for (caf::actor_id id = 1; id <= ids_max; ++id) {
      for (std::uint64_t who = 1; who <= 3; ++who) {
        send_to(id, mid, link_down{{who}});
        send_to(id, mid, distrust{{who}, "slander"});
        send_to(id, mid, link_up{{who}, {}},
                caf::actor_cast<actors::inbox_actor>(peer));
        send_to(id, mid, link_up{{who}, {}}, peer);
      }
      send_to(id, mid, farewell{"good bye"});
      for (std::uint64_t number = 0; number < 8; ++number)
        send_to(id, mid, wake{number});
      send_to(id, mid, commit_collected{});
      send_to(id, mid, applied{{1}, {far}, {}, {far}});
      send_to(id, mid, persisted{{1}, {1}});
      send_to(id, mid, leadership{{1}, {1}, {far}, {2}, false, false});
    }
  }

  /// Sends the peer what others would, in a term.
  /// @param to The peer's id.
  void send_as_peer(peer_id to, term_number term) {
    for (std::uint64_t from = 1; from <= 4; ++from) {
      message_header header{{1}, {from}, to, {}};
      append_request request;
      request.header = header;
      request.term = term;
      actors::send(self.ptr(), peer, request);
      actors::send(self.ptr(), peer,
                   vote_request{header, term, {}, false, true, {}});
      actors::send(self.ptr(), peer,
                   vote_reply{header, term, {}, false, false});
      append_reply reply;
      reply.header = header;
      reply.term = term;
      actors::send(self.ptr(), peer, reply);
    }
  }

  /// Waits until all that was sent has been handled: an answer comes back on
  /// the same connection.
  bool is_answered() {
    auto result = false;
    actors::ask(self, peer, test::patience, get_state{{1}})
      .receive([&](const peer_state&) { result = true; },
               [](const caf::error&) {});
    return result;
  }

  actors::system_config config{true};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  actors::peer_actor peer;

private:
  void deliver(caf::actor_id id, caf::message_id mid, caf::message what) {
    // The other thread may be in it still when we go on.
    auto done = std::make_shared<std::promise<void>>();
    system.middleman().backend().post([&, done] {
      auto broker = caf::actor_cast<caf::abstract_actor*>(
        actors::find_protocol_broker(system));
      auto& basp = *static_cast<caf::io::basp_broker*>(broker);
      // CAF leaves there where the last message came from, on its stack.
      basp.proxies().set_last_hop(nullptr);
      auto to = basp.proxies().get_or_put(peer.node(), id);
      to->enqueue(caf::actor_cast<caf::strong_actor_ptr>(self.ptr()), mid,
                  std::move(what), nullptr);
      done->set_value();
    });
    done->get_future().wait();
  }
};

} // namespace raft::cluster
