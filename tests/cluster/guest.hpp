// A program that connects to a process and talks to its peer, for tests.

#pragma once

#include <raft/actors/caf/system.hpp>
#include <raft/actors/interfaces.hpp>
#include <raft/links/address.hpp>
#include <raft/messages/client.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace raft::cluster {

/// Whether subscribers say that they have handled what came, so that more does.
enum class grants : bool { no, yes };

/// How commands ended that were sent all at once.
struct endings {
  std::atomic<std::size_t> committed = 0;
  std::atomic<std::size_t> busy = 0;
  /// Neither of these, or no answer.
  std::atomic<std::size_t> other = 0;
};

/// An actor system of its own with a connection. All members fail the test if
/// there is no answer.
class guest {
public:
  explicit guest(const links::address& where, grants more = grants::no);
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;
  ~guest();

  started start(bytes command);

  /// Has commands executed without a session, all at once. Does not wait; the
  /// answers count when they come.
  /// @param make Gets their numbers, from 0; another thread calls it.
  std::shared_ptr<const endings>
  execute_at_once(std::size_t count, std::function<bytes(std::size_t)> make);

  /// Subscribes to all entries and promises to take any number of bytes.
  subscribed subscribe(std::uint64_t id);

  /// Bytes of the commands that came, of all subscriptions.
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
