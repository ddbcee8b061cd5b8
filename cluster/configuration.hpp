// What a node must be told before it can start: one table of options, read
// from flags and from a TOML file.

#pragma once

#include <raft/actors/bounds.hpp>
#include <raft/cluster/address.hpp>
#include <raft/consensus/settings.hpp>
#include <raft/messages/ids.hpp>
#include <raft/persistence/reserved_space.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace raft::cluster {

/// All that makes one node. Fill it by hand or with `read_arguments`.
struct configuration {
  /// Peers and clients of another cluster are refused by this name.
  std::string cluster = "raft";
  /// Who this node is, from 1.
  peer_id id;
  /// All voters, this node included.
  std::vector<member> members;
  group_id group{1};
  /// Where the log lives.
  std::string data_directory;
  /// Where to wait for peers and clients; by default the own member address.
  /// Port 0 picks a free one.
  std::optional<address> listen;
  /// Where to wait for Redis clients, if at all.
  std::optional<address> redis;
  /// Bytes of replies that one Redis client, and all of them together, may
  /// leave unread.
  std::uint64_t redis_unread_bytes = 64 << 20;
  std::uint64_t redis_unread_total = 256 << 20;
  /// What requests of Redis clients may hold that are unfinished or not
  /// answered, together.
  std::uint64_t redis_requests_total = 256 << 20;
  consensus::settings raft;
  /// Connections at the peers' port that are no members', at most.
  std::size_t connections_max = 256;
  /// What subscribers may take.
  actors::peer_bounds bounds;
  /// Found the cluster: an empty store takes `members` as its first
  /// configuration. Without it, an empty store never votes.
  bool bootstrap = false;
  /// Allow addresses that are not loopback although nothing is encrypted.
  bool insecure = false;
  /// How many bytes of changes the key-value data may have in memory, and as
  /// many again on their way to the disk. From half of them on they are
  /// checkpointed.
  std::uint64_t dirty_bytes = 64 << 20;
  /// How long changes that are fewer wait to be checkpointed, at most.
  std::chrono::milliseconds checkpoint_after = actors::checkpoint_after_default;
  /// Address space for the log, in bytes; not disk space.
  std::uint64_t map_bytes = std::uint64_t{1} << 40;
  /// How much of the disk is taken before it is needed.
  persistence::reserved_space_options reserved_space;
  /// trace, debug, info, warning, error or off.
  std::string log_level = "info";
};

/// The range of `configuration::dirty_bytes`.
inline constexpr std::uint64_t dirty_bytes_min = 1 << 20;
inline constexpr std::uint64_t dirty_bytes_max = std::uint64_t{16} << 30;

/// The range of `configuration::checkpoint_after`.
inline constexpr std::chrono::milliseconds checkpoint_after_min{100};
inline constexpr std::chrono::milliseconds checkpoint_after_max
  = std::chrono::hours{24};

/// Where the node is to listen: `listen`, or else its own member address.
/// @pre `check` passes.
address listen_address(const configuration& x);

/// What a node is, for the first line of its log: version, cluster, members,
/// data and ports.
std::string describe(const configuration& x);

/// @throws configuration_error if a node could not run with this.
void check(const configuration& x);

/// Fills a configuration from a TOML file: the keys are the long flags.
/// @throws configuration_error naming file, line and key for syntax errors,
///         unknown keys and wrong values.
void read_file(const std::string& path, configuration& x);

/// What the arguments of a program ask for.
struct arguments {
  /// Set unless the program has to end at once.
  std::optional<configuration> config;
  /// Help, version or an error, to be printed.
  std::string text;
  /// Exit code if there is no configuration: 0 for help, 2 for errors.
  int exit_code = 0;
};

/// Reads flags, and the file that `--config` names; flags win. Checks the
/// result. Never throws a `configuration_error`, never prints.
arguments read_arguments(int argc, const char* const* argv);

} // namespace raft::cluster
