#include <raft/actors/caf/broker.hpp>
#include <raft/actors/peer.hpp>
#include <raft/actors/peer_shell.hpp>
#include <raft/consensus/soundness.hpp>

#include <caf/io/middleman.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace raft::actors {

namespace {

template <class Base>
using shell_pointer = typename peer_shell<Base>::self_pointer;

template <class Base>
typename Base::behavior_type peer(shell_pointer<Base> self, peer_parts parts) {
  return state_of(self).begin(self, std::move(parts));
}

} // namespace

peer_actor launch_peer(caf::actor_system& system, peer_parts parts) {
  if (auto complaint = consensus::complaint_about(parts.settings))
    throw std::invalid_argument{complaint};
  if (!parts.persister || !parts.reader || !parts.applier)
    throw std::invalid_argument{"a peer needs persister, reader and applier"};
  if (auto why = consensus::complaint_about(parts.recovered, parts.applied,
                                            parts.settings.level_max);
      !why.empty())
    throw std::runtime_error{"peer " + to_text(parts.self.id) + " of group "
                             + to_text(parts.self.group)
                             + " cannot start: " + why};
  if (parts.in_middleman)
    return caf::actor_cast<peer_actor>(system.middleman().spawn_broker(
      peer<
        sheltered<broker<peer_actor::broker_base>, open_to_peers_and_clients>>,
      std::move(parts)));
  return system.spawn(
    peer<sheltered<peer_actor::base, open_to_peers_and_clients>>,
    std::move(parts));
}

} // namespace raft::actors
