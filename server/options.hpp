// The options of a server, in one table: flags, keys of the file and the help
// text all come from it.

#pragma once

#include <raft/server/configuration.hpp>

#include <functional>
#include <string>
#include <vector>

namespace raft::server {

enum class option_kind { text, number, flag, list };

/// Everything there is to know about one option, for flags, file and help.
struct option {
  /// Long flag without dashes, and key in the file.
  const char* name;
  option_kind type;
  /// Stands for the value in the help text.
  const char* value;
  const char* help;
  /// Takes one text per value; throws `cluster::configuration_error`.
  std::function<void(configuration&, const std::vector<std::string>&)> set;
  /// Shows the value; empty for none.
  std::function<std::string(const configuration&)> show;
  /// What it was called in earlier versions: still taken, but not shown. Null
  /// for nothing else.
  const char* formerly = nullptr;
};

/// All options, in the order of the help text.
const std::vector<option>& options();

} // namespace raft::server
