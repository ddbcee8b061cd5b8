// Keys and values of a load, and what must be found there.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace raft::bench {

/// As redis-benchmark names its keys: 16 bytes.
std::string key_name(std::uint32_t key);

/// Keys from 0, with values of one size. A value says which write of which key
/// it is, so a read can be held against the last write that was acknowledged.
/// At most one command for a key may be under way.
class keyspace {
public:
  /// What tells a value from all others takes so many bytes.
  static constexpr std::size_t min_value_bytes = 16;

  /// Keys beyond have no place in such a value.
  static constexpr std::uint32_t max_keys = 10'000'000;

  /// @pre `0 < keys <= max_keys` and `value_bytes >= min_value_bytes`.
  keyspace(std::uint32_t keys, std::size_t value_bytes);

  std::uint32_t size() const {
    return static_cast<std::uint32_t>(acknowledged_.size());
  }

  std::size_t value_bytes() const {
    return value_.size();
  }

  /// The value for the next write of a key; valid until the next call on this
  /// object.
  std::string_view next_value(std::uint32_t key) {
    return value_of(key, acknowledged_[key] + 1);
  }

  /// The write with `next_value` has been acknowledged.
  void acknowledge(std::uint32_t key) {
    ++acknowledged_[key];
  }

  /// Whether this is what the last acknowledged write of a key has left: none
  /// if there was no write.
  bool holds(std::uint32_t key, std::optional<std::string_view> found);

private:
  std::string_view value_of(std::uint32_t key, std::uint32_t number);

  std::vector<std::uint32_t> acknowledged_; // how many writes, by key
  std::string filler_;
  std::string value_;
};

} // namespace raft::bench
