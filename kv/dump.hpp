// Shows an engine's files as text.

#pragma once

#include <raft/machine/state_machine.hpp>
#include <raft/messages/ids.hpp>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace raft::kv {

struct dump_options {
  /// The engine's own directory.
  std::string directory;
  group_id group = {1};
  /// Checks every record and says what is damaged.
  bool verify = false;
};

/// The groups that keep an engine in a data directory, ascending.
std::vector<group_id> engines_in(const std::string& data_directory);

/// Up to which entry an engine's files hold all effects, also while a process
/// writes them.
/// @param directory The engine's own; 0 if there is none.
/// @throws persistence::store_error if it cannot be opened.
log_index applied_in(const std::string& directory, group_id group);

/// Reads all that the engine of a group has on the disk, while no process
/// writes it.
/// @returns what is wrong with it: it is missing, although it must be there,
///          it belongs to another store, or a record is damaged; empty if all
///          is well.
/// @throws persistence::store_error if the disk does not let itself be read.
std::string damage_of(const std::string& data_directory,
                      const machine::machine_context& context);

/// Prints what an engine holds, also while a process writes it.
/// @returns the number of damaged records found.
/// @throws persistence::store_error if it cannot be opened.
std::uint64_t dump(const dump_options& options, std::ostream& out);

} // namespace raft::kv
