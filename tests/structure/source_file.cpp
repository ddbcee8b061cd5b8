// Cuts a C++ source apart, as far as the structure tests need it: no parser,
// but a scanner that knows comments, literals and braces.

#include <raft/tests/structure/source_file.hpp>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace raft::structure {

namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

std::size_t line_at(std::string_view text, std::size_t at) {
  return 1
       + static_cast<std::size_t>(std::count(
         text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

/// Copies text while it blanks out what is no code.
class stripper {
public:
  explicit stripper(std::string_view in) : in_{in} {
    // nop
  }

  std::string run() {
    while (at_ < in_.size())
      step();
    return std::move(out_);
  }

private:
  void step() {
    if (starts("//") || (in_[at_] == '#' && begins_line()))
      blank_until_end_of_line();
    else if (starts("/*"))
      blank_to(in_.find("*/", at_ + 2), 2);
    else if (starts("R\"") && (at_ == 0 || !is_word(in_[at_ - 1])))
      blank_raw_literal();
    else if (in_[at_] == '"' || (in_[at_] == '\'' && !inside_number()))
      blank_literal(in_[at_]);
    else
      out_ += in_[at_++];
  }

  bool starts(std::string_view what) const {
    return in_.substr(at_, what.size()) == what;
  }

  // As in 1'000'000.
  bool inside_number() const {
    return at_ > 0
        && std::isxdigit(static_cast<unsigned char>(in_[at_ - 1])) != 0
        && at_ + 1 < in_.size()
        && std::isxdigit(static_cast<unsigned char>(in_[at_ + 1])) != 0
        && !(at_ + 2 < in_.size() && in_[at_ + 2] == '\'');
  }

  bool begins_line() const {
    auto i = out_.find_last_not_of(" \t");
    return i == std::string::npos || out_[i] == '\n';
  }

  void blank() {
    out_ += in_[at_] == '\n' ? '\n' : ' ';
    ++at_;
  }

  /// Blanks up to a position and `more` characters, all if there is none.
  void blank_to(std::size_t end, std::size_t more) {
    end = end == std::string_view::npos ? in_.size() : end + more;
    while (at_ < end)
      blank();
  }

  void blank_until_end_of_line() {
    while (at_ < in_.size() && in_[at_] != '\n') {
      if (in_[at_] == '\\' && at_ + 1 < in_.size())
        blank();
      blank();
    }
  }

  void blank_raw_literal() {
    auto open = in_.find('(', at_);
    if (open == std::string_view::npos)
      return blank_to(open, 0);
    auto close = ")" + std::string{in_.substr(at_ + 2, open - at_ - 2)} + "\"";
    blank_to(in_.find(close, open), close.size());
  }

  // The quotes stay: what is between them may decide what a brace means.
  void blank_literal(char quote) {
    out_ += in_[at_++];
    while (at_ < in_.size() && in_[at_] != quote && in_[at_] != '\n') {
      if (in_[at_] == '\\' && at_ + 1 < in_.size())
        blank();
      blank();
    }
    if (at_ < in_.size() && in_[at_] == quote)
      out_ += in_[at_++];
  }

  std::string_view in_;
  std::size_t at_ = 0;
  std::string out_;
};

/// Removes the parameter lists of templates: they say `class`, too.
std::string without_template_parameters(std::string head) {
  for (;;) {
    auto from = head.find("template");
    if (from == std::string::npos)
      return head;
    auto to = head.find_first_not_of(" \n", from + 8);
    if (to != std::string::npos && head[to] == '<') {
      auto depth = 0;
      do {
        depth += head[to] == '<' ? 1 : head[to] == '>' ? -1 : 0;
        ++to;
      } while (depth > 0 && to < head.size());
    }
    head.erase(from, std::min(to, head.size()) - from);
  }
}

/// Whether what follows the head is a namespace or a type.
bool opens_scope(const std::string& raw_head) {
  static const std::regex space{R"(\b(namespace|extern)\b)"};
  static const std::regex type{R"(^[^(]*\b(class|struct|union|enum)\b)"};
  auto head = without_template_parameters(raw_head);
  return std::regex_search(head, space) || std::regex_search(head, type);
}

std::size_t matching_brace(std::string_view code, std::size_t open) {
  auto depth = 0;
  for (auto i = open; i < code.size(); ++i) {
    depth += code[i] == '{' ? 1 : code[i] == '}' ? -1 : 0;
    if (depth == 0)
      return i;
  }
  return code.size();
}

/// Whether the braces that end here were no body but an initializer.
bool goes_on_after(std::string_view code, std::size_t close) {
  auto i = close + 1;
  while (i < code.size() && is_space(code[i]))
    ++i;
  return i < code.size() && (code[i] == ',' || code[i] == '{');
}

} // namespace

std::string code_only(std::string_view text) {
  return stripper{text}.run();
}

std::vector<include_line> includes_of(std::string_view text) {
  static const std::regex pattern{
    R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"])re"};
  std::vector<include_line> result;
  std::istringstream in{std::string{text}};
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    std::smatch match;
    if (std::regex_search(line, match, pattern))
      result.push_back({number, match[2].str(), match[1].str() == "\""});
  }
  return result;
}

std::vector<function_body> functions_of(std::string_view text) {
  auto code = code_only(text);
  std::vector<function_body> result;
  std::size_t head_begin = 0;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i] == ';' || code[i] == '}') {
      head_begin = i + 1;
    } else if (code[i] == '{') {
      auto head = code.substr(head_begin, i - head_begin);
      if (opens_scope(head)) {
        head_begin = i + 1;
        continue;
      }
      auto close = matching_brace(code, i);
      auto initializer = goes_on_after(code, close);
      if (!initializer && head.find(')') != std::string::npos) {
        auto name = code.find_first_not_of(" \n", head_begin);
        result.push_back(
          {line_at(code, name), line_at(code, close) - line_at(code, i) + 1});
      }
      if (!initializer)
        head_begin = close + 1;
      i = close;
    }
  }
  return result;
}

std::vector<word_use> words_of(std::string_view code,
                               const std::vector<std::string>& words) {
  std::vector<word_use> result;
  for (const auto& word : words) {
    for (auto at = code.find(word); at != std::string_view::npos;
         at = code.find(word, at + 1)) {
      auto end = at + word.size();
      auto alone
        = (at == 0 || !is_word(word.front()) || !is_word(code[at - 1]))
       && (end >= code.size() || !is_word(word.back()) || !is_word(code[end]));
      if (alone)
        result.push_back({line_at(code, at), word});
    }
  }
  return result;
}

std::string first_comment(std::string_view text) {
  std::string result;
  std::istringstream in{std::string{text}};
  std::string line;
  while (std::getline(in, line) && line.starts_with("// ")) {
    if (!result.empty())
      result += ' ';
    result += line.substr(3);
  }
  return result;
}

std::size_t count_lines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  if (!in)
    throw std::runtime_error{"cannot read " + file.string()};
  return out.str();
}

} // namespace raft::structure
