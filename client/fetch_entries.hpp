// Fetches committed entries from a server, from outside of its cluster.

#pragma once

#include <raft/client/client_options.hpp>
#include <raft/links/address.hpp>
#include <raft/messages/entry.hpp>

#include <functional>
#include <vector>

namespace caf {
class actor_system;
}

namespace raft::client {

/// See `blocking_client::read_entries`.
/// @param options Its `server_deadline` counts.
void read_entries(caf::actor_system& system, const client_options& options,
                  const links::address& where, log_index from,
                  const std::function<bool(std::vector<entry>)>& to);

} // namespace raft::client
