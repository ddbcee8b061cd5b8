// A comparison as a picture.

#pragma once

#include <raft/bench/report.hpp>

#include <string>

namespace raft::bench {

/// An SVG file that needs no other: for each size of values and operation a
/// panel of rates and one of 99th percentiles. Scales are logarithmic; a dot is
/// a median over the rounds, the line through it the range.
std::string to_svg(const comparison& x, const facts& about);

} // namespace raft::bench
