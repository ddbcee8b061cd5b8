// What a node must be told before it can start.

#pragma once

#include <raft/actors/bounds.hpp>
#include <raft/consensus/settings.hpp>
#include <raft/links/address.hpp>
#include <raft/messages/ids.hpp>
#include <raft/persistence/journal_store.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace raft::cluster {

// Part of what users of this folder write.
using links::address;
using links::configuration_error;
using links::member;

/// For how long all members must have spoken a newer version of the messages,
/// by default, until they go on to it for good.
inline constexpr std::chrono::milliseconds level_after_default{60'000};

/// The settings of a node, if nothing else is said.
inline consensus::settings default_raft() {
  consensus::settings result;
  result.level_after = level_after_default;
  return result;
}

/// All that makes one node.
struct configuration {
  /// Peers and clients of another cluster are refused by this name.
  std::string cluster = "raft";
  /// Who this node is, from 1.
  peer_id id;
  /// All that found the cluster, this node included. Later only those count
  /// here that are where they were then: the log knows who is a member, and
  /// where those are that were added or have moved.
  std::vector<member> members;
  group_id group{1};
  /// Where the log lives.
  std::string data_directory;
  /// Where to listen for peers and clients; by default at this node's own
  /// address in `members`. Port 0 picks a free one.
  std::optional<address> listen;
  consensus::settings raft = default_raft();
  /// How many connections at the peers' port may be others than members'.
  std::size_t connections_max = 256;
  /// What subscribers may take.
  actors::peer_bounds bounds;
  /// Found the cluster: an empty store takes `members` as its first
  /// configuration; a store that was founded ignores this. Without it, an empty
  /// store never votes.
  bool bootstrap = false;
  /// Join a cluster: an empty store belongs to the first one that says that
  /// this node is a member of it. A store that belongs to one ignores this.
  bool join = false;
  /// Allow addresses other than loopback, although nothing is encrypted.
  bool insecure = false;
  /// How long changes to a state machine that keeps its state wait to be
  /// checkpointed, at most.
  std::chrono::milliseconds checkpoint_after = actors::checkpoint_after_default;
  /// See `actors::snapshot_options`.
  std::uint64_t snapshot_bytes_per_second
    = actors::snapshot_bytes_per_second_default;
  /// Address space for the log, in bytes; not disk space.
  std::uint64_t map_bytes = std::uint64_t{1} << 40;
  /// How much disk space is allocated before it is needed.
  persistence::reserved_space_options reserved_space;
  /// How long the journal before the log's tables is.
  persistence::journal_options journal;
};

/// How many characters `configuration::cluster` may have; at least one.
inline constexpr std::size_t name_length_max = 200;

/// The range of `configuration::checkpoint_after`.
inline constexpr std::chrono::milliseconds checkpoint_after_min{100};
inline constexpr std::chrono::milliseconds checkpoint_after_max
  = std::chrono::hours{24};

/// Where the node is to listen: `listen`, or else its own address in `members`.
/// @pre `check` passes.
address listen_address(const configuration& x);

/// @throws configuration_error if a node could not run with this.
void check(const configuration& x);

/// Asserts that an address is a loopback address, or that `insecure` is set.
/// @param what Names the address, with its article.
/// @throws configuration_error
void check_reach(const configuration& x, const char* what, const address& at);

} // namespace raft::cluster
