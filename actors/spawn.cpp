#include <raft/actors/applier.hpp>
#include <raft/actors/caf/act.hpp>
#include <raft/actors/peer.hpp>
#include <raft/actors/persister.hpp>
#include <raft/actors/spawn.hpp>

#include <caf/actor_system.hpp>

#include <algorithm>
#include <random>
#include <span>
#include <stdexcept>

namespace raft::actors {

namespace {

std::uint64_t draw_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

/// Finds out what is wrong before anything is spawned.
void check(caf::actor_system& system, const consensus::settings& settings,
           bool in_middleman) {
  if (auto complaint = consensus::complaint_about(settings))
    throw std::invalid_argument{complaint};
  if (in_middleman && !system.has_middleman())
    throw std::invalid_argument{
      "a peer can only run in the middleman if the system has loaded it"};
}

} // namespace

bool found_group(persistence::store& store, group_id group,
                 const std::vector<peer_id>& members) {
  auto known = store.load(group);
  if (!known.members.voters.empty() || known != durable_state{})
    return false;
  persist first{group, {}, {}};
  first.batch.members_changed = true;
  first.batch.members.voters = members;
  std::sort(first.batch.members.voters.begin(),
            first.batch.members.voters.end());
  store.commit(std::span{&first, 1});
  return true;
}

peer_actor spawn_peer(caf::actor_system& system, peer_options options) {
  if (!options.store || !options.machine)
    throw std::invalid_argument{
      "a peer needs a store and a state machine factory"};
  check(system, options.settings, options.in_middleman);
  auto owns_persister = !options.persister;
  if (owns_persister && !options.bootstrap.empty())
    found_group(*options.store, options.group, options.bootstrap);
  const auto& owner = options.store->identity();
  peer_parts parts;
  parts.self = {options.group, owner.peer, owner.incarnation,
                options.seed ? *options.seed : draw_seed()};
  parts.settings = options.settings;
  parts.bounds = options.bounds;
  // The tail of the log stays on the disk until it is needed: a fresh state
  // machine is given the log from its start in any case.
  parts.recovered = options.store->load(options.group);
  if (auto why = consensus::complaint_about(parts.recovered, parts.applied);
      !why.empty())
    throw std::runtime_error{why};
  // Nothing throws from here on. Only the persister keeps the store, so that
  // `stop` releases it.
  if (owns_persister)
    options.persister
      = spawn_persister(system, {std::move(options.store), options.on_failure,
                                 options.persister_detached});
  parts.persister = std::move(options.persister);
  parts.owns_persister = owns_persister;
  parts.applier
    = spawn_applier(system, {options.group, std::move(options.machine),
                             options.on_failure, options.applier_detached});
  parts.time = std::move(options.time);
  parts.on_failure = std::move(options.on_failure);
  parts.on_note = std::move(options.on_note);
  parts.in_middleman = options.in_middleman;
  return launch_peer(system, std::move(parts));
}

void connect(const std::map<peer_id, peer_actor>& peers) {
  for (const auto& [id, peer] : peers)
    for (const auto& [other_id, other] : peers)
      if (id != other_id)
        send_anonymously(peer, link_up{other_id, {}}, inbox_actor{other});
}

} // namespace raft::actors
