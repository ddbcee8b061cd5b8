// Fetches a snapshot from a server, from outside of its cluster.

#pragma once

#include <raft/client/client_options.hpp>
#include <raft/links/address.hpp>
#include <raft/messages/backup.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace caf {
class actor_system;
}

namespace raft::client {

/// See `blocking_client::take_snapshot`.
/// @param options Its `server_deadline` counts.
std::optional<snapshot_head> take_snapshot(caf::actor_system& system,
                                           const client_options& options,
                                           const links::address& where,
                                           log_index at_least);

/// See `blocking_client::read_snapshot`. Has several parts on their way at
/// once, over one connection.
/// @param options Its `server_deadline` counts, for each part.
void read_snapshot(caf::actor_system& system, const client_options& options,
                   const links::address& where, const snapshot_head& what,
                   std::uint64_t offset,
                   const std::function<void(std::string_view)>& to);

} // namespace raft::client
