// A cluster of operating-system processes, in real time.

#pragma once

#include <raft/scenarios/environment.hpp>

#include <memory>

namespace raft::scenarios {

/// raftd processes, beside the program that runs, with data in a temporary
/// directory. They talk to each other through a network that can cut ways; see
/// tcp_network.hpp. Clients reach each peer directly. A crash is a SIGKILL, a
/// pause a SIGSTOP.
/// @throws std::exception if it cannot be made.
std::unique_ptr<environment>
make_processes_environment(const environment_options& options);

/// What that kind of environment cannot do; empty if it can.
std::string processes_objection(ability what);

} // namespace raft::scenarios
