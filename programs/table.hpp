// Tables for terminals.

#pragma once

#include <string>
#include <vector>

namespace raft::programs {

/// Rows of text with a header. Numbers stand to the right, all else to the
/// left.
class table {
public:
  explicit table(std::vector<std::string> header);

  /// @pre As many cells as the header has.
  void add(std::vector<std::string> row);

  /// All lines, each with its newline and without blanks at its end.
  std::string to_text() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

} // namespace raft::programs
