#include <raft/redis/resp.hpp>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <limits>

namespace raft::redis {

namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

char unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

/// Takes one word after the other from a line.
class word_splitter {
public:
  explicit word_splitter(std::string_view line) : line_{line} {
    // nop
  }

  bool skip_spaces() {
    while (!line_.empty() && is_space(line_.front()))
      line_.remove_prefix(1);
    return !line_.empty();
  }

  bool take_word(std::string& word) {
    while (!line_.empty()) {
      auto c = line_.front();
      line_.remove_prefix(1);
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
        return true;
      // A closing quote ends the word, whatever it began with.
      if (c == '"')
        return take_double_quoted(word);
      if (c == '\'')
        return take_single_quoted(word);
      word += c;
    }
    return true;
  }

private:
  bool take_double_quoted(std::string& word) {
    while (!line_.empty()) {
      auto c = line_.front();
      if (c == '"')
        return close_quote();
      if (c == '\\' && line_.size() >= 4 && line_[1] == 'x'
          && hex_digit(line_[2]) >= 0 && hex_digit(line_[3]) >= 0) {
        word
          += static_cast<char>(hex_digit(line_[2]) * 16 + hex_digit(line_[3]));
        line_.remove_prefix(4);
      } else if (c == '\\' && line_.size() >= 2) {
        word += unescape(line_[1]);
        line_.remove_prefix(2);
      } else {
        word += c;
        line_.remove_prefix(1);
      }
    }
    return false;
  }

  bool take_single_quoted(std::string& word) {
    while (!line_.empty()) {
      if (line_.starts_with("\\'")) {
        word += '\'';
        line_.remove_prefix(2);
      } else if (line_.front() == '\'') {
        return close_quote();
      } else {
        word += line_.front();
        line_.remove_prefix(1);
      }
    }
    return false;
  }

  bool close_quote() {
    line_.remove_prefix(1);
    return line_.empty() || is_space(line_.front());
  }

  std::string_view line_;
};

} // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> result;
  word_splitter splitter{line.substr(0, line.find('\0'))};
  while (splitter.skip_spaces())
    if (!splitter.take_word(result.emplace_back()))
      return std::nullopt;
  return result;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  auto digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || (digits.front() == '0' && text.size() > 1))
    return std::nullopt;
  std::int64_t result = 0;
  auto [end, error]
    = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return result;
}

request_parser::request_parser(const request_limits& limits) : limits_{limits} {
  assert(limits.request_bytes_max <= std::numeric_limits<std::uint32_t>::max());
}

void request_parser::feed(std::string_view data) {
  arguments_.clear();
  if (!error_.empty())
    return;
  buffer_.erase(0, begin_);
  position_ -= begin_;
  begin_ = 0;
  // Where a part of a large argument is there, the rest finds its place, so
  // that nothing moves. Before that, a length is only a claim.
  if (argument_size_ && buffer_.size() > limits_.line_bytes_max)
    buffer_.reserve(position_ + *argument_size_ + limits_.line_bytes_max);
  buffer_ += data;
}

request_parser::result request_parser::next() {
  for (;;) {
    arguments_.clear();
    if (!error_.empty())
      return result::failed;
    if (begin_ == buffer_.size()) {
      release();
      return result::incomplete;
    }
    typed_ = buffer_[begin_] != '*';
    auto found = typed_ ? parse_line() : parse_array();
    if (found == result::request)
      begin_request();
    // Empty requests are skipped without a word.
    if (found != result::request || !arguments_.empty())
      return found;
  }
}

void request_parser::forget() {
  arguments_.clear();
  if (begin_ == buffer_.size()) {
    release();
  } else if (begin_ > limits_.line_bytes_max) {
    std::string{buffer_, begin_}.swap(buffer_);
    position_ -= begin_;
    begin_ = 0;
  }
}

request_parser::result request_parser::parse_line() {
  auto line = take_line('\n', "too big inline request");
  if (!line)
    return error_.empty() ? result::incomplete : result::failed;
  if (line->ends_with('\r'))
    line->remove_suffix(1);
  auto words = split_words(*line);
  if (!words) {
    fail("unbalanced quotes in request");
    return result::failed;
  }
  words_ = std::move(*words);
  arguments_.assign(words_.begin(), words_.end());
  return result::request;
}

