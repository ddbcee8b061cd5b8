// The way from a client to a peer, which loses and delays.

#include <raft/actors/caf/act.hpp>
#include <raft/scenarios/network_actor.hpp>
#include <raft/simulation/wire_size.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <map>
#include <utility>

namespace raft::scenarios {

namespace {

using simulation::wire_size;

class way_state {
public:
  static inline const char* name = "raft.client_way";

  using self_pointer = actors::peer_actor::stateful_pointer<way_state>;

  actors::peer_actor::behavior_type begin(self_pointer self,
                                          std::shared_ptr<switchboard> board,
                                          peer_number to,
                                          actors::peer_actor peer) {
    self_ = self;
    board_ = std::move(board);
    to_ = to;
    peer_ = std::move(peer);
    auto no = [] { return actors::failure("clients do not ask this here"); };
    return {
      [](const vote_request&) {},
      [](const vote_reply&) {},
      [](const append_request&) {},
      [](const append_reply&) {},
      [](const read_index_request&) {},
      [](const read_index_reply&) {},
      [](const timeout_now&) {},
      [](const install_request&) {},
      [](const install_reply&) {},
      [no](const start&) -> caf::result<started> { return no(); },
      [this](execute& msg) {
        // An answer is one message here, that is delayed or lost as a whole.
        msg.fetches = false;
        return carry(std::move(msg));
      },
      [no](const fetch&) -> caf::result<fetched> { return no(); },
      [this](open_session& msg) { return carry(msg); },
      [no](const query&) -> caf::result<queried> { return no(); },
      [no](const get_state&) -> caf::result<peer_state> { return no(); },
      [no](const transfer_leadership&) -> caf::result<leadership_transferred> {
        return no();
      },
      [no](const change_members&) -> caf::result<members_changed> {
        return no();
      },
      [](const actors::join_group&) { return actors::group_joined{}; },
      [](const actors::follow_members&, const actors::link_keeper_actor&) {},
      [no](const take_snapshot&) -> caf::result<snapshot_taken> {
        return no();
      },
      [no](const read_snapshot&) -> caf::result<snapshot_part> { return no(); },
      [no](const subscribe&, const actors::subscriber_actor&)
        -> caf::result<subscribed> { return no(); },
      [](const credit&) {},
      [no](const observe&, const actors::observer_actor&)
        -> caf::result<observed> { return no(); },
      [](const link_up&, const actors::inbox_actor&) {},
      [](const link_down&) {},
      [](const standing&) {},
      [](const applied&) {},
      [this](const wake& msg) { go_on(msg.number); },
      [this](const stop& msg) {
        self_->quit();
        return stopped{msg.group};
      },
    };
  }

private:
  using promise = actors::promise<executed>;
  using shared_promise = std::shared_ptr<promise>;

  template <class Request>
  caf::result<executed> carry(Request msg) {
    return actors::answer_later<executed>(self_, [&](promise x) {
      auto waiting = std::make_shared<promise>(std::move(x));
      auto size = wire_size(msg);
      auto fate = board_->with([&](network& net) {
        net.count_request(to_, size);
        return net.draw(true);
      });
      travel(fate, waiting, [this, waiting, msg = std::move(msg)]() mutable {
        arrive(waiting, std::move(msg));
      });
    });
  }

  template <class Request>
  void arrive(const shared_promise& waiting, Request msg) {
    actors::ask(self_, peer_, caf::infinite, std::move(msg))
      .then([this, waiting](executed& answer) { come_back(waiting, answer); },
            [waiting](const caf::error& why) {
              // The peer has ended: the connection breaks, and that shows.
              waiting->fail(caf::to_string(why));
            });
  }

  void come_back(const shared_promise& waiting, executed& answer) {
    auto fate = board_->with([&](network& net) {
      net.count_bytes(wire_size(answer));
      return net.draw(false);
    });
    travel(fate, waiting, [waiting, answer = std::move(answer)]() mutable {
      waiting->answer(std::move(answer));
    });
  }

  /// What is lost is never answered while this way exists.
  template <class Then>
  void travel(const network::fate& fate, const shared_promise& waiting,
              Then then) {
    if (fate.lost) {
      lost_.push_back(waiting);
    } else if (fate.delay.count() == 0) {
      then();
    } else {
      travelling_[++last_] = std::move(then);
      actors::send_later(self_, actors::peer_actor{self_}, fate.delay,
                         wake{last_});
    }
  }

  void go_on(std::uint64_t number) {
    auto i = travelling_.find(number);
    if (i == travelling_.end())
      return;
    auto f = std::move(i->second);
    travelling_.erase(i);
    f();
  }

  self_pointer self_ = nullptr;
  std::shared_ptr<switchboard> board_;
  peer_number to_ = 0;
  actors::peer_actor peer_;
  std::map<std::uint64_t, std::function<void()>> travelling_;
  std::uint64_t last_ = 0;
  std::vector<shared_promise> lost_;
};

actors::peer_actor::behavior_type run_way(way_state::self_pointer self,
                                          std::shared_ptr<switchboard> board,
                                          peer_number to,
                                          actors::peer_actor peer) {
  return actors::state_of(self).begin(self, std::move(board), to,
                                      std::move(peer));
}

} // namespace

actors::peer_actor spawn_client_way(caf::actor_system& system,
                                    std::shared_ptr<switchboard> board,
                                    peer_number to,
                                    const actors::peer_actor& peer) {
  return system.spawn(run_way, std::move(board), to, peer);
}

} // namespace raft::scenarios
