// The options of a server, in one table: flags, keys of the file and the help
// text all come from it.

#pragma once

#include <raft/server/configuration.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace raft::server {

enum class option_kind { text, number, flag, list };

/// The lowest and the highest value that an option takes.
struct bounds {
  std::uint64_t lowest;
  std::uint64_t highest;
  /// Whether the help text shows them. Many options have no other bounds than
  /// what nobody wants to go beyond.
  bool shown = true;
};

/// Everything there is to know about one option, for flags, file and help.
struct option {
  /// Long flag without dashes, and key in the file.
  const char* name;
  option_kind type;
  /// Stands for the value in the help text.
  const char* value;
  const char* help;
  /// Takes one text per value; throws `cluster::configuration_error`, also if
  /// it is out of bounds.
  std::function<void(configuration&, const std::vector<std::string>&)> set;
  /// Shows the value; empty for none.
  std::function<std::string(const configuration&)> show;
  /// Of a number itself, or of how many characters a text has; none if anything
  /// goes.
  std::optional<bounds> range = {};
  /// What `range` is about.
  std::function<std::uint64_t(const configuration&)> measure = nullptr;
  /// The texts that it takes; none if anything goes.
  std::vector<std::string> choices = {};
  /// What it was called in earlier versions: still taken, but not shown. Null
  /// for nothing else.
  const char* formerly = nullptr;
};

/// All options, in the order of the help text.
const std::vector<option>& options();

/// What is wrong with the value of one option, such as "must be from 1 to 9,
/// not 10"; empty if nothing is. Rules for several options are elsewhere.
std::string complaint_about(const option& what, const configuration& x);

} // namespace raft::server
