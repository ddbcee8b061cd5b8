// Texts as JSON has them.

#pragma once

#include <string>
#include <string_view>

namespace raft::simulation {

/// A text in quotes, as JSON that may also stand within HTML. What is not UTF-8
/// becomes U+FFFD.
std::string json_text(std::string_view x);

} // namespace raft::simulation
