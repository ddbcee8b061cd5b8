// Values of a store as text, for people.

#pragma once

#include <raft/persistence/journal_record.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace raft::persistence {

std::string text(entry_kind x);
std::string text(const std::vector<peer_id>& xs);

/// Such as "voters 1 2; learners 3; since the bootstrap".
std::string text(const membership& x);

/// At most ten, the first and the last ones.
std::string text(const std::vector<log_position>& xs);

/// A batch of the journal, on one line.
std::string text(const journaled_batch& x);

/// UTC, such as "2024-05-01 12:00:00.123".
std::string text_of_time(std::uint64_t ms);

/// Printable, on one line, and short.
std::string preview(std::string_view data);

std::string counted(std::uint64_t n, const char* one, const char* many);

} // namespace raft::persistence
