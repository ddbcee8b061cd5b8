// The states of machines that are actors, on their way to files and back.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/actors/machine_factory.hpp>
#include <raft/machine/snapshot.hpp>
#include <raft/messages/machine.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace caf {
class actor_system;
}

namespace raft::actors {

/// A state that a machine has set aside. It is asked for piece by piece, the
/// next one when the last one was written, so that no more than one is in
/// memory. If the machine sets another one aside meanwhile, or ends, writing
/// fails with its reason.
/// @param applied As in `copy_state`.
/// @param piece_within How long the machine may take for each.
std::unique_ptr<machine::frozen_state>
state_set_aside(caf::actor_system& system, const copied_machine_actor& machine,
                group_id group, log_index applied,
                std::chrono::milliseconds piece_within);

/// Has a new machine take over the state of a snapshot, piece by piece.
/// @param found What it said of itself.
/// @returns what it has now.
/// @throws machine::bad_state if the machine does not take it over,
///         snapshots::snapshot_error if the file is not sound.
recovered take_over(caf::actor_system& system, const machine_actor& machine,
                    group_id group, const recovered& found,
                    const std::string& path,
                    std::chrono::milliseconds piece_within);

} // namespace raft::actors
