// A piece of network between two processes that can be cut, frozen, slow, or
// forget its connections.

#pragma once

#include <raft/cluster/address.hpp>
#include <raft/tests/cluster/sockets.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace raft::cluster {

/// Passes on what comes to its own port to another port, and back.
class relay {
public:
  /// @param bytes_per_second How much passes in each direction, all
  ///        connections together; 0 for any amount.
  explicit relay(std::uint16_t target, std::uint64_t bytes_per_second = 0);
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
  bool is_busy(bool back) const;
  int patience() const;
  void fall_silent();

  using clock = std::chrono::steady_clock;

  std::uint16_t target_;
  std::uint64_t bytes_per_second_;
  /// When all has passed that came, there and back.
  std::array<clock::time_point, 2> free_at_{};
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
