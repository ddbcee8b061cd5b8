// Which peer leads, for commands that only that one takes.

#pragma once

#include <raft/client/blocking_client.hpp>

#include <optional>

namespace raft::tools {

/// The peer that leads the latest term, if one does. It may have become a
/// member later than the addresses were written that the client was given: the
/// others know where it is.
std::optional<client::server_state> find_leader(client::blocking_client& who);

} // namespace raft::tools
