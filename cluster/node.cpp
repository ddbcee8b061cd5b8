#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/port.hpp>
#include <raft/actors/caf/remote.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/actors/persister.hpp>
#include <raft/actors/seed.hpp>
#include <raft/actors/spawn.hpp>
#include <raft/client/client_actor.hpp>
#include <raft/cluster/monitor.hpp>
#include <raft/cluster/node.hpp>
#include <raft/cluster/restoration.hpp>
#include <raft/consensus/acquaintances.hpp>
#include <raft/links/links.hpp>
#include <raft/links/listening.hpp>
#include <raft/persistence/founding.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <utility>

namespace raft::cluster {

namespace {

/// A commit on a slow disk may take long; an actor that is stuck must not keep
/// the process forever.
constexpr std::chrono::seconds stop_deadline{30};

/// What the port must let through, and what it may hold.
actors::port_bounds bounds_of_port(const configuration& x) {
  // What stands around the entries of a message; entries have a bound that
  // counts what stands around their data.
  constexpr std::size_t around = 64 << 10;
  actors::port_bounds result;
  auto entries = std::max(x.raft.command_bytes_max, x.raft.batch_bytes_max);
  result.request_bytes_max = entries + around;
  result.message_bytes_max
    = std::max({result.message_bytes_max, result.request_bytes_max,
                x.bounds.subscription_bytes_max + around});
  result.arriving_bytes_max
    = std::max(result.arriving_bytes_max, 4 * result.request_bytes_max);
  // A subscriber may leave unread what the peer keeps for it.
  result.leaving_bytes_max
    += x.bounds.subscriptions_max * x.bounds.subscription_bytes_max;
  result.connections_max = x.connections_max;
  return result;
}

} // namespace

struct node::impl {
  impl(caf::actor_system& sys, configuration cfg, node_options opts)
    : system{sys}, config{std::move(cfg)}, options{std::move(opts)} {
    // nop
  }

  ~impl() {
    stop();
  }

  void start(machine::state_machine_factory machine,
             actors::machine_actor_factory spawn_machine) {
    check(config);
    actors::hide_services(system);
    options.on_event = watch_events(std::move(options.on_event));
    strays = std::make_shared<actors::strays>(options.on_event);
    auto store = open_store();
    links::links_options us;
    found(*store);
    introduce(*store, us);
    persister = actors::spawn_persister(system, {store, options.on_event});
    spawn_peer(std::move(store), std::move(machine), std::move(spawn_machine));
    client::client_actor_options own;
    own.group = config.group;
    own.home = config.id;
    own.peer = peer;
    own.seed = actors::draw_seed();
    own.in_middleman = options.in_middleman;
    own.strays = strays;
    client_handle = client::spawn_client(system, std::move(own));
    guard = actors::make_port_guard(system, bounds_of_port(config),
                                    options.on_event);
    spawn_links(std::move(us));
    see_ends();
    listen();
    watch();
  }

  /// Passes on all but further failures: what the first one ends may fail, too.
  /// Keeps what the monitor needs to know.
  events::sink watch_events(events::sink to) const {
    return [to = std::move(to), full = disk_full,
            failed
            = std::make_shared<std::atomic<bool>>()](const events::event& x) {
      if (const auto* what = std::get_if<events::note>(&x))
        full->see(*what);
      if (!std::holds_alternative<events::failed>(x) || !failed->exchange(true))
        events::tell(to, x);
    };
  }

  /// Sees to it that nothing lives on without the rest.
  void see_ends() {
    auto see = [this](const auto& who, std::string name) {
      actors::when_ended(who, [name = std::move(name), to = options.on_event,
                               quiet = stopping,
                               &sys = system](const caf::error& why) {
        if (!*quiet)
          events::tell(
            to, events::failed{name + " ended: " + actors::to_text(sys, why)});
      });
    };
    see(peer, "the peer");
    see(client_handle, "the client handle");
    see(link_keeper, "the links");
    auto broker = actors::find_protocol_broker(system);
    actors::when_ended(broker, [x = deaf](const caf::error&) { *x = true; });
    see(broker, "CAF's broker");
  }

  std::shared_ptr<persistence::store> open_store() {
    if (options.store)
      return std::exchange(options.store, nullptr);
    return cluster::open_store(config);
  }

