// Histories as others write them: Jepsen's log of a register, and lines of EDN
// maps about a map of strings.

#pragma once

#include <raft/checker/history_format.hpp>

#include <string>
#include <vector>

namespace raft::checker {

/// One integer register, which begins as nil. Times are line numbers.
/// @throws history_error
history<register_model> read_jepsen_log(const std::vector<std::string>& lines);

/// A map whose keys all begin as empty strings. Times are line numbers.
/// @throws history_error
history<map_model> read_edn_log(const std::vector<std::string>& lines);

/// Whether a line is of Jepsen's log; others in between are noise.
bool is_jepsen_line(const std::string& line);

} // namespace raft::checker
