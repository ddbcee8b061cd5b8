// The rules of the source tree: one table for who may include what, one for
// what must not be written where.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace raft::structure {

/// What the files below a folder may include, beside the standard library.
struct folder_rule {
  /// Relative to the root. The longest match counts.
  std::string folder;
  /// Folders of this project. `*` stands for all.
  std::vector<std::string> folders;
  /// Libraries by the names of `library_of`. `*` stands for all.
  std::vector<std::string> libraries;
};

/// Who may include what, in the order of dependence.
const std::vector<folder_rule>& folder_rules();

/// Something that must not be written.
struct ban {
  /// Where it holds, as prefixes of paths; empty for everywhere.
  std::vector<std::string> where;
  /// Where it does not.
  std::vector<std::string> except;
  /// Names of headers, or words of code.
  std::vector<std::string> what;
  /// What to do instead.
  std::string instead;
};

const std::vector<ban>& banned_headers();

/// In code; comments and literals may say it.
const std::vector<ban>& banned_words();

/// In any line.
const std::vector<ban>& banned_marks();

bool holds_for(const ban& x, const std::string& file);

/// The rule for a file, or null if its folder is in no rule.
const folder_rule* rule_for(const std::string& file);

/// Which library a header belongs to: `std`, `posix`, or the name of another.
std::string library_of(const std::string& header);

inline constexpr std::size_t file_lines_max = 500;
inline constexpr std::size_t function_lines_max = 60;

} // namespace raft::structure
