// What raftd must be told before it can start: one table of settings, read from
// flags and from a TOML file.

#pragma once

#include <raft/cluster/configuration.hpp>
#include <raft/links/address.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace raft::server {

/// All that makes one server.
struct configuration {
  cluster::configuration node;
  /// The file of a snapshot that an empty data directory is filled with; empty
  /// if none. See `cluster::open_restored`.
  std::string restore;
  /// Whether to repair what is damaged or lost with what others have. See
  /// `cluster::repair`.
  bool rejoin = false;
  /// Where to wait for Redis clients, if at all.
  std::optional<links::address> redis;
  /// Bytes of replies that one Redis client, and all of them together, may
  /// leave unread.
  std::uint64_t redis_unread_bytes = 64 << 20;
  std::uint64_t redis_unread_total = 256 << 20;
  /// What requests of Redis clients may hold that are unfinished or not
  /// answered, together.
  std::uint64_t redis_requests_total = 256 << 20;
  /// How many bytes of changes the key-value data may have in memory, and as
  /// many again on their way to the disk. From half of them on they are
  /// checkpointed.
  std::uint64_t dirty_bytes = 64 << 20;
  /// See `kv::engine_options`.
  std::uint64_t cached_bytes = 0;
  /// trace, debug, info, warning, error or off.
  std::string log_level = "info";
};

/// What a server is, for the first line of its log: version, cluster, members,
/// data and ports.
std::string describe(const configuration& x);

/// @throws cluster::configuration_error if a server could not run with this.
void check(const configuration& x);

/// Fills a configuration from a TOML file: the keys are the long flags.
/// @throws cluster::configuration_error naming file, line and key for syntax
///         errors, unknown keys and wrong values.
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

} // namespace raft::server
