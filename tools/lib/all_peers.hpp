// Whom raftctl asks when it asks all peers: the members, as these know them,
// and not only those whose addresses it was given.

#pragma once

#include <raft/client/blocking_client.hpp>

#include <vector>

namespace raft::tools {

/// What peers said, those that do not answer included.
using server_states = std::vector<client::server_state>;

/// Where members are that have not been asked, as those know that were.
std::vector<links::address> not_asked(const server_states& all);

/// Leaves out who does not answer and need not: all members are known to be at
/// other addresses.
void leave_out_gone(server_states& all);

/// Asks all members, first those that the client was given.
server_states ask_all(client::blocking_client& who);

} // namespace raft::tools
