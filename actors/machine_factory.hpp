// How a state machine that is an actor is made for its peer, and its bounds.

#pragma once

#include <raft/actors/interfaces.hpp>
#include <raft/machine/pipeline_bounds.hpp>
#include <raft/machine/state_machine.hpp>

#include <chrono>
#include <cstddef>
#include <functional>

namespace raft::actors {

/// Spawns the state machine of a group before its peer starts, in the thread
/// that spawns the peer, and again, in another thread, whenever a snapshot has
/// taken the place of the state: the one before has ended by then. May take a
/// `group_id` in place of the context.
using machine_actor_factory
  = std::function<machine_actor(const machine::machine_context&)>;

/// Bounds for a state machine that is an actor.
struct machine_limits {
  /// How many commands may be on their way to it. Further ones wait, up to
  /// `consensus::settings::applying_bytes_max`.
  machine::pipeline_bounds window = {};

  /// How many queries may be on their way to it; more are answered with an
  /// error. At least 1.
  std::size_t queries_max = 1024;

  /// How long it may take to tell what it has on its disk.
  std::chrono::milliseconds recover_within{60'000};

  /// How long it may take to set its state aside, and to give or take a piece
  /// of one.
  std::chrono::milliseconds piece_within{60'000};

  /// How long it may take to end. After that it is killed, so that it cannot
  /// delay the end of its peer.
  std::chrono::milliseconds end_within{10'000};
};

} // namespace raft::actors
