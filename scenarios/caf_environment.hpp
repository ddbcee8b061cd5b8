// What environments have in common whose peers are CAF actors: how they are
// asked, who listens to them, and their clients.

#pragma once

#include <raft/actors/caf/act.hpp>
#include <raft/actors/caf/system.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/base/random.hpp>
#include <raft/client/client_actor.hpp>
#include <raft/scenarios/task_queue.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace raft::scenarios {

/// The group of all peers.
inline constexpr group_id environment_group{1};

/// An actor that does not answer in this time never will.
inline constexpr std::chrono::seconds answer_max{30};

/// An environment in real time that talks to its peers by messages.
class caf_environment : public real_environment {
public:
  std::vector<started> start(peer_number who,
                             const std::vector<bytes>& commands) override;
  peer_state state(peer_number who) override;
  told query(peer_number who, const bytes& request) override;
  bool runs(peer_number who) const override;

  client_number open_client() override;
  void set_reach(client_number who,
                 const std::vector<peer_number>& peers) override;
  void execute(client_number who, bytes command,
               std::function<void(const executed&)> done) override;

protected:
  /// @param remoting Whether peers are in other processes.
  caf_environment(const environment_options& options, bool remoting);

  /// Opens a way from a client to a peer that runs.
  virtual actors::peer_actor open_way(peer_number to) = 0;

  /// Closes a way that was opened so.
  virtual void close_way(actors::peer_actor& way) = 0;

  /// Called when a peer can no longer be asked that was not unplugged.
  virtual void lost(peer_number who) = 0;

  /// The peer can be asked from now on; it delivers from the beginning.
  void plug(peer_number who, actors::peer_actor handle);

  /// It can no longer be asked.
  /// @returns what was plugged.
  actors::peer_actor unplug(peer_number who);

  /// @throws std::logic_error if it does not run.
  const actors::peer_actor& running(peer_number who) const;

  /// Ends all clients. To be called before anything of the environment ends.
  void end_clients();

  /// Stops an actor and waits for it. One that has ended is as good.
  template <class Handle>
  void end(Handle& x) {
    actors::ask(self_, x, answer_max, raft::stop{environment_group})
      .receive([](const stopped&) {}, [](const caf::error&) {});
    x = Handle{};
  }

  caf::actor_system& system() noexcept {
    return system_;
  }

  caf::scoped_actor& self() noexcept {
    return self_;
  }

  base::random& source() noexcept {
    return random_;
  }

private:
  struct peer {
    /// None if it does not run.
    actors::peer_actor handle;
    /// Numbers its starts: what an earlier run delivered late is ignored.
    std::uint64_t run = 0;
    actors::subscriber_actor listener;
  };

  struct user {
    std::shared_ptr<client::request_queue> queue;
    client::linked_client_actor handle;
    std::vector<bool> reach;
    std::map<peer_number, actors::peer_actor> ways;
  };

  void listen(peer_number who);
  void subscribe_to(peer_number who);
  void give_way(user& x, peer_number to);
  void take_way(user& x, peer_number to);

  base::random random_;
  bool snapshots_;
  actors::system_config config_;
  caf::actor_system system_{config_};
  caf::scoped_actor self_{system_};
  std::vector<peer> peers_;
  std::vector<user> clients_;
};

} // namespace raft::scenarios
