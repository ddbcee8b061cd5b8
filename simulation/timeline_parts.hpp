// What is the same on all pages: the files of simulation/timeline/, as the
// build has put them into the program.

#pragma once

#include <string_view>

namespace raft::simulation {

/// Marks say where the others, the title and the data go.
extern const std::string_view timeline_html;
extern const std::string_view timeline_style;
extern const std::string_view timeline_script;

} // namespace raft::simulation