  /// Founds the group, if this start may and the store knows of none. Refuses a
  /// store that somebody else is still founding.
  void found(persistence::store& store) const {
    if (auto why = persistence::unfinished_founding(store, config.group);
        !why.empty())
      throw restoration_error{why};
    std::vector<peer_id> members;
    for (auto& x : config.members)
      members.push_back(x.id);
    if (config.bootstrap)
      actors::found_group(store, config.group, members);
  }

  /// Finds out who we are, and tells what was found on the disk.
  void introduce(const persistence::store& store,
                 links::links_options& us) const {
    auto found = store.load(config.group);
    us.incarnation = store.identity().incarnation;
    us.founders = found.members.founding.voters;
    us.joins = config.join;
    if (!us.founders.empty())
      us.members.push_back(found.members.founding);
    for (const auto& x : found.members.later)
      us.members.push_back(x);
    std::ranges::sort(us.founders);
    us.memory = store.memory();
    tell(events::log_found{found.compacted.index.next(), found.last.index,
                           found.hard.term, found.members.current().voters});
    if (found.members.later.empty())
      compare_members(us.founders);
    else
      compare_addresses(found.members.current());
  }

  void compare_members(std::vector<peer_id> founders) const {
    std::vector<peer_id> told;
    for (auto& x : config.members)
      told.push_back(x.id);
    std::sort(told.begin(), told.end());
    std::sort(founders.begin(), founders.end());
    // Who has joined need not name those who have founded.
    if (is_in(founders, config.id) && told != founders)
      tell(events::members_differ{told, founders});
  }

  void compare_addresses(const membership& now) const {
    for (const auto& x : config.members) {
      const auto counts = details_of(now, x.id).address;
      if (!counts.empty() && counts != to_text(x.where))
        tell(events::address_differs{x.id, to_text(x.where), counts});
    }
  }

  void spawn_peer(std::shared_ptr<persistence::store> store,
                  machine::state_machine_factory machine,
                  actors::machine_actor_factory spawn_machine) {
    actors::peer_options x;
    x.store = std::move(store);
    x.machine = std::move(machine);
    x.spawn_machine = std::move(spawn_machine);
    x.persister = persister;
    if (!config.data_directory.empty())
      x.snapshots.directory = config.data_directory + "/snapshots";
    x.snapshots.restoration = options.restoration;
    x.snapshots.bytes_per_second = config.snapshot_bytes_per_second;
    x.group = config.group;
    for (const auto& member : config.members)
      x.addresses[member.id] = to_text(member.where);
    x.settings = config.raft;
    x.bounds = config.bounds;
    x.checkpoint_after = config.checkpoint_after;
    x.in_middleman = options.in_middleman;
    x.applier_detached = options.applier_detached;
    x.actor_machine = options.actor_machine;
    x.on_event = options.on_event;
    x.strays = strays;
    peer = actors::spawn_peer(system, std::move(x));
  }

  void spawn_links(links::links_options x) {
    x.cluster = config.cluster;
    x.group = config.group;
    x.self = config.id;
    x.speaks.highest = static_cast<std::uint32_t>(config.raft.level_max);
    x.persister = persister;
    for (auto& member : config.members)
      if (member.id != config.id)
        x.remotes.push_back(member);
    x.peer = peer;
    x.contact = client_handle;
    x.guard = guard;
    x.board = board;
    x.strays = strays;
    x.timing = options.timing;
    x.seed = actors::draw_seed();
    x.on_event = options.on_event;
    link_keeper = links::spawn_links(system, std::move(x));
  }

  void listen() {
    where = listen_address(config);
    for (const auto& host : links::listen_hosts(where.host)) {
      auto port = actors::publish(system, actors::acceptor_actor{link_keeper},
                                  host, where.port, guard);
      if (!port)
        throw std::runtime_error{fmt::format("cannot listen at {}: {}",
                                             links::to_text({host, where.port}),
                                             why_not(host, port.error()))};
      where.port = *port;
      ++ports;
    }
  }

  /// CAF does not say why.
  std::string why_not(const std::string& host, const caf::error& reason) const {
    auto result = links::why_not_listen({host, where.port});
    return result.empty() ? actors::to_text(system, reason) : result;
  }

