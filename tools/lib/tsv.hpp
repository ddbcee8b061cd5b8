// Lines of "key TAB value", with escapes for what would break a line.

#pragma once

#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace raft::tools {

/// A line that is none. The message names its number and says what to do.
class tsv_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

using key_value = std::pair<std::string, std::string>;

/// Replaces tab, newline, carriage return, zero byte and backslash by `\t`,
/// `\n`, `\r`, `\0` and `\\`. All other bytes stay.
std::string escape(std::string_view text);

/// The reverse of `escape`.
/// @throws tsv_error if a backslash is followed by anything else.
std::string unescape(std::string_view text);

/// Writes one line, with its newline.
std::string to_line(const key_value& x);

/// Reads all lines. Element `i` comes from line `i + 1`.
/// @throws tsv_error for a line without exactly one tab or with an unknown
///         escape.
std::vector<key_value> read_tsv(std::istream& in);

} // namespace raft::tools
