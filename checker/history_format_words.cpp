#include <raft/checker/history_format_words.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace raft::checker {

namespace {

constexpr std::string_view blanks = " \t\r";

/// The letter after a backslash, and the byte that it stands for.
constexpr std::array<std::pair<char, char>, 8> escapes{{{'"', '"'},
                                                        {'\\', '\\'},
                                                        {'/', '/'},
                                                        {'b', '\b'},
                                                        {'f', '\f'},
                                                        {'n', '\n'},
                                                        {'r', '\r'},
                                                        {'t', '\t'}}};

/// Reads one quoted word.
class quoted_reader {
public:
  /// @param rest begins behind the opening quote.
  explicit quoted_reader(std::string_view rest) : rest_{rest} {
    // nop
  }

  std::string read() {
    std::string result;
    for (;;) {
      auto c = take();
      if (c == '"')
        return result;
      if (c == '\\')
        read_escape(result);
      else
        result += c;
    }
  }

  std::string_view rest() const noexcept {
    return rest_;
  }

private:
  char take() {
    if (rest_.empty())
      throw word_error{"a quote is not closed"};
    auto result = rest_.front();
    rest_.remove_prefix(1);
    return result;
  }

  void read_escape(std::string& out) {
    auto letter = take();
    for (auto [name, byte] : escapes)
      if (letter == name) {
        out += byte;
        return;
      }
    if (letter == 'x')
      out += static_cast<char>(read_hex(2));
    else if (letter == 'u')
      add_utf8(out, read_code_point());
    else
      throw word_error{std::string{"unknown escape \\"} + letter
                       + "; see docs/histories.md"};
  }

  std::uint32_t read_hex(std::size_t digits) {
    auto text = rest_.substr(0, digits);
    std::uint32_t result = 0;
    auto end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, result, 16);
    if (text.size() < digits || error != std::errc{} || at != end)
      throw word_error{"an escape lacks hexadecimal digits"};
    rest_.remove_prefix(digits);
    return result;
  }

  /// JSON writes what lies beyond 16 bits as two halves.
  std::uint32_t read_code_point() {
    auto high = read_hex(4);
    if (high < 0xd800 || high > 0xdfff)
      return high;
    if (high > 0xdbff || take() != '\\' || take() != 'u')
      throw word_error{"half of a surrogate pair"};
    auto low = read_hex(4);
    if (low < 0xdc00 || low > 0xdfff)
      throw word_error{"half of a surrogate pair"};
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }

  static void add_utf8(std::string& out, std::uint32_t x) {
    auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (x < 0x80)
      return add(x);
    if (x < 0x800) {
      add(0xc0 | (x >> 6));
    } else {
      if (x < 0x10000) {
        add(0xe0 | (x >> 12));
      } else {
        add(0xf0 | (x >> 18));
        add(0x80 | ((x >> 12) & 0x3f));
      }
      add(0x80 | ((x >> 6) & 0x3f));
    }
    add(0x80 | (x & 0x3f));
  }

  std::string_view rest_;
};

} // namespace

std::vector<history_word> split_words(std::string_view line) {
  std::vector<history_word> result;
  for (;;) {
    auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
      return result;
    line.remove_prefix(begin);
    if (line.front() == '"') {
      quoted_reader reader{line.substr(1)};
      result.push_back({reader.read(), true});
      line = reader.rest();
      if (!line.empty() && blanks.find(line.front()) == std::string_view::npos)
        throw word_error{"a blank is missing behind a closing quote"};
    } else {
      auto end = line.find_first_of(blanks);
      result.push_back({std::string{line.substr(0, end)}, false});
      if (result.back().text.find('"') != std::string::npos)
        throw word_error{"a quote inside a word: quote the whole word"};
      line.remove_prefix(end == std::string_view::npos ? line.size() : end);
    }
  }
}

std::string quote(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result{'"'};
  for (auto c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      result += {'\\', c};
    else if (c == '\n')
      result += "\\n";
    else if (c == '\t')
      result += "\\t";
    else if (byte < 0x20 || byte >= 0x7f)
      result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    else
      result += c;
  }
  return result + '"';
}

} // namespace raft::checker
