// What may wait for a state machine that answers later.

#pragma once

#include <cstddef>

namespace raft::machine {

/// How much may be on its way to a state machine.
struct pipeline_bounds {
  /// So many batches may be without an answer; then entries wait. At least 1.
  std::size_t batches_max = 2;
  /// A batch is full with so many commands. At least 1.
  std::size_t batch_commands_max = 1024;
  /// A batch is full when the sum of its entries' `cost` reaches this.
  std::size_t batch_bytes_max = 1 << 20;
};

} // namespace raft::machine