request_parser::result request_parser::parse_array() {
  if (!missing_) {
    auto line = take_line('\r', "too big mbulk count string");
    if (!line)
      return error_.empty() ? result::incomplete : result::failed;
    auto count = to_integer(line->substr(1));
    if (!count || *count > static_cast<std::int64_t>(limits_.arguments_max)) {
      fail("invalid multibulk length");
      return result::failed;
    }
    missing_ = static_cast<std::size_t>(std::max<std::int64_t>(*count, 0));
  }
  for (; *missing_ > 0; --*missing_)
    if (!parse_argument())
      return error_.empty() ? result::incomplete : result::failed;
  arguments_.reserve(spans_.size());
  for (const auto& x : spans_)
    arguments_.push_back(
      std::string_view{buffer_}.substr(begin_ + x.begin, x.size));
  return result::request;
}

/// Takes one argument; false if it is not complete, or wrong.
bool request_parser::parse_argument() {
  if (!argument_size_) {
    auto line = take_line('\r', "too big bulk count string");
    if (!line)
      return false;
    if (!line->starts_with('$'))
      return fail(std::string{"expected '$', got '"}
                  + (line->empty() ? ' ' : line->front()) + "'");
    auto size = to_integer(line->substr(1));
    if (!size || *size < 0
        || *size > static_cast<std::int64_t>(limits_.bulk_bytes_max))
      return fail("invalid bulk length");
    argument_size_ = static_cast<std::size_t>(*size);
    if (position_ - begin_ + *argument_size_ > limits_.request_bytes_max)
      return fail("too big request");
  }
  // The two bytes behind an argument end it, whatever they are.
  auto end = position_ + *argument_size_ + 2;
  if (buffer_.size() < end)
    return false;
  spans_.push_back({static_cast<std::uint32_t>(position_ - begin_),
                    static_cast<std::uint32_t>(*argument_size_)});
  position_ = end;
  argument_size_.reset();
  return true;
}

/// Takes a line up to its end: a \n, or a \r and any other byte.
std::optional<std::string_view>
request_parser::take_line(char end, const char* complaint) {
  auto found = buffer_.find(end, position_);
  auto size = std::min(found, buffer_.size()) - position_;
  if (size > limits_.line_bytes_max) {
    fail(complaint);
    return std::nullopt;
  }
  auto after = found + (end == '\r' ? 2 : 1);
  if (found == std::string::npos || after > buffer_.size())
    return std::nullopt;
  auto line = std::string_view{buffer_}.substr(position_, size);
  position_ = after;
  return line;
}

bool request_parser::fail(std::string what) {
  error_ = "Protocol error: " + std::move(what);
  release();
  return false;
}

/// Gives back the memory that an unusually large request took.
void request_parser::release() {
  if (kept() > limits_.line_bytes_max) {
    std::string{}.swap(buffer_);
    std::vector<span>{}.swap(spans_);
    std::vector<std::string>{}.swap(words_);
    std::vector<std::string_view>{}.swap(arguments_);
  }
  buffer_.clear();
  spans_.clear();
  words_.clear();
  arguments_.clear();
  begin_ = position_ = 0;
}

std::size_t request_parser::kept() const noexcept {
  return buffer_.capacity() + spans_.capacity() * sizeof(span)
       + words_.capacity() * sizeof(std::string)
       + arguments_.capacity() * sizeof(std::string_view);
}

std::size_t request_parser::memory() const noexcept {
  return buffer_.size() + spans_.size() * sizeof(span)
       + words_.size() * sizeof(std::string)
       + arguments_.size() * sizeof(std::string_view);
}

/// Makes the parser expect a new request behind the one just parsed.
void request_parser::begin_request() {
  begin_ = position_;
  missing_.reset();
  spans_.clear();
}

void add_simple(std::string& out, std::string_view text) {
  out += '+';
  out += text;
  out += "\r\n";
}

void add_error(std::string& out, std::string_view text) {
  out += '-';
  auto begin = out.size();
  out += text;
  std::replace_if(
    out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
    [](char c) { return c == '\r' || c == '\n'; }, ' ');
  out += "\r\n";
}

void add_integer(std::string& out, std::int64_t x) {
  out += ':';
  out += std::to_string(x);
  out += "\r\n";
}

void add_bulk(std::string& out, std::string_view data) {
  begin_bulk(out, data.size());
  out += data;
  end_bulk(out);
}

void begin_bulk(std::string& out, std::size_t size) {
  out += '$';
  out += std::to_string(size);
  out += "\r\n";
}

void end_bulk(std::string& out) {
  out += "\r\n";
}

void add_nil(std::string& out) {
  out += "$-1\r\n";
}

void add_array(std::string& out, std::size_t size) {
  out += '*';
  out += std::to_string(size);
  out += "\r\n";
}

} // namespace raft::redis
