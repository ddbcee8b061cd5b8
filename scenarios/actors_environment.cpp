// Clusters of actors in this process, in real time.

#include <raft/actors/spawn.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/persistence/journal_store.hpp>
#include <raft/scenarios/caf_environment.hpp>
#include <raft/scenarios/environments.hpp>
#include <raft/scenarios/failure.hpp>
#include <raft/scenarios/killable_store.hpp>
#include <raft/scenarios/network_actor.hpp>
#include <raft/scenarios/short_log.hpp>
#include <raft/scenarios/temporary_directory.hpp>

#include <atomic>
#include <stdexcept>
#include <utility>

namespace raft::scenarios {

namespace {

class actors_environment final : public caf_environment {
public:
  explicit actors_environment(const environment_options& options)
    : caf_environment{options, false},
      snapshots_{options.snapshots},
      board_{std::make_shared<switchboard>(options.peers, source().next())},
      bodies_(options.peers) {
    set_network_profile(options.network);
    network_ = spawn_network(system(), board_);
    for (peer_number i = 0; i < size(); ++i)
      members_.push_back(id_of(i));
    try {
      for (peer_number i = 0; i < size(); ++i)
        restart(i);
    } catch (...) {
      end_all(); // or the actor system would wait for them
      throw;
    }
  }

  ~actors_environment() override {
    end_all();
  }

  std::string objection_to(ability what) const override {
    return actors_objection(what);
  }

  // -- faults -----------------------------------------------------------------

  void cut(peer_number from, peer_number to, bool closed) override {
    board_->with([&](network& net) { net.cut(from, to, closed); });
  }

  /// Ends a peer as if its process had been killed.
  void crash(peer_number who) override {
    auto& x = bodies_.at(who);
    board_->unplug(who);
    auto handle = unplug(who);
    *x.ending = true;
    x.store->kill();
    x.store.reset();
    end(handle);
  }

  void restart(peer_number who) override {
    auto& x = bodies_.at(who);
    x.ending = std::make_shared<std::atomic<bool>>(false);
    auto id = id_of(who);
    x.store = std::make_shared<killable_store>(persistence::open_journal_store(
      {directory_.path(to_text(id)), "scenario", id}));
    actors::peer_options options;
    options.store = x.store;
    options.machine = kv::kv_machine_factory();
    options.bootstrap = members_;
    options.group = environment_group;
    options.on_event = failure_sink(x.ending);
    options.seed = source().next();
    options.settings = slowed(options.settings);
    if (snapshots_) {
      options.settings = with_short_log(options.settings);
      options.snapshots.directory = directory_.path("snapshots-" + to_text(id));
    }
    auto handle = actors::spawn_peer(system(), std::move(options));
    board_->plug(who, handle);
    for (auto other : members_)
      if (other != id)
        actors::send_anonymously(handle, link_up{other, {}},
                                 actors::inbox_actor{network_});
    plug(who, std::move(handle));
  }

  void pause(peer_number, bool) override {
    throw std::logic_error{actors_objection(ability::pausing_peers)};
  }

  void set_network_profile(const network_profile& x) override {
    board_->with([&](network& net) { net.set_network_profile(x); });
  }

  // -- counters ---------------------------------------------------------------

  traffic sent() const override {
    return board_->with([](network& net) { return net.sent(); });
  }

  std::uint64_t received(peer_number who) const override {
    return board_->with([&](network& net) { return net.received(who); });
  }

private:
  /// What a peer dies with.
  struct body {
    std::shared_ptr<killable_store> store;
    /// Whether it is meant to end.
    std::shared_ptr<std::atomic<bool>> ending;
  };

  actors::peer_actor open_way(peer_number to) override {
    return spawn_client_way(system(), board_, to, running(to));
  }

  void close_way(actors::peer_actor& way) override {
    end(way);
  }

  void lost(peer_number) override {
    // What it told says why.
  }

  events::sink failure_sink(std::shared_ptr<std::atomic<bool>> ending) {
    return [mail = mail(), ending](const events::event& x) {
      const auto* end = std::get_if<events::failed>(&x);
      if (end != nullptr && !*ending)
        mail->leave([reason = end->reason] {
          throw scenario_failure{"no peer to fail", reason};
        });
    };
  }

  void end_all() {
    end_clients();
    for (peer_number i = 0; i < size(); ++i)
      if (runs(i))
        crash(i);
    end(network_);
  }

  bool snapshots_;
  std::vector<peer_id> members_;
  temporary_directory directory_;
  std::shared_ptr<switchboard> board_;
  network_actor network_;
  std::vector<body> bodies_;
};

} // namespace

std::unique_ptr<environment>
make_actors_environment(const environment_options& options) {
  return std::make_unique<actors_environment>(options);
}

std::string actors_objection(ability what) {
  if (what == ability::pausing_peers)
    return "the peers share the threads of this process: one cannot stand "
           "still alone";
  return {};
}

} // namespace raft::scenarios
