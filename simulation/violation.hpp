// What every check of the simulator throws.

#pragma once

#include <stdexcept>

namespace raft::simulation {

/// Something happened that must never happen. The text says what.
struct violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace raft::simulation
