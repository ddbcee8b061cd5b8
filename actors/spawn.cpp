#include <raft/actors/actors_as_machines.hpp>
#include <raft/actors/applier.hpp>
#include <raft/actors/caf/act.hpp>
#include <raft/actors/class_of_machines.hpp>
#include <raft/actors/peer.hpp>
#include <raft/actors/persister.hpp>
#include <raft/actors/proxy_applier.hpp>
#include <raft/actors/reader.hpp>
#include <raft/actors/seed.hpp>
#include <raft/actors/snapshot_keeper.hpp>
#include <raft/actors/spawn.hpp>
#include <raft/consensus/core.hpp>
#include <raft/consensus/soundness.hpp>
#include <raft/machine/executor.hpp>
#include <raft/snapshots/rate_limit.hpp>

#include <caf/actor_system.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace raft::actors {

namespace {

/// Finds out what is wrong before anything is spawned.
void check(caf::actor_system& system, const consensus::settings& settings,
           bool in_middleman) {
  if (auto complaint = consensus::complaint_about(settings))
    throw std::invalid_argument{complaint};
  if (in_middleman && !system.has_middleman())
    throw std::invalid_argument{
      "a peer can only run in the middleman if the system has loaded it"};
}

machine::machine_context context_of(const peer_options& options,
                                    const durable_state& log) {
  const auto& owner = options.store->identity();
  machine::machine_context result;
  result.group = options.group;
  result.cluster = owner.cluster;
  result.peer = owner.peer;
  result.incarnation = owner.incarnation;
  result.compacted = log.compacted.index;
  return result;
}

void check_fit(const durable_state& log, log_index applied,
               const consensus::settings& settings) {
  if (auto why = consensus::complaint_about(log, applied, settings.level_max);
      !why.empty())
    throw std::runtime_error{why};
}

/// An applier whose state machine fits to the log.
struct ready_applier {
  applier_actor handle;
  log_index applied;
  machine::space_estimate space_of = nullptr;
  space_left space = {};
};

applier_options options_of_applier(const peer_options& options) {
  applier_options x;
  x.group = options.group;
  auto share = machine::checkpoint_share(options.store->identity().peer);
  x.on_event = options.on_event;
  x.strays = options.strays;
  // From half of it to all of it.
  x.checkpoint_after
    = options.checkpoint_after / 2
    + options.checkpoint_after / 2 * share / machine::checkpoint_share_max;
  x.detached = options.applier_detached;
  x.in_middleman = options.in_middleman && !options.applier_detached;
  return x;
}

ready_applier begin_class(caf::actor_system& system,
                          const peer_options& options, const durable_state& log,
                          class_of_machines& machines) {
  auto x = options_of_applier(options);
  x.executor = machines.begin(log);
  auto applied = x.executor->applied();
  check_fit(log, applied, options.settings);
  auto estimate = x.executor->estimate_of_space();
  // Who is alone has nobody to hand over to when there is none.
  auto alone = members_of(log.members.current()).size() == 1;
  auto space = alone ? x.executor->look_for_space(0) : space_left{};
  return {spawn_applier(system, std::move(x)), applied, estimate, space};
}

class fresh_class final : public fresh_machine {
public:
  fresh_class(caf::actor_system& system, applier_options options)
    : system_{system}, options_{std::move(options)} {
    // nop
  }

  applier_actor spawn_applier() override {
    return actors::spawn_applier(system_, std::move(options_));
  }

private:
  caf::actor_system& system_;
  applier_options options_;
};

proxy_applier_options options_of_proxy(const peer_options& options) {
  proxy_applier_options x;
  x.group = options.group;
  x.limits = options.actor_machine;
  x.on_event = options.on_event;
  x.strays = options.strays;
  x.checkpoint_after = options.checkpoint_after;
  return x;
}

class fresh_actor final : public fresh_machine {
public:
  fresh_actor(caf::actor_system& system, proxy_applier_options options)
    : system_{system}, options_{std::move(options)} {
    // nop
  }

  ~fresh_actor() override {
    if (options_.machine)
      send_anonymously(options_.machine, stop{options_.group});
  }

