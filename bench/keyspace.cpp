#include <raft/bench/keyspace.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <random>

namespace raft::bench {

namespace {

// A value ends with bytes from one of so many places, so that neighbors differ.
constexpr std::size_t places = 4096;

} // namespace

std::string key_name(std::uint32_t key) {
  return fmt::format("key:{:012}", key);
}

keyspace::keyspace(std::uint32_t keys, std::size_t value_bytes)
  : acknowledged_(keys, 0), value_(value_bytes, ' ') {
  assert(keys > 0 && keys <= max_keys && value_bytes >= min_value_bytes);
  std::mt19937 random{1};
  filler_.resize(places + value_bytes - min_value_bytes);
  std::generate(filler_.begin(), filler_.end(),
                [&] { return static_cast<char>('!' + random() % 94); });
}

bool keyspace::holds(std::uint32_t key, std::optional<std::string_view> found) {
  auto number = acknowledged_[key];
  return number == 0 ? !found : found == value_of(key, number);
}

std::string_view keyspace::value_of(std::uint32_t key, std::uint32_t number) {
  assert(number < 1'000'000'000);
  fmt::format_to(value_.begin(), "{:07}{:09}", key, number);
  auto from = filler_.begin() + (key + number) % places;
  std::copy_n(from, value_.size() - min_value_bytes,
              value_.begin() + min_value_bytes);
  return value_;
}

} // namespace raft::bench
