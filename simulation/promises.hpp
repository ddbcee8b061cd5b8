// Who may speak when: no message claims what is not on its sender's disk.

#pragma once

#include <raft/consensus/core.hpp>
#include <raft/simulation/recorded_disk.hpp>

namespace raft::simulation {

/// Checks a message that leaves a core at once against what a crash at this
/// very moment would leave of it.
/// @throws violation if it promises more.
void check_promise(const install_reply& x, const consensus::core& sender,
                   const recorded_disk& disk);
void check_promise(const consensus::message& x, const consensus::core& sender,
                   const recorded_disk& disk);

} // namespace raft::simulation
