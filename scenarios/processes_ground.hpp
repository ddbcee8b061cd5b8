// A cluster of operating-system processes, in real time.

#pragma once

#include <raft/scenarios/ground.hpp>

#include <memory>

namespace raft::scenarios {

/// raftd processes, beside the program that runs, with data in a temporary
/// directory. They talk to each other through a network that can cut ways; see
/// tcp_network.hpp. Clients reach each peer directly. A crash is a SIGKILL, a
/// pause a SIGSTOP.
/// @throws std::exception if it cannot be made.
std::unique_ptr<ground> make_processes_ground(const ground_options& options);

/// What that kind of ground cannot do; empty if it can.
std::string processes_objection(ability what);

} // namespace raft::scenarios
