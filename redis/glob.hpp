// Patterns as in MATCH and CONFIG GET.

#pragma once

#include <string>
#include <string_view>

namespace raft::redis {

/// Whether a text matches a pattern as a whole. `*` stands for any bytes, `?`
/// for any byte, `[a-c]` and `[^a-c]` for one of these or any other, and `\`
/// takes the next byte as it is. Takes time in the product of both lengths at
/// most.
bool matches(std::string_view pattern, std::string_view text);

/// What all texts that match begin with.
std::string literal_prefix(std::string_view pattern);

} // namespace raft::redis
