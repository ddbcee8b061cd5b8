// A cluster in virtual time.

#pragma once

#include <raft/scenarios/environment.hpp>
#include <raft/simulation/event.hpp>

#include <memory>

namespace raft::scenarios {

/// All in one thread, from one seed; nothing here takes real time but the work
/// itself. Disks take some milliseconds for a write, so that a command takes as
/// long as on a good machine. A crash loses the write under way, or keeps it.
/// Every step is checked by the simulation's own judge, too.
/// @param watching Is told what happens, if not null; must outlive the
///        environment.
std::unique_ptr<environment>
make_simulated_environment(const environment_options& options,
                           simulation::observer* watching = nullptr);

} // namespace raft::scenarios
