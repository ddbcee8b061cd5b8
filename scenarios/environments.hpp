// The kinds of environments in which scenarios run.

#pragma once

#include <raft/scenarios/environment.hpp>
#include <raft/simulation/event.hpp>

#include <memory>
#include <string>

namespace raft::scenarios {

/// A cluster in virtual time, all in one thread, from one seed; nothing here
/// takes real time but the work itself. Disks take some milliseconds for a
/// write, so that a command takes as long as on a good machine. A crash loses
/// the write under way, or keeps it. Every step is also checked by the
/// simulation's safety checker.
/// @param watching Is told what happens, if not null; must outlive the
///        environment.
std::unique_ptr<environment>
make_simulated_environment(const environment_options& options,
                           simulation::observer* watching = nullptr);

/// A cluster of actors in this process, in real time: real peers with LMDB in a
/// temporary directory. Every message between peers, and between clients and
/// peers, goes through a network of actors. Links stay up forever: nobody is
/// told that a message was lost, or another peer ended. A crashed peer loses
/// what its persister has not begun to write.
/// @throws std::exception if it cannot be made.
std::unique_ptr<environment>
make_actors_environment(const environment_options& options);

/// What that kind of environment cannot do; empty if it can.
std::string actors_objection(ability what);

/// A cluster of operating-system processes, in real time: raftd processes,
/// beside the program that runs, with data in a temporary directory. They talk
/// to each other through a network that can cut ways; see tcp_network.hpp.
/// Clients reach each peer directly. A crash is a SIGKILL, a pause a SIGSTOP.
/// @throws std::exception if it cannot be made.
std::unique_ptr<environment>
make_processes_environment(const environment_options& options);

/// What that kind of environment cannot do; empty if it can.
std::string processes_objection(ability what);

} // namespace raft::scenarios
