// A comparison for people and programs.

#pragma once

#include <raft/bench/comparison.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <utility>
#include <vector>

namespace raft::bench {

/// What is known of a run: machine, date, command and the like; name and value.
using facts = std::vector<std::pair<std::string, std::string>>;

/// The system whose figures are divided by the others'.
inline const std::string own_system = "ours";

/// Loads that differ only in their clients, for each size of values and
/// operation.
std::vector<std::vector<load>> groups_of(const std::vector<load>& loads);

/// A number with some significant digits and commas between thousands.
std::string to_text(double x);

/// Tables of all figures and ratios, and what their columns mean.
std::string to_text(const comparison& x, const facts& about);

/// The same for programs, with each round's figures.
nlohmann::json to_json(const comparison& x, const facts& about);

} // namespace raft::bench
