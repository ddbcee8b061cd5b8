// One source file, cut into what the structure tests look at.

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace raft::structure {

/// Of all that there is.
inline const std::filesystem::path root{RAFT_SOURCE_DIR};

/// An `#include` line.
struct include_line {
  /// From 1.
  std::size_t line = 0;
  /// Without brackets or quotes.
  std::string header;
  bool quoted = false;
};

/// A function with its body.
struct function_body {
  /// Where its head begins, from 1.
  std::size_t line = 0;
  /// From the line of the head's opening brace to that of the closing one.
  std::size_t length = 0;
};

/// A place where a word stands in code.
struct word_use {
  std::size_t line = 0;
  std::string word;
};

/// Blanks out comments, preprocessor lines and what is inside literals. Keeps
/// the number of lines.
std::string code_only(std::string_view text);

std::vector<include_line> includes_of(std::string_view text);

/// Finds functions at namespace and class scope by their braces. Lambdas count
/// to the function around them; tables and other initializers are none.
std::vector<function_body> functions_of(std::string_view text);

/// Finds words that stand in code on their own, not as part of a longer one.
std::vector<word_use> words_of(std::string_view code,
                               const std::vector<std::string>& words);

/// The first paragraph of the comment that a file begins with, in one line;
/// empty if it begins with anything else.
std::string first_comment(std::string_view text);

std::size_t count_lines(std::string_view text);

/// @throws std::runtime_error if the file cannot be read.
std::string read_file(const std::filesystem::path& file);

} // namespace raft::structure
