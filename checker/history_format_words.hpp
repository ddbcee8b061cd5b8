// The words of a line of our history format.

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace raft::checker {

/// What is wrong with a line, without saying which line.
class word_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

struct history_word {
  std::string text;
  /// Quoted words are always text: "nil" is not nil.
  bool quoted = false;

  bool is(std::string_view keyword) const {
    return !quoted && text == keyword;
  }
};

/// Splits a line at blanks and tabs. A quoted word may hold any byte: with the
/// escapes of JSON, and \xHH for one byte.
/// @throws word_error for an open quote or an unknown escape.
std::vector<history_word> split_words(std::string_view line);

/// The reverse, for one text.
std::string quote(std::string_view text);

} // namespace raft::checker
