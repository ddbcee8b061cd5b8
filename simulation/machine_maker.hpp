// How the simulator makes state machines, and what outlives them.

#pragma once

#include <raft/base/random.hpp>
#include <raft/machine/state_machine.hpp>

#include <functional>
#include <memory>

namespace raft::simulation {

using base::random;

/// What a state machine keeps on the disk of one peer: null at first and after
/// the disk was lost. It outlives the processes of that peer. Whoever makes the
/// machine knows what it is.
using machine_disk = std::shared_ptr<void>;

/// Makes a state machine for a process that starts: an empty one, or one that
/// goes on with what it finds on the disk.
/// @param source For what should differ from process to process, such as the
///        size of a buffer.
using machine_maker = std::function<std::unique_ptr<machine::state_machine>(
  machine_disk& disk, random& source)>;

} // namespace raft::simulation
