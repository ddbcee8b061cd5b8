// Commands on their way from threads to a client actor.

#pragma once

#include <raft/messages/client.hpp>

#include <chrono>
#include <functional>
#include <mutex>
#include <vector>

namespace raft::client {

/// Commands from threads that are no actors, on their way to a client actor.
/// Thread safe.
class request_queue {
public:
  /// Called once, in the context of the client actor.
  using callback = std::function<void(executed)>;

  struct item {
    bytes command;
    std::chrono::milliseconds deadline{0};
    callback done;
    /// Whether it only reads.
    bool reads = false;
  };

  /// @returns whether the actor must be sent a `drain`.
  bool put(item x);

  std::vector<item> take();

private:
  std::mutex mutex_;
  std::vector<item> items_;
};

} // namespace raft::client
