#include <raft/simulation/json_text.hpp>

#include <cstddef>

namespace raft::simulation {

namespace {

unsigned char at(std::string_view x, std::size_t i) {
  return static_cast<unsigned char>(x[i]);
}

/// How many bytes the character at `i` has; 0 if there is none (RFC 3629).
std::size_t length_of_character(std::string_view x, std::size_t i) {
  auto lead = at(x, i);
  auto length = lead < 0x80                  ? 1U
              : lead >= 0xc2 && lead <= 0xdf ? 2U
              : (lead & 0xf0) == 0xe0        ? 3U
              : lead >= 0xf0 && lead <= 0xf4 ? 4U
                                             : 0U;
  if (length == 0 || x.size() - i < length)
    return 0;
  for (std::size_t j = 1; j < length; ++j)
    if ((at(x, i + j) & 0xc0) != 0x80)
      return 0;
  auto second = length > 2 ? at(x, i + 1) : 0x80;
  auto overlong
    = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  auto beyond = (lead == 0xed && second > 0x9f) // surrogates
             || (lead == 0xf4 && second > 0x8f);
  return overlong || beyond ? 0 : length;
}

/// Whether it must not stand in JSON, or not within HTML.
bool needs_number(unsigned char x) {
  return x < 0x20 || x == '<' || x == '>' || x == '&' || x == 0x7f;
}

std::string numbered(unsigned char x) {
  constexpr const char* digits = "0123456789abcdef";
  return std::string{"\\u00"} + digits[x >> 4] + digits[x & 15];
}

} // namespace

std::string json_text(std::string_view x) {
  std::string result{'"'};
  for (std::size_t i = 0; i < x.size();) {
    auto length = length_of_character(x, i);
    if (length == 0)
      result += "\\ufffd";
    else if (needs_number(at(x, i)))
      result += numbered(at(x, i));
    else if (x[i] == '"' || x[i] == '\\')
      result += std::string{'\\'} + x[i];
    else
      result += x.substr(i, length);
    i += length == 0 ? 1 : length;
  }
  return result + '"';
}

} // namespace raft::simulation
