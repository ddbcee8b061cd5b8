// Where randomness comes from outside of tests.

#pragma once

#include <cstdint>

namespace raft::actors {

/// 64 random bits from the operating system. Any thread.
/// @throws std::exception if it gives none
std::uint64_t draw_seed();

} // namespace raft::actors
