#include <raft/actors/caf/act.hpp>
#include <raft/scenarios/listener.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <utility>

namespace raft::scenarios {

namespace {

using hand_on_function = std::function<void(std::vector<entry>)>;

actors::subscriber_actor::behavior_type
listen(actors::subscriber_actor::pointer self, const actors::peer_actor& peer,
       const hand_on_function& hand_on) {
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

} // namespace

actors::subscriber_actor
spawn_listener(caf::actor_system& system, const actors::peer_actor& peer,
               std::function<void(std::vector<entry>)> hand_on) {
  return system.spawn(listen, peer, std::move(hand_on));
}

} // namespace raft::scenarios
