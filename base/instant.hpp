// What a moment is.

#pragma once

#include <chrono>

namespace raft::base {

/// A moment, as the time since some origin. Never goes backwards within one
/// process; means nothing to another one.
using instant = std::chrono::microseconds;

} // namespace raft::base
