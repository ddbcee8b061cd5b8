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
  /// How many departures may be under way at once; so many times what a reply
  /// may hold is what replies come to. Others wait for their turn, behind none
  /// of another lane.
  std::size_t under_way_max = 0;
};

/// Collects the commands of connections and makes one command of them, which
/// costs one entry of the log and one message each way, however many clients
/// wait for it. The commands of one connection stay together and in order; the
/// outcome of the whole is the outcome of each.
class convoy {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t lane_count = 3;

  /// Names a connection for good: descriptors are used again.
  struct passenger {
    std::int64_t socket = 0;
    std::uint64_t id = 0;

    friend bool operator==(const passenger&, const passenger&) = default;
  };

  struct departure {
    std::uint64_t number = 0; // from 1, ascending
    bytes command;
  };

  struct arrival {
    passenger who;
    batch_result result;
  };

  /// @param limits By the number of the lane.
  explicit convoy(const std::array<lane_limits, lane_count>& limits);

  /// Takes commands.
  /// @pre There are some.
  void add(passenger who, batch what, time_point now);

  /// Sends all off that has been collected and has room on its lane.
  std::vector<departure> depart();

  /// Takes the result of a departure, once; of an unknown one, does nothing.
  /// Call `depart` then.
  /// @returns what it means for each passenger that is still there, in the
  ///          order in which they may add again: first those whose commands
  ///          were not all executed, lest the large replies of others keep them
  ///          waiting for ever.
  std::vector<arrival> arrive(std::uint64_t number, const executed& result);

  /// A passenger waits no longer. What it has asked for and was not yet sent is
  /// dropped, unless it writes; what comes back for it is not looked at.
  void leave(passenger who);

  /// Takes out what has been waiting since before a time and was not sent.
  std::vector<passenger> expire(time_point before);

  /// When what waits for longest began to wait; nothing if none waits.
  std::optional<time_point> waiting_since() const;

private:
  struct share {
    passenger who;
    std::size_t commands = 0;
    bool gone = false;
  };

  struct waiting {
    passenger who;
    std::vector<bytes> commands;
    std::size_t cost = 0;
    time_point since;
  };

  struct traffic {
    lane_limits limits;
    std::deque<waiting> queue;
    std::size_t under_way = 0;
  };

  struct trip {
    std::size_t lane = 0;
    std::vector<share> shares;
  };

  departure depart(std::size_t number_of_lane);

  std::array<traffic, lane_count> lanes_;
  std::map<std::uint64_t, trip> under_way_;
  std::uint64_t last_number_ = 0;
};

} // namespace raft::redis
