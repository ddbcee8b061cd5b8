// Patterns as in MATCH and CONFIG GET.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace raft::redis {

/// Longest pattern that clients may send, in bytes. Keys are no longer.
inline constexpr std::size_t pattern_bytes_max = 512;

/// A pattern, ready to be compared with many texts. `*` stands for any bytes,
/// `?` for any byte, `[a-c]` and `[^a-c]` for one of these or any other, and
/// `\` takes the next byte as it is.
///
/// All ways in which a text may fit are followed at once, one bit each (Baeza-
/// Yates and Gonnet, "A new approach to text searching", 1992); so there is no
/// pattern that takes a second look at any byte.
class glob {
public:
  explicit glob(std::string_view pattern);

  /// Whether a text matches the pattern as a whole. Takes `steps()` for each
  /// byte, at most.
  bool matches(std::string_view text);

  /// What a byte of text costs, in operations on 64 bits.
  std::size_t steps() const noexcept {
    return state_.size();
  }

private:
  using words = std::vector<std::uint64_t>;

  // Bit i of the state: the text so far fits to the first i bytes that the
  // pattern asks for. What byte i may be is in the masks: one for each byte,
  // one after the other, and one for places that take any. Before byte i there
  // may be a star.
  std::size_t asked_ = 0;
  words masks_;
  words any_;
  words stars_;
  words state_;
};

/// Whether a text matches a pattern as a whole.
bool matches(std::string_view pattern, std::string_view text);

/// What all texts that match begin with.
std::string literal_prefix(std::string_view pattern);

} // namespace raft::redis
