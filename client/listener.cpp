#include <raft/actors/caf/act.hpp>
#include <raft/client/listener.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <utility>

namespace raft::client {

namespace {

using hand_on_function = std::function<void(std::vector<entry>)>;

class listener_state {
public:
  static inline const char* name = "raft.listener";

  using self_pointer
    = actors::subscriber_actor::stateful_pointer<listener_state>;

  actors::subscriber_actor::behavior_type begin(self_pointer self,
                                                const actors::peer_actor& peer,
                                                const hand_on_function& hand_on,
                                                std::function<void()> on_lost) {
    watcher_.watch(self, peer, [self, on_lost = std::move(on_lost)] {
      on_lost();
      self->quit();
    });
    return {
      [self, peer, hand_on](delivery& msg) {
        std::uint64_t size = 0;
        for (const auto& x : msg.entries)
          size += cost(x);
        hand_on(std::move(msg.entries));
        actors::send(self, peer, credit{msg.group, msg.id, size});
      },
    };
  }

private:
  actors::watcher watcher_;
};

actors::subscriber_actor::behavior_type
listen(listener_state::self_pointer self, const actors::peer_actor& peer,
       const hand_on_function& hand_on, std::function<void()> on_lost) {
  return actors::state_of(self).begin(self, peer, hand_on, std::move(on_lost));
}

} // namespace

actors::subscriber_actor
spawn_listener(caf::actor_system& system, const actors::peer_actor& peer,
               std::function<void(std::vector<entry>)> hand_on,
               std::function<void()> on_lost) {
  return system.spawn(listen, peer, std::move(hand_on), std::move(on_lost));
}

} // namespace raft::client
