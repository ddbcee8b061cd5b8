// A piece of network between two processes that can be cut, frozen, or
// forget its connections.

#pragma once

#include <raft/cluster/address.hpp>
#include <raft/tests/cluster/sockets.hpp>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace raft::cluster {

/// Passes on what comes to its own port to another port, and back.
class relay {
public:
  explicit relay(std::uint16_t target);
  ~relay();
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;

  address where() const {
    return {"127.0.0.1", port_};
  }

  /// Closes all connections; new ones are possible at once.
  void cut();

  /// Frozen, it says nothing and closes nothing, like a process that was
  /// stopped or a network that drops packets.
  void freeze(bool frozen);

  /// The connections of now say nothing more and are not closed, as if a router
  /// had forgotten them; new ones work.
  /// @param back Whether only the way back falls silent: who connected still
  ///        reaches the target.
  void forget(bool back_only);

private:
  struct pair {
    int from = -1;
    int to = -1;
    bool is_back = false;
    bool silent = false;
  };

  void run();
  void accept();
  void close_all();
  void forward(int from);
  void fall_silent();

  std::uint16_t target_;
  test_socket listener_;
  std::uint16_t port_ = 0;
  int wake_[2] = {-1, -1};
  std::atomic<bool> ending_ = false;
  std::atomic<bool> frozen_ = false;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> forget_there_ = false;
  std::atomic<bool> forget_back_ = false;
  std::vector<pair> pairs_; // each way is one pair
  std::thread thread_;
};

} // namespace raft::cluster
