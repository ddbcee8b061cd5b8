// Clients of the Redis port that write, read, and write down what they saw.

#pragma once

#include <raft/base/random.hpp>
#include <raft/checker/models.hpp>
#include <raft/tests/soak/redis_client.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace raft::soak {

using map_history = checker::history<checker::map_model>;
using map_operation = checker::map_model::operation;

/// Nanoseconds of a clock that all threads share.
std::int64_t now();

/// Several threads, each a client that talks to one peer after the other. They
/// set, append unique values and read, on keys that change from time to time.
/// Each also sets keys of its own, to values so long that there is much to
/// checkpoint and to drop from logs. All functions are for the thread that owns
/// the object.
class load {
public:
  static constexpr std::size_t clients = 6;
  static constexpr std::size_t plain_keys = 3;
  static constexpr std::size_t append_keys = 2;
  static constexpr std::size_t own_keys = 40;
  static constexpr std::size_t own_value_bytes = 16 << 10;

  load(std::vector<std::uint16_t> ports, std::uint64_t seed);
  ~load();
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  /// Lets the clients run, on the keys of a block.
  void resume(std::uint64_t block);

  /// Waits until all clients have finished what they do.
  /// @returns what they did since `resume`, in any order.
  std::vector<map_operation> pause();

  /// How many commands have been acknowledged.
  std::uint64_t acknowledged() const {
    return acknowledged_;
  }

  /// The longest time in which no client got an acknowledgement while running.
  std::chrono::nanoseconds longest_silence() const;

  /// What all clients use in a block.
  static std::vector<std::string> keys_of(std::uint64_t block);

private:
  /// What a thread keeps.
  struct client {
    std::uint64_t id;
    base::random source;
    redis_client peer;
    std::uint64_t next_value = 0;
    std::vector<map_operation> seen;
  };

  void run(client self);

  /// @param last the work that was done last.
  bool wait_for_work(std::uint64_t& last);

  void finish_work(std::vector<map_operation> seen);
  /// What a client asks for next.
  checker::map_model::input choose(client& self) const;

  void one(client& self);
  void note_acknowledgement();

  std::vector<std::uint16_t> ports_;
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<bool> running_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool end_ = false;
  std::size_t busy_ = 0;
  /// Counts calls of `resume`.
  std::uint64_t work_ = 0;
  std::uint64_t block_ = 0;
  std::vector<map_operation> seen_;
  std::int64_t last_acknowledged_ = 0;
  std::int64_t longest_silence_ = 0;
  std::vector<std::thread> threads_;
};

} // namespace raft::soak
