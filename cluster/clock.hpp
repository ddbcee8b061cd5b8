// The clock that the actors of a node read.

#pragma once

#include <raft/consensus/settings.hpp>

#include <chrono>

namespace raft::cluster {

/// Time since some origin; never goes backwards.
inline consensus::instant steady_now() {
  return std::chrono::duration_cast<consensus::instant>(
    std::chrono::steady_clock::now().time_since_epoch());
}

} // namespace raft::cluster
