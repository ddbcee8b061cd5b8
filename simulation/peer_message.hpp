// What peers say to each other.

#pragma once

#include <raft/consensus/output.hpp>
#include <raft/messages/install.hpp>

#include <utility>
#include <variant>

namespace raft::simulation {

/// A message of a core, or a chunk of a snapshot, which the shell makes.
using peer_message
  = std::variant<vote_request, vote_reply, append_request, append_reply,
                 read_index_request, read_index_reply, timeout_now,
                 install_request, install_reply>;

inline peer_message widened(consensus::message x) {
  return std::visit([](auto& y) { return peer_message{std::move(y)}; }, x);
}

} // namespace raft::simulation
