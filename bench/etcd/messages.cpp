#include <raft/bench/etcd/messages.hpp>

#include <cstdint>
#include <stdexcept>

namespace raft::bench::etcd {

namespace {

constexpr std::size_t frame_header = 5; // no compression, and the length

// Kinds of fields in protocol buffers.
constexpr unsigned number_field = 0, long_field = 1, bytes_field = 2,
                   short_field = 5;

void append_number(std::string& to, std::uint64_t x) {
  for (; x >= 0x80; x >>= 7)
    to += static_cast<char>(x | 0x80);
  to += static_cast<char>(x);
}

void append_bytes(std::string& to, unsigned field, std::string_view x) {
  append_number(to, field << 3 | bytes_field);
  append_number(to, x.size());
  to += x;
}

/// Fills in the length.
std::string framed(std::string x) {
  auto size = x.size() - frame_header;
  for (std::size_t i = 0; i < 4; ++i)
    x[frame_header - 1 - i] = static_cast<char>(size >> (8 * i));
  return x;
}

[[noreturn]] void fail() {
  throw std::runtime_error{"etcd has sent an answer that is none"};
}

/// Reads fields one after the other.
class fields {
public:
  explicit fields(std::string_view x) : rest_{x} {
    // nop
  }

  /// The next field that has this number and contains bytes.
  std::optional<std::string_view> next(unsigned number) {
    while (!rest_.empty()) {
      auto tag = take_number();
      auto content = take(tag & 7);
      if (tag >> 3 == number && (tag & 7) == bytes_field)
        return content;
    }
    return std::nullopt;
  }

private:
  std::uint64_t take_number() {
    std::uint64_t result = 0;
    for (auto shift = 0; shift < 64; shift += 7) {
      auto byte = static_cast<unsigned char>(take_bytes(1)[0]);
      result |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80)
        return result;
    }
    fail();
  }

  std::string_view take(unsigned kind) {
    switch (kind) {
      case number_field:
        take_number();
        return {};
      case long_field:
        return take_bytes(8);
      case bytes_field:
        return take_bytes(take_number());
      case short_field:
        return take_bytes(4);
      default:
        fail();
    }
  }

  std::string_view take_bytes(std::uint64_t count) {
    if (count > rest_.size())
      fail();
    auto result = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return result;
  }

  std::string_view rest_;
};

} // namespace

std::string put_request(std::string_view key, std::string_view value) {
  std::string result(frame_header, '\0');
  append_bytes(result, 1, key);
  append_bytes(result, 2, value);
  return framed(std::move(result));
}

std::string range_request(std::string_view key) {
  std::string result(frame_header, '\0');
  append_bytes(result, 1, key);
  return framed(std::move(result));
}

std::optional<std::string_view> value_in(std::string_view frame) {
  if (frame.size() < frame_header || frame[0] != 0)
    fail();
  constexpr unsigned pairs = 2, value = 5;
  auto pair = fields{frame.substr(frame_header)}.next(pairs);
  if (!pair)
    return std::nullopt;
  return fields{*pair}.next(value).value_or(std::string_view{});
}

} // namespace raft::bench::etcd
