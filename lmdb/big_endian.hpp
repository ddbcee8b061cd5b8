// Fixed-width numbers, most significant byte first.

#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace raft::lmdb {

template <std::unsigned_integral T>
void append_big_endian(std::string& out, T x) {
  for (auto shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((x >> shift) & 0xff));
}

/// Reads the first bytes of `in`; if there are too few, it is another number
/// that comes out.
template <std::unsigned_integral T>
T from_big_endian(std::string_view in) {
  T result = 0;
  for (auto byte : in.substr(0, sizeof(T)))
    result = static_cast<T>((std::uint64_t{result} << 8)
                            | static_cast<unsigned char>(byte));
  return result;
}

} // namespace raft::lmdb
