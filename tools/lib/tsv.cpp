#include <raft/tools/lib/tsv.hpp>

#include <fmt/format.h>

#include <array>
#include <istream>

namespace raft::tools {

namespace {

/// A byte and the letter that stands for it.
constexpr std::array<std::pair<char, char>, 5> escapes{
  {{'\t', 't'}, {'\n', 'n'}, {'\r', 'r'}, {'\0', '0'}, {'\\', '\\'}}};

key_value parse_line(std::string_view line) {
  auto tab = line.find('\t');
  if (tab == std::string_view::npos)
    throw tsv_error{"there is no tab; expected KEY<tab>VALUE"};
  if (line.find('\t', tab + 1) != std::string_view::npos)
    throw tsv_error{"there is a second tab; write \\t for a tab in a value"};
  return {unescape(line.substr(0, tab)), unescape(line.substr(tab + 1))};
}

} // namespace

std::string escape(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (auto c : text) {
    auto letter = '\0';
    for (auto [byte, name] : escapes)
      if (c == byte)
        letter = name;
    if (letter != '\0')
      result += {'\\', letter};
    else
      result += c;
  }
  return result;
}

std::string unescape(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    ++i;
    auto found = false;
    for (auto [byte, name] : escapes) {
      if (i < text.size() && text[i] == name) {
        result += byte;
        found = true;
      }
    }
    if (!found)
      throw tsv_error{"a backslash must be followed by t, n, r, 0 or another "
                      "backslash"};
  }
  return result;
}

std::string to_line(const key_value& x) {
  return escape(x.first) + '\t' + escape(x.second) + '\n';
}

std::vector<key_value> read_tsv(std::istream& in) {
  std::vector<key_value> result;
  std::string line;
  while (std::getline(in, line)) {
    try {
      result.push_back(parse_line(line));
    } catch (const tsv_error& problem) {
      throw tsv_error{
        fmt::format("line {}: {}", result.size() + 1, problem.what())};
    }
  }
  if (in.bad())
    throw tsv_error{fmt::format("reading failed after line {}", result.size())};
  return result;
}

} // namespace raft::tools
