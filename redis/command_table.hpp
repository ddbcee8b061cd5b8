// The table of all commands, for those who implement them.

#pragma once

#include <raft/redis/commands.hpp>

#include <span>

namespace raft::redis {

/// One command, or one subcommand ("config|get").
struct command_entry {
  /// In lower case.
  const char* name;
  /// How many words a request has, the name included; at least so many if
  /// negative.
  int arity;
  /// For COMMAND: whether it changes data, and where its keys are.
  bool writes;
  int first_key;
  int last_key;
  int key_step;
  /// Null for commands that are nothing but their subcommands.
  action (*run)(const arguments& args, command_context& around);
};

/// Commands that work on data.
std::span<const command_entry> data_commands();

/// All others. Subcommands stand behind their commands.
std::span<const command_entry> server_commands();

/// Finds a command or subcommand by its full name; case does not matter.
const command_entry* find_command(std::string_view name);

bool is_subcommand(const command_entry& x);

std::string to_lower(std::string_view x);

/// Compares without regard to case.
/// @param expected In lower case.
bool is_word(std::string_view x, std::string_view expected);

answer reply_ok();
answer reply_error(std::string_view text);
answer wrong_arity(std::string_view name);
answer pattern_too_long();

} // namespace raft::redis
