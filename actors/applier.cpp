#include <raft/actors/applier.hpp>
#include <raft/actors/applier_state.hpp>
#include <raft/actors/caf/broker.hpp>
#include <raft/actors/caf/sheltered.hpp>

#include <caf/io/middleman.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <stdexcept>
#include <utility>

namespace raft::actors {

namespace {

template <class Base>
using state_pointer = typename applier_state<Base>::self_pointer;

template <class Base>
typename Base::behavior_type applier(state_pointer<Base> self,
                                     applier_options options) {
  return state_of(self).begin(self, std::move(options));
}

} // namespace

applier_actor spawn_applier(caf::actor_system& system,
                            applier_options options) {
  if (!options.executor)
    throw std::invalid_argument{"an applier needs a state machine"};
  if (options.in_middleman && options.executor->is_prompt())
    return caf::actor_cast<applier_actor>(system.middleman().spawn_broker(
      applier<sheltered<broker<applier_actor::broker_base>, open_to_others<>>>,
      std::move(options)));
  auto detached = options.detached;
  return spawn_actor(system, detached,
                     applier<sheltered<applier_actor::base, open_to_others<>>>,
                     std::move(options));
}

} // namespace raft::actors
