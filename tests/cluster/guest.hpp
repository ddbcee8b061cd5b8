// A program that connects to a process and talks to its peer, for tests.

#pragma once

#include <raft/actors/caf/system.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/cluster/address.hpp>
#include <raft/messages/client.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace raft::cluster {

/// An actor system of its own with a connection. All members fail the test if
/// there is no answer.
class guest {
public:
  explicit guest(const address& where);
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;
  ~guest();

  started start(bytes command);

  /// Subscribes to all entries, promises to take any number of bytes, and never
  /// says that it has.
  subscribed subscribe(std::uint64_t id);

  /// Cost of the entries that came, of all subscriptions.
  std::size_t received() const {
    return *received_;
  }

private:
  template <class Answer, class... Ts>
  Answer ask(Ts&&... xs);

  actors::system_config config_{true};
  caf::actor_system system_{config_};
  caf::scoped_actor self_{system_};
  std::shared_ptr<std::atomic<std::size_t>> received_
    = std::make_shared<std::atomic<std::size_t>>(0);
  actors::peer_actor peer_;
  actors::subscriber_actor subscriber_;
};

} // namespace raft::cluster
