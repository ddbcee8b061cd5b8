// Seeds that nobody has tried: the only ones that are not given.

#pragma once

#include <raft/simulation/fuzz.hpp>

#include <cstdint>
#include <iosfwd>

namespace raft::simulation {

/// Draws so many neighboring seeds at random, and prints them, so that the same
/// can be played again.
void draw_fresh_seeds(std::uint64_t count, fuzz_options& to, std::ostream& out);

} // namespace raft::simulation
