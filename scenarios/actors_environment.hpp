// A cluster of actors in this process, in real time.

#pragma once

#include <raft/scenarios/environment.hpp>

#include <memory>

namespace raft::scenarios {

/// Real peers with LMDB in a temporary directory. Every message between peers,
/// and between clients and peers, goes through a network of actors. Links stay
/// up forever: nobody is told that a message was lost, or another peer ended.
/// A crashed peer loses what its persister has not begun to write.
/// @throws std::exception if it cannot be made.
std::unique_ptr<environment>
make_actors_environment(const environment_options& options);

/// What that kind of environment cannot do; empty if it can.
std::string actors_objection(ability what);

} // namespace raft::scenarios
