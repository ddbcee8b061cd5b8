#include <raft/redis/glob.hpp>

#include <algorithm>
#include <bitset>
#include <utility>

namespace raft::redis {

namespace {

constexpr std::size_t word_bits = 64;

/// The bytes that a place in a pattern accepts.
using byte_set = std::bitset<256>;

std::size_t number_of(char c) {
  return static_cast<unsigned char>(c);
}

/// Takes a class apart, `i` being behind its `[`, and goes behind it.
byte_set take_class(std::string_view pattern, std::size_t& i) {
  byte_set found;
  auto negated = i < pattern.size() && pattern[i] == '^';
  if (negated)
    ++i;
  // A class that is not closed ends with the pattern.
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      found.set(number_of(pattern[i + 1]));
      i += 2;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      auto low = number_of(pattern[i]);
      auto high = number_of(pattern[i + 2]);
      if (low > high)
        std::swap(low, high);
      for (auto c = low; c <= high; ++c)
        found.set(c);
      i += 3;
    } else {
      found.set(number_of(pattern[i]));
      ++i;
    }
  }
  i = std::min(i + 1, pattern.size());
  return negated ? ~found : found;
}

/// Takes what is at `i`, which is no `*`, and goes behind it.
byte_set take_one(std::string_view pattern, std::size_t& i) {
  auto c = pattern[i++];
  if (c == '?')
    return ~byte_set{};
  if (c == '[')
    return take_class(pattern, i);
  if (c == '\\' && i < pattern.size())
    c = pattern[i++];
  byte_set result;
  result.set(number_of(c));
  return result;
}

void set_bit(std::uint64_t* words, std::size_t i) {
  words[i / word_bits] |= std::uint64_t{1} << i % word_bits;
}

bool has_bit(const std::uint64_t* words, std::size_t i) {
  return (words[i / word_bits] >> i % word_bits & 1) != 0;
}

} // namespace

glob::glob(std::string_view pattern)
  : any_(pattern.size() / word_bits + 1),
    stars_(any_.size()),
    state_(any_.size()) {
  const byte_set any{byte_set{}.set()};
  masks_.resize(any.size() * steps());
  for (std::size_t i = 0; i < pattern.size();) {
    if (pattern[i] == '*') {
      set_bit(stars_.data(), asked_);
      ++i;
      continue;
    }
    auto accepted = take_one(pattern, i);
    if (accepted == any)
      set_bit(any_.data(), asked_);
    else
      for (std::size_t c = 0; c < accepted.size(); ++c)
        if (accepted[c])
          set_bit(masks_.data() + c * steps(), asked_);
    ++asked_;
  }
}

bool glob::matches(std::string_view text) {
  auto ends_with_star = has_bit(stars_.data(), asked_);
  std::fill(state_.begin(), state_.end(), 0);
  state_[0] = 1;
  for (auto c : text) {
    if (ends_with_star && has_bit(state_.data(), asked_))
      return true;
    const auto* mask = masks_.data() + number_of(c) * steps();
    auto fits = [&](std::size_t i) { return state_[i] & (mask[i] | any_[i]); };
    std::uint64_t alive = 0;
    // From the last word on, because each looks at the one before it.
    for (auto i = state_.size(); i-- > 0;) {
      auto next = fits(i) << 1 | (state_[i] & stars_[i]);
      if (i > 0)
        next |= fits(i - 1) >> (word_bits - 1);
      state_[i] = next;
      alive |= next;
    }
    if (alive == 0)
      return false;
  }
  return has_bit(state_.data(), asked_);
}

bool matches(std::string_view pattern, std::string_view text) {
  return glob{pattern}.matches(text);
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
