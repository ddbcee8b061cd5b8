// A client in virtual time: the real client logic, and a program that uses it.

#pragma once

#include <raft/client/state/client_state.hpp>
#include <raft/simulation/program.hpp>

namespace raft::simulation {

struct client_options {
  client::client_settings settings = {};
  /// The peer that it is near to; 0 if none.
  peer_id home = {};
  /// A command without an answer for so long is answered `unknown`, or
  /// `rejected` if it surely had no effect.
  duration deadline = std::chrono::seconds{3600};
  /// A program waits up to so long before its next command.
  duration pause_max{0};
};

} // namespace raft::simulation
