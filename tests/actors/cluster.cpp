#include "cluster.hpp"

#include <raft/persistence/journal_store.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <utility>

namespace raft::test {

// -- notes --------------------------------------------------------------------

events::sink note_board::of(peer_id id, event_log& rest) {
  return [this, id, rest = rest.sink()](const events::event& x) {
    const auto* note = std::get_if<events::note>(&x);
    if (note == nullptr)
      return rest(x);
    std::lock_guard guard{mutex_};
    ++counts_[{id, note->kind}];
    ++news_;
    changed_.notify_all();
  };
}

std::size_t note_board::count(peer_id id, consensus::note_kind kind) const {
  std::lock_guard guard{mutex_};
  auto i = counts_.find({id, kind});
  return i == counts_.end() ? 0 : i->second;
}

void note_board::pause() {
  std::unique_lock guard{mutex_};
  auto seen = news_;
  changed_.wait_for(guard, std::chrono::milliseconds{5},
                    [&] { return news_ > seen; });
}

// -- subscribers --------------------------------------------------------------

struct collector::basket {
  mutable std::mutex mutex;
  std::vector<entry> entries;
  std::size_t largest = 0;
  actors::peer_actor peer;
  bool gives_credit;
};

collector::collector(caf::actor_system& system, const actors::peer_actor& peer,
                     bool gives_credit)
  : basket_{std::make_shared<basket>()} {
  basket_->peer = peer;
  basket_->gives_credit = gives_credit;
  auto behavior
    = [](actors::subscriber_actor::pointer self, std::shared_ptr<basket> into)
    -> actors::subscriber_actor::behavior_type {
    return {
      [self, into](delivery& msg) {
        std::lock_guard guard{into->mutex};
        std::size_t bytes = 0;
        for (auto& x : msg.entries) {
          bytes += cost(x);
          into->entries.push_back(std::move(x));
        }
        into->largest = std::max(into->largest, bytes);
        if (into->gives_credit)
          actors::send(self, into->peer, credit{msg.group, msg.id, bytes});
      },
    };
  };
  handle_ = system.spawn(behavior, basket_);
}

std::vector<entry> collector::entries() const {
  std::lock_guard guard{basket_->mutex};
  return basket_->entries;
}

std::string collector::commands() const {
  std::string result;
  for (const auto& x : entries())
    if (x.kind == entry_kind::command)
      result += std::string{x.data.view()} + " ";
  return result;
}

std::size_t collector::largest() const {
  std::lock_guard guard{basket_->mutex};
  return basket_->largest;
}

// -- the cluster --------------------------------------------------------------

cluster::cluster(const environment& at)
  : where{at}, config{at.in_middleman}, system{config}, self{system} {
  // nop
}

cluster::~cluster() {
  for (auto& [id, peer] : std::exchange(peers_, {}))
    actors::ask(self, peer, deadline, raft::stop{{1}})
      .receive([](const stopped&) {}, [](const caf::error&) {});
}

std::shared_ptr<persistence::store> cluster::open(peer_id id) {
  if (where.on_disk)
    return persistence::open_journal_store(
      {directory_.path(to_text(id)), "test", id});
  auto& store = stores[id];
  if (!store)
    store = persistence::make_memory_store({"test", id, {100 + id.value}});
  return store;
}

void cluster::spawn(std::uint64_t id) {
  actors::peer_options options;
  options.store = open({id});
  if (machine_actor)
    options.spawn_machine = machine_actor;
  else
    options.machine = machine ? machine : journal::make;
  if (bootstrap)
    options.bootstrap = members;
  options.settings = settings;
  options.bounds = bounds;
  options.in_middleman = where.in_middleman;
  options.checkpoint_after = checkpoint_after;
  options.time = time;
  if (snapshots)
    options.snapshots.directory = snapshots_of(id);
  options.snapshots.bytes_per_second = snapshot_rate;
  if (auto ahead = ahead_.find({id}); ahead != ahead_.end())
    options.time.now
      = [by = ahead->second] { return base::steady_now() + by->load(); };
  options.on_event = notes.of({id}, told);
  peers_[{id}] = actors::spawn_peer(system, std::move(options));
}

void cluster::spawn_all() {
  for (auto id : members)
    spawn(id.value);
  connect();
}

void cluster::keep_calm() {
  settings.election_timeout_min = settings.election_timeout_max
    = 100 * deadline;
  for (auto id : members)
    ahead_[id] = std::make_shared<std::atomic<base::instant>>();
}

std::uint64_t cluster::spawn_calm(std::uint64_t leader) {
  keep_calm();
  spawn_all();
  return elect(leader);
}

std::uint64_t cluster::elect(std::uint64_t leader, std::uint64_t alarms) {
  // From now on it has seen what its clock says.
  state(leader);
  auto more = alarms;
  auto elected = eventually(
    [&] {
      let_campaign(leader, alarms);
      alarms += more;
      return eventually([&] { return state(leader).role == peer_role::leader; },
                        deadline / 4);
    },
    4 * deadline);
  BOOST_REQUIRE_MESSAGE(elected, "no leader");
  return await_leader();
}

void cluster::set_ahead(std::uint64_t id) {
  auto& ahead = *ahead_.at({id});
  ahead = ahead.load() + settings.election_timeout_max + deadline;
}

/// Sets the clock of a peer ahead, and lets all of its alarms ring. Each that
/// does sets the next one.
void cluster::let_campaign(std::uint64_t id, std::uint64_t alarms) {
  set_ahead(id);
  for (std::uint64_t number = 0; number < alarms; ++number)
    actors::send_anonymously(peer(id), wake{number});
}

void cluster::stop(std::uint64_t id) {
  ask<stopped>(id, raft::stop{{1}});
  peers_.erase({id});
  for (auto& [other, handle] : peers_)
    actors::send_anonymously(handle, link_down{{id}});
}

void cluster::stop_all() {
  for (auto id : running())
    stop(id.value);
}

void cluster::connect() {
  actors::connect(peers_);
}

void cluster::isolate(std::uint64_t id) {
  for (auto& [other, handle] : peers_) {
    if (other == peer_id{id})
      continue;
    actors::send_anonymously(handle, link_down{{id}});
    actors::send_anonymously(peer(id), link_down{other});
  }
}

std::vector<peer_id> cluster::running() const {
  std::vector<peer_id> result;
  for (const auto& [id, handle] : peers_)
    result.push_back(id);
  return result;
}

std::string cluster::journal_of(std::uint64_t id) {
  auto answer = ask<queried>(id, query{{1}, bytes{"all"}, consistency::stale});
  return std::string{answer.reply.view()};
}

std::uint64_t cluster::await_leader() {
  std::uint64_t result = 0;
  auto agreed = eventually([&] {
    std::vector<peer_state> states;
    for (auto id : running())
      states.push_back(state(id.value));
    auto leads = std::find_if(states.begin(), states.end(), [](auto& x) {
      return x.role == peer_role::leader;
    });
    if (leads == states.end())
      return false;
    result = leads->id.value;
    return std::all_of(states.begin(), states.end(), [&](auto& x) {
      return x.term == leads->term && x.leader == leads->id;
    });
  });
  BOOST_REQUIRE_MESSAGE(agreed, "no leader");
  return result;
}

executed cluster::commit(const std::string& command) {
  executed result;
  auto done = eventually([&] {
    result = execute(await_leader(), command);
    return result.result == outcome::committed;
  });
  BOOST_REQUIRE_MESSAGE(done, "cannot commit " + command);
  return result;
}

bool cluster::all_hold(const std::string& expected) {
  auto ids = running();
  return eventually([&] {
    return std::all_of(ids.begin(), ids.end(), [&](peer_id id) {
      return journal_of(id.value) == expected;
    });
  });
}

} // namespace raft::test
