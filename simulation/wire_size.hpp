// How many bytes a message between peers has on the wire.

#pragma once

#include <raft/messages/bytes.hpp>
#include <raft/messages/fields.hpp>
#include <raft/messages/ids.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace raft::simulation {

/// The bytes of a length in front of a list or a text: seven bits each.
inline std::size_t length_size(std::size_t length) {
  std::size_t result = 1;
  for (; length >= 0x80; length >>= 7)
    ++result;
  return result;
}

inline std::size_t wire_size(const bytes& x) {
  return length_size(x.size()) + x.size();
}

template <class Tag>
std::size_t wire_size(const strong_number<Tag>&) {
  return sizeof(std::uint64_t);
}

/// The bytes that CAF writes for a plain struct of ours: all its fields, one
/// after the other (docs/wire.md). What CAF puts in front, addresses and the
/// type, is not counted.
template <class T>
std::size_t wire_size(const T& x) {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    return sizeof(T);
  } else if constexpr (requires { x.begin(); }) {
    auto result = length_size(x.size());
    for (const auto& element : x)
      result += wire_size(element);
    return result;
  } else {
    return std::apply(
      [](const auto&... fields) { return (wire_size(fields) + ...); },
      tie_fields(x));
  }
}

} // namespace raft::simulation
