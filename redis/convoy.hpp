// What many connections want executed goes to the cluster as one command. Pure.

#pragma once

#include <raft/messages/bytes.hpp>
#include <raft/messages/client.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace raft::redis {

/// What became of the commands of one connection.
struct batch_result {
  executed how; // its `reply` is empty
  /// If committed: the replies to those commands that were executed, which are
  /// the first ones, perhaps none. Nothing if the state machine's reply makes
  /// no sense.
  std::optional<std::vector<bytes>> replies;
};

/// Collects the commands of connections and makes one command of them, which
/// costs one entry of the log and one message each way, however many clients
/// wait for it. The commands of one connection stay together and in order; the
/// outcome of the whole is the outcome of each.
class convoy {
public:
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

  /// @param bytes_max How many bytes of commands travel together at most. Only
  ///        those of one connection alone may be more.
  explicit convoy(std::size_t bytes_max) : bytes_max_{bytes_max} {
    // nop
  }

  /// Takes commands, each encoded.
  /// @pre `commands` is not empty.
  void add(passenger who, std::vector<bytes> commands);

  /// Sends all off that has been collected.
  std::vector<departure> depart();

  /// Takes the result of a departure, once; of an unknown one, does nothing.
  /// @returns what it means for each passenger, in the order in which they may
  ///          add again: first those whose commands were not all executed, lest
  ///          the large replies of others keep them waiting for ever.
  std::vector<arrival> arrive(std::uint64_t number, const executed& result);

private:
  struct share {
    passenger who;
    std::size_t commands = 0;
  };

  void close();

  std::size_t bytes_max_;
  // What is being collected.
  std::vector<share> shares_;
  std::vector<bytes> commands_;
  std::size_t bytes_ = 0;
  // Complete, but not yet taken.
  std::vector<departure> ready_;
  std::map<std::uint64_t, std::vector<share>> under_way_;
  std::uint64_t last_number_ = 0;
};

} // namespace raft::redis
