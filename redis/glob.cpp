#include <raft/redis/glob.hpp>

#include <algorithm>
#include <cstddef>

namespace raft::redis {

namespace {

constexpr auto npos = std::string_view::npos;

bool in_range(char c, char from, char to) {
  auto x = static_cast<unsigned char>(c);
  auto low = static_cast<unsigned char>(from);
  auto high = static_cast<unsigned char>(to);
  return (low <= x && x <= high) || (high <= x && x <= low);
}

/// Matches one byte with the class that begins behind a `[` at `i`.
/// @returns where the pattern goes on, or `npos` without a match.
std::size_t match_class(std::string_view pattern, std::size_t i, char c) {
  auto negated = i < pattern.size() && pattern[i] == '^';
  if (negated)
    ++i;
  auto found = false;
  // A class that is not closed ends with the pattern.
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      found = found || pattern[i + 1] == c;
      i += 2;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      found = found || in_range(c, pattern[i], pattern[i + 2]);
      i += 3;
    } else {
      found = found || pattern[i] == c;
      ++i;
    }
  }
  if (found == negated)
    return npos;
  return std::min(i + 1, pattern.size());
}

/// Matches one byte with what is at `i`, which is no `*`.
std::size_t match_one(std::string_view pattern, std::size_t i, char c) {
  switch (pattern[i]) {
    case '?':
      return i + 1;
    case '[':
      return match_class(pattern, i + 1, c);
    case '\\':
      if (i + 1 < pattern.size())
        ++i;
      [[fallthrough]];
    default:
      return pattern[i] == c ? i + 1 : npos;
  }
}

} // namespace

bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  // Where to go on if it does not fit: behind the last star, which then stands
  // for one byte more. Earlier stars need no second try.
  auto star = npos;
  std::size_t star_end = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_end = t;
      continue;
    }
    auto next = p < pattern.size() ? match_one(pattern, p, text[t]) : npos;
    if (next != npos) {
      p = next;
      ++t;
    } else if (star != npos) {
      p = star;
      t = ++star_end;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == npos;
}

std::string literal_prefix(std::string_view pattern) {
  std::string result;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    switch (pattern[i]) {
      case '*':
      case '?':
      case '[':
        return result;
      case '\\':
        if (i + 1 < pattern.size())
          ++i;
        break;
    }
    result += pattern[i];
  }
  return result;
}

} // namespace raft::redis
