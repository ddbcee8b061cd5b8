#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/actors/spawn.hpp>
#include <raft/cluster/client_actor.hpp>
#include <raft/kv/kv_machine.hpp>
#include <raft/scenarios/actors_ground.hpp>
#include <raft/scenarios/failure.hpp>
#include <raft/scenarios/listener.hpp>
#include <raft/scenarios/mailroom.hpp>
#include <raft/scenarios/mortal_store.hpp>
#include <raft/scenarios/network_actor.hpp>
#include <raft/scenarios/temporary_directory.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <stdexcept>
#include <utility>

namespace raft::scenarios {

namespace {

using namespace std::chrono_literals;

constexpr group_id group{1};

/// An actor of this process that does not answer in this time never will.
constexpr auto answer_max = 30s;

/// Longer than any scenario.
constexpr auto client_patience = 10min;

class actors_ground : public real_ground {
public:
  explicit actors_ground(const ground_options& options)
    : real_ground{options.peers},
      random_{options.seed},
      board_{std::make_shared<switchboard>(options.peers, random_.next())},
      peers_(options.peers) {
    set_weather(options.network);
    network_ = spawn_network(system_, board_);
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

  ~actors_ground() override {
    end_all();
  }

  std::string objection_to(ability what) const override {
    return actors_objection(what);
  }

  // -- peers ------------------------------------------------------------------

  std::vector<started> start(peer_number who,
                             const std::vector<bytes>& commands) override {
    using asked = decltype(actors::ask(self_, peers_[who].handle, answer_max,
                                       raft::start{}));
    std::vector<asked> waiting;
    waiting.reserve(commands.size());
    for (const auto& command : commands)
      waiting.push_back(actors::ask(self_, running(who), answer_max,
                                    raft::start{group, command}));
    std::vector<started> result;
    for (auto& x : waiting)
      std::move(x).receive([&](started& answer) { result.push_back(answer); },
                           [&](const caf::error& why) { broken(who, why); });
    return result;
  }

  peer_state state(peer_number who) override {
    peer_state result;
    actors::ask(self_, running(who), answer_max, get_state{group})
      .receive([&](peer_state& x) { result = std::move(x); },
               [&](const caf::error& why) { broken(who, why); });
    return result;
  }

  // -- faults -----------------------------------------------------------------

  void cut(peer_number from, peer_number to, bool closed) override {
    board_->with([&](network& net) { net.cut(from, to, closed); });
  }

  void crash(peer_number who) override {
    auto& x = peers_.at(who);
    board_->unplug(who);
    for (auto& y : clients_)
      take_way(y, who);
    kill(x);
  }

  void restart(peer_number who) override {
    auto& x = peers_.at(who);
    own_record().started(who);
    ++x.run;
    x.ending = std::make_shared<std::atomic<bool>>(false);
    auto id = id_of(who);
    x.store = std::make_shared<mortal_store>(persistence::open_lmdb_store(
      {directory_.path(to_text(id)), "scenario", id}));
    actors::peer_options options;
    options.store = x.store;
    options.machine = kv::kv_machine_factory();
    options.bootstrap = members_;
    options.group = group;
    options.on_failure = failure_handler(x.ending);
    options.seed = random_.next();
    x.handle = actors::spawn_peer(system_, std::move(options));
    board_->plug(who, x.handle);
    for (auto other : members_)
      if (other != id)
        actors::send_anonymously(x.handle, link_up{other, {}},
                                 actors::inbox_actor{network_});
    listen(who);
    for (auto& y : clients_)
      if (y.reach.at(who))
        give_way(y, who);
  }

  bool runs(peer_number who) const override {
    return static_cast<bool>(peers_.at(who).handle);
  }

  void pause(peer_number, bool) override {
    throw std::logic_error{actors_objection(ability::pausing_peers)};
  }

  void set_weather(const weather& x) override {
    board_->with([&](network& net) { net.set_weather(x); });
  }

  // -- counters ---------------------------------------------------------------

  traffic sent() const override {
    return board_->with([](network& net) { return net.sent(); });
  }

  std::uint64_t received(peer_number who) const override {
    return board_->with([&](network& net) { return net.received(who); });
  }

  // -- clients ----------------------------------------------------------------

  client_number open_client() override {
    client x;
    x.slot = std::make_shared<cluster::mailslot>();
    cluster::client_actor_options options;
    options.group = group;
    options.slot = x.slot;
    options.seed = random_.next();
    x.handle = cluster::spawn_client(system_, std::move(options));
    x.reach.resize(size(), true);
    for (peer_number i = 0; i < size(); ++i)
      if (runs(i))
        give_way(x, i);
    clients_.push_back(std::move(x));
    return clients_.size() - 1;
  }

  void set_reach(client_number who,
                 const std::vector<peer_number>& peers) override {
    auto& x = clients_.at(who);
    x.reach.assign(size(), false);
    for (auto i : peers)
      x.reach.at(i) = true;
    for (peer_number i = 0; i < size(); ++i) {
      if (x.reach[i] && runs(i) && x.ways.count(i) == 0)
        give_way(x, i);
      else if (!x.reach[i])
        take_way(x, i);
    }
  }

  void execute(client_number who, bytes command,
               std::function<void(const executed&)> done) override {
    auto& x = clients_.at(who);
    auto hand_on = [mail = mail(), done = std::move(done)](executed result) {
      mail->leave([done, result = std::move(result)] { done(result); });
    };
    if (x.slot->put({std::move(command), client_patience, std::move(hand_on)}))
      actors::send_anonymously(x.handle, flush{});
  }

private:
  struct peer {
    std::shared_ptr<mortal_store> store;
    actors::peer_actor handle;
    /// Numbers its starts: what an earlier run delivered late is ignored.
    std::uint64_t run = 0;
    /// Whether it is meant to end.
    std::shared_ptr<std::atomic<bool>> ending;
  };

  struct client {
    std::shared_ptr<cluster::mailslot> slot;
    cluster::linked_client_actor handle;
    std::vector<bool> reach;
    std::map<peer_number, actors::peer_actor> ways;
  };

  const actors::peer_actor& running(peer_number who) const {
    if (!runs(who))
      throw std::logic_error{"peer " + to_text(id_of(who)) + " does not run"};
    return peers_.at(who).handle;
  }

  [[noreturn]] static void broken(peer_number who, const caf::error& why) {
    throw scenario_failure{"peer " + to_text(id_of(who)) + " to answer",
                           caf::to_string(why)};
  }

  actors::failure_handler
  failure_handler(std::shared_ptr<std::atomic<bool>> ending) {
    return [mail = mail(), ending](const std::string& reason) {
      if (!*ending)
        mail->leave([reason] {
          throw scenario_failure{"no peer to fail", reason};
        });
    };
  }

  void listen(peer_number who) {
    auto& x = peers_.at(who);
    auto hand_on
      = [this, mail = mail(), who, run = x.run](std::vector<entry> entries) {
          mail->leave([this, who, run, entries = std::move(entries)] {
            if (peers_.at(who).run == run)
              for (const auto& y : entries)
                own_record().delivered(who, y);
          });
        };
    auto listener = spawn_listener(system_, x.handle, std::move(hand_on));
    actors::ask(self_, x.handle, answer_max,
                subscribe{group, 1, log_index{1}, listener_credit}, listener)
      .receive(
        [&](const subscribed& answer) {
          if (!answer.accepted)
            throw scenario_failure{"all entries from the first one",
                                   "some were compacted"};
        },
        [&](const caf::error& why) { broken(who, why); });
  }

  void end_all() {
    for (auto& x : clients_) {
      end(x.handle);
      for (auto& [to, way] : x.ways)
        end(way);
    }
    for (auto& x : peers_)
      if (x.handle)
        kill(x);
    end(network_);
  }

  /// Ends a peer as if its process had been killed.
  void kill(peer& x) {
    *x.ending = true;
    x.store->kill();
    x.store.reset();
    end(x.handle);
  }

  /// Stops an actor and waits for it. One that has ended is as good.
  template <class Handle>
  void end(Handle& x) {
    actors::ask(self_, x, answer_max, raft::stop{group})
      .receive([](const stopped&) {}, [](const caf::error&) {});
    x = Handle{};
  }

  void give_way(client& x, peer_number to) {
    auto& way = x.ways[to];
    way = spawn_client_way(system_, board_, to, peers_.at(to).handle);
    actors::send_anonymously(x.handle, link_up{id_of(to), {}}, way);
  }

  void take_way(client& x, peer_number to) {
    auto i = x.ways.find(to);
    if (i == x.ways.end())
      return;
    actors::send_anonymously(x.handle, link_down{id_of(to)});
    end(i->second);
    x.ways.erase(i);
  }

  consensus::random random_;
  std::vector<peer_id> members_;
  temporary_directory directory_;
  std::shared_ptr<switchboard> board_;
  actors::system_config config_;
  caf::actor_system system_{config_};
  caf::scoped_actor self_{system_};
  network_actor network_;
  std::vector<peer> peers_;
  std::vector<client> clients_;
};

} // namespace

std::unique_ptr<ground> make_actors_ground(const ground_options& options) {
  return std::make_unique<actors_ground>(options);
}

std::string actors_objection(ability what) {
  if (what == ability::pausing_peers)
    return "the peers share the threads of this process: one can not stand "
           "still alone";
  return {};
}

} // namespace raft::scenarios