  applier_actor spawn_applier() override {
    auto result = spawn_proxy_applier(system_, options_);
    options_.machine = machine_actor{};
    return result;
  }

private:
  caf::actor_system& system_;
  proxy_applier_options options_;
};

using renew_function
  = std::function<std::shared_ptr<fresh_machine>(const std::string& path)>;

renew_function renew_class(caf::actor_system& system,
                           const peer_options& options,
                           const std::shared_ptr<class_of_machines>& all) {
  return [&system, all, x = options_of_applier(options)](
           const std::string& path) -> std::shared_ptr<fresh_machine> {
    auto y = x;
    y.executor = all->renew(path);
    return std::make_shared<fresh_class>(system, std::move(y));
  };
}

renew_function renew_actor(caf::actor_system& system,
                           const peer_options& options,
                           const std::shared_ptr<actors_as_machines>& all) {
  return [&system, all, x = options_of_proxy(options)](
           const std::string& path) -> std::shared_ptr<fresh_machine> {
    auto y = x;
    auto made = all->renew(path);
    y.machine = std::move(made.handle);
    y.found = std::move(made.found);
    return std::make_shared<fresh_actor>(system, std::move(y));
  };
}

/// What the peer needs for snapshots.
snapshot_parts
begin_snapshots(caf::actor_system& system, const peer_options& options,
                const std::shared_ptr<const snapshots::shelf>& files,
                renew_function renew) {
  snapshot_parts result;
  const auto& owner = options.store->identity();
  result.bytes_per_second = options.snapshots.bytes_per_second;
  result.rate = std::make_shared<snapshots::rate_limit>(
    options.snapshots.bytes_per_second);
  snapshot_keeper_options x;
  x.group = options.group;
  x.files = files;
  x.rate = result.rate;
  x.renew = std::move(renew);
  result.keeper = spawn_snapshot_keeper(system, std::move(x));
  snapshot_writer_options about;
  about.files = files;
  about.cluster_name = owner.cluster;
  about.group = options.group;
  about.taken_by = owner.peer;
  result.spawn_writer = [&system, about, time = options.time](auto rate) {
    auto y = about;
    y.taken_ms = time.wall_ms();
    y.rate = std::move(rate);
    return spawn_snapshot_writer(system, std::move(y));
  };
  return result;
}

ready_applier begin_actor(caf::actor_system& system,
                          const peer_options& options, const durable_state& log,
                          actors_as_machines& machines) {
  auto made = machines.begin(log);
  try {
    check_fit(log, made.found.applied, options.settings);
    auto x = options_of_proxy(options);
    x.machine = made.handle;
    x.found = made.found;
    return {spawn_proxy_applier(system, x), x.found.applied, nullptr, {}};
  } catch (...) {
    // Whoever starts the peer again may need what it holds.
    end_machine(system, made.handle, options.group,
                options.actor_machine.end_within);
    throw;
  }
}

/// Makes the state machine with its applier, and what belongs to its snapshots,
/// if it has any.
ready_applier begin_machine(caf::actor_system& system,
                            const peer_options& options, peer_parts& to) {
  const auto context = context_of(options, to.recovered);
  if (options.machine) {
    auto all = std::make_shared<class_of_machines>(options.machine,
                                                   options.snapshots, context);
    auto result = begin_class(system, options, to.recovered, *all);
    if (all->has_snapshots()) {
      to.settings.machine_keeps_state = all->keeps_state();
      to.snapshots = begin_snapshots(system, options, all->files(),
                                     renew_class(system, options, all));
    }
    return result;
  }
  auto all = std::make_shared<actors_as_machines>(
    system, options.spawn_machine, options.actor_machine,
    options.snapshots.directory, context);
  auto result = begin_actor(system, options, to.recovered, *all);
  if (all->has_snapshots()) {
    to.settings.machine_keeps_state = false;
    to.snapshots = begin_snapshots(system, options, all->files(),
                                   renew_actor(system, options, all));
  }
  return result;
}

} // namespace

peer_actor spawn_peer(caf::actor_system& system, peer_options options) {
  if (!options.store || !options.machine == !options.spawn_machine)
    throw std::invalid_argument{
      "a peer needs a store and one factory of a state machine"};
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
  // The tail of the log stays on the disk until it is needed.
  parts.recovered = options.store->load(options.group);
  auto applier = begin_machine(system, options, parts);
  // Nothing throws from here on.
  parts.applier = std::move(applier.handle);
  parts.applied = applier.applied;
  parts.space_of = applier.space_of;
  parts.space = applier.space;
  if (parts.snapshots.keeper)
    parts.settings.log_waits_for_absent = false;
  // Only reader and persister keep the store, so
  // that `stop` releases it.
  parts.reader
    = spawn_reader(system, options.store, options.persister_detached);
  if (owns_persister)
    options.persister
      = spawn_persister(system, {std::move(options.store), options.on_event,
                                 options.persister_detached});
  parts.persister = std::move(options.persister);
  parts.owns_persister = owns_persister;
  parts.addresses = std::move(options.addresses);
  parts.time = std::move(options.time);
  parts.on_event = std::move(options.on_event);
  parts.strays = std::move(options.strays);
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