  /// Has somebody say what keeps this peer from serving.
  void watch() {
    // What a log holds beside what it keeps by its settings, when all is well:
    // what is not checkpointed yet, or in no snapshot, see docs/operating.md.
    constexpr std::uint64_t dirty = 128 << 20;
    monitor_options x;
    x.group = config.group;
    x.peer = peer;
    for (auto& member : config.members)
      if (member.id != config.id)
        x.members.push_back(member);
    x.kept_max = config.raft.log_bytes_kept + config.raft.compaction_bytes_min
               + std::max({dirty, 2 * options.dirty_bytes_max,
                           std::uint64_t{config.raft.snapshot_log_bytes}});
    x.board = board;
    x.disk_full = disk_full;
    x.on_event = options.on_event;
    monitor = spawn_monitor(system, std::move(x));
  }

  bool hand_over() {
    if (!peer)
      return false;
    // The core gives up after one timeout; whoever was told may need another
    // one until it is known as the leader.
    const auto deadline = 2 * config.raft.election_timeout_max;
    auto result = false;
    caf::scoped_actor self{system};
    actors::ask(self, peer, deadline, transfer_leadership{config.group, {}, 0})
      .receive(
        [&](const leadership_transferred& x) {
          result = x.result == transfer_result::transferred;
        },
        [](const caf::error&) {});
    return result;
  }

  void stop() {
    if (!*stopping)
      hand_over();
    *stopping = true;
    if (strays)
      strays->mute();
    stop_one(monitor, "the monitor");
    // CAF would wait for its broker forever, also if that has ended.
    for (; ports > 0 && !*deaf; --ports)
      actors::unpublish(system, actors::acceptor_actor{link_keeper},
                        where.port);
    stop_one(link_keeper, "the links");
    stop_one(client_handle, "the client handle");
    stop_one(peer, "the peer");
    stop_one(persister, "the persister");
  }

  template <class Handle>
  void stop_one(Handle& x, const char* what) {
    if (!x)
      return;
    caf::scoped_actor self{system};
    actors::ask(self, x, stop_deadline, raft::stop{config.group})
      .receive(
        [](const stopped&) {},
        [&](const caf::error& reason) {
          tell(events::did_not_stop{what, actors::to_text(system, reason)});
        });
    x = Handle{};
  }

  void tell(const events::event& what) const {
    events::tell(options.on_event, what);
  }

  caf::actor_system& system;
  configuration config;
  node_options options;
  std::shared_ptr<links::link_board> board
    = std::make_shared<links::link_board>();
  std::shared_ptr<full_disks> disk_full = std::make_shared<full_disks>();
  address where;
  /// How many addresses it listens at.
  int ports = 0;
  actors::persister_actor persister;
  actors::strays_ptr strays;
  /// Whether CAF's broker has ended.
  std::shared_ptr<std::atomic<bool>> deaf
    = std::make_shared<std::atomic<bool>>(false);
  /// Whether what ends is meant to.
  std::shared_ptr<std::atomic<bool>> stopping
    = std::make_shared<std::atomic<bool>>(false);
  actors::peer_actor peer;
  client::linked_client_actor client_handle;
  std::shared_ptr<actors::port_guard> guard;
  links::links_actor link_keeper;
  monitor_actor monitor;
};

node::node(caf::actor_system& system, configuration config,
           machine::state_machine_factory machine, node_options options)
  : impl_{
    std::make_unique<impl>(system, std::move(config), std::move(options))} {
  impl_->start(std::move(machine), {});
}

node::node(caf::actor_system& system, configuration config,
           actors::machine_actor_factory spawn_machine, node_options options)
  : impl_{
    std::make_unique<impl>(system, std::move(config), std::move(options))} {
  impl_->start({}, std::move(spawn_machine));
}

node::~node() = default;

const actors::peer_actor& node::peer() const noexcept {
  return impl_->peer;
}

actors::client_actor node::client() const {
  return impl_->client_handle;
}

const address& node::where() const noexcept {
  return impl_->where;
}

const configuration& node::config() const noexcept {
  return impl_->config;
}

bool node::hand_over() {
  return impl_->hand_over();
}

void node::stop() {
  impl_->stop();
}

} // namespace raft::cluster
