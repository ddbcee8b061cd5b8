// Shows a store on the disk as text.

#pragma once

#include <raft/messages/ids.hpp>

#include <cstdint>
#include <iosfwd>
#include <limits>
#include <optional>
#include <string>

namespace raft::persistence {

struct dump_options {
  std::string directory;
  /// Only this group.
  std::optional<group_id> group;
  /// Only entries from `from` to `to`, both inclusive.
  log_index from{0};
  log_index to{std::numeric_limits<std::uint64_t>::max()};
  /// Checks everything and says what is damaged, instead of printing entries.
  bool verify = false;
  /// Lists the records of the journal, too.
  bool journal = false;
};

/// Prints a store directory, also while a process writes it. No transaction
/// stays open while it prints.
/// @returns the number of damaged records found.
/// @throws store_error if it cannot be opened, `std::invalid_argument` if
///         there is no such group.
std::uint64_t dump(const dump_options& options, std::ostream& out);

} // namespace raft::persistence
