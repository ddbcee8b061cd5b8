// What many connections want executed goes to the cluster as one command. Pure.

#pragma once

#include <raft/messages/bytes.hpp>
#include <raft/messages/client.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace raft::redis {

/// What keeps commands apart on their way.
enum class lane : std::uint8_t {
  /// May change something. What also reads in between is remembered with the
  /// reply, so that a retry is told the same.
  writes = 0,
  /// Only reads.
  reads = 1,
  /// Only reads, and each may be answered by more than one value.
  large_reads = 2,
  /// Writes that only erase: they are taken where there is no room for others,
  /// which may have to wait for it.
  erases = 3,
};

/// Commands of one connection, each encoded.
struct batch {
  std::vector<bytes> commands;
  lane way = lane::writes;
  /// What they cost: bytes, and something for each key that is looked up.
  std::size_t cost = 0;
};

/// What became of the commands of one connection.
struct batch_result {
  executed how; // its `reply` is empty
  /// If committed: the replies to those commands that were executed, which are
  /// the first ones, perhaps none. Nothing if the state machine's reply makes
  /// no sense.
  std::optional<std::vector<std::string_view>> replies;
  /// What the replies are parts of.
  bytes source;
};

/// Bounds of a lane.
struct lane_limits {
  /// How much commands that travel together cost at most. Only those of one
  /// connection alone may be more.
  std::size_t cost_max = 0;
  /// How many commands may be under way at once; so many times what a reply
  /// may hold is what replies come to. Others wait for their turn, behind none
  /// of another lane.
  std::size_t under_way_max = 0;
};

/// Collects the commands of connections and makes one command of them, which
/// costs one entry of the log and one message each way, however many clients
/// wait for it. The commands of one connection stay together and in order; the
/// outcome of the whole is the outcome of each.
class batcher {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t lane_count = 4;

  /// Names a connection for good: descriptors are used again.
  struct client {
    std::int64_t socket = 0;
    std::uint64_t id = 0;

    friend bool operator==(const client&, const client&) = default;
  };

  struct shared_command {
    std::uint64_t number = 0; // from 1, ascending
    bytes command;
    bool reads = false; // and does nothing else
  };

  struct client_result {
    client who;
    batch_result result;
  };

  /// @param limits By the number of the lane.
  explicit batcher(const std::array<lane_limits, lane_count>& limits);

  /// Takes commands; of those that write, finds out whether they only erase.
  /// @pre There are some.
  void add(client who, batch what, time_point now);

  /// Sends all off that has been collected and has room on its lane.
  std::vector<shared_command> take_ready();

  /// Takes the result of a shared_command, once; of an unknown one, does
  /// nothing. Call `take_ready` then.
  /// @returns what it means for each client that is still there, in the
  ///          order in which they may add again: first those whose commands
  ///          were not all executed, lest the large replies of others keep them
  ///          waiting forever.
  std::vector<client_result> finish(std::uint64_t number,
                                    const executed& result);

  /// A client waits no longer. What it has asked for and was not yet sent is
  /// dropped, unless it writes; what comes back for it is not looked at.
  void leave(client who);

  /// Takes out what has been waiting since before a time and was not sent.
  std::vector<client> expire(time_point before);

  /// When what waits for longest began to wait; nothing if none waits.
  std::optional<time_point> waiting_since() const;

private:
  struct share {
    client who;
    std::size_t commands = 0;
    bool gone = false;
  };

  struct waiting {
    client who;
    std::vector<bytes> commands;
    std::size_t cost = 0;
    time_point since;
  };

  struct traffic {
    lane_limits limits;
    std::deque<waiting> queue;
    std::size_t under_way = 0;
  };

  struct shares_under_way {
    std::size_t lane = 0;
    std::vector<share> shares;
  };

  shared_command take_ready(std::size_t number_of_lane);

  std::array<traffic, lane_count> lanes_;
  std::map<std::uint64_t, shares_under_way> under_way_;
  std::uint64_t last_number_ = 0;
};

} // namespace raft::redis
