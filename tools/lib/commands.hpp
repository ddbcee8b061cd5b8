// What raftctl's subcommands do, once their arguments are known.

#pragma once

#include <raft/client/blocking_client.hpp>
#include <raft/tools/lib/members.hpp>
#include <raft/tools/lib/verdict.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace raft::tools {

/// What all commands need.
struct context {
  client::blocking_client& client;
  /// For one command of the state machine, or one answer of a peer.
  std::chrono::milliseconds timeout{10'000};
};

// Results go to standard output; what went wrong is in the verdict.

verdict show_status(context& ctx, bool json);
verdict put(context& ctx, const std::string& key, const std::string& value);
verdict get(context& ctx, const std::string& key);
verdict append(context& ctx, const std::string& key, const std::string& value);
verdict erase(context& ctx, const std::vector<std::string>& keys);

/// @param expected Nothing: the key must not exist.
verdict compare_and_set(context& ctx, const std::string& key,
                        const std::optional<std::string>& expected,
                        const std::string& value);

/// Prints pairs as lines that `load` can read.
/// @param limit At most so many pairs; 0 for all.
verdict scan(context& ctx, const std::string& prefix, std::uint64_t limit);

/// Loads a file of lines KEY, tab, VALUE; `-` stands for standard input.
/// @param per_second_max 0 for no limit.
verdict load(context& ctx, const std::string& file, std::size_t outstanding_max,
             double per_second_max);

/// @param wait How long to wait until all peers have applied the same entries.
verdict digest(context& ctx, std::chrono::milliseconds wait);

/// Shows who belongs to the cluster, as the leader knows it.
verdict list_members(context& ctx, bool json);

/// Changes that.
/// @throws links::configuration_error if the address makes no sense.
verdict change_members(context& ctx, const member_change& what);

/// Has another peer lead.
/// @param target Which one; 0: the voter that is best fit.
verdict transfer(context& ctx, peer_id target);

} // namespace raft::tools
