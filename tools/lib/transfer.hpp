// What raftctl says of a transfer of leadership.

#pragma once

#include <raft/messages/client.hpp>
#include <raft/messages/transfer.hpp>
#include <raft/tools/lib/verdict.hpp>

namespace raft::tools {

/// What the answer of the leader means for whoever asked.
/// @param asked Who was to lead; 0: anybody.
/// @param leader The state of the peer that was asked.
verdict judge(const leadership_transferred& x, peer_id asked,
              const peer_state& leader);

} // namespace raft::tools
