// The form of a script: blocks of commands, each with what it must print.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace raft::test {

/// Some commands and their expected output:
///
///     # A comment says what the block is about.
///     start 1 "set x 1"
///     persist 1
///     ----
///     1 appends 2@1 "set x 1"
///     1 has written 2@1, is durable to 2@1
///
/// The output ends at an empty line or at the end of the file.
struct script_block {
  struct command {
    std::size_t line;
    std::string text;
  };

  /// Everything above the dashes as it stands in the file.
  std::vector<std::string> head;
  std::vector<command> commands;
  std::vector<std::string> expected;
  /// Line of the dashes.
  std::size_t line;
};

/// @throws std::runtime_error, with file and line, if the form is wrong.
std::vector<script_block> read_script(const std::filesystem::path& file);

/// Writes the blocks back, `expected` as it is now.
void write_script(const std::filesystem::path& file,
                  const std::vector<script_block>& blocks);

} // namespace raft::test
