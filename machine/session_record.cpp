// All numbers are big-endian, without padding:
//
//   session   version (1), last used (8), its time (8), low-water mark (8),
//             replies (4: count, then for each: sequence (8), length (4),
//             bytes), commands without a reply (4: count, then 8 each)
//   clock     version (1), time (8)

#include <raft/machine/session_record.hpp>

#include <concepts>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace raft::machine {

namespace {

constexpr std::uint8_t version = 1;

template <std::unsigned_integral T>
void append(std::string& out, T x) {
  for (auto shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((std::uint64_t{x} >> shift) & 0xff));
}

void append_size(std::string& out, std::size_t x) {
  if (x > std::numeric_limits<std::uint32_t>::max())
    throw std::length_error{"a field of a session is longer than 4 GiB"};
  append(out, static_cast<std::uint32_t>(x));
}

/// Each `take` returns whether it found a value.
class reader {
public:
  explicit reader(std::string_view in) : in_{in} {
    // nop
  }

  bool at_end() const noexcept {
    return in_.empty();
  }

  template <std::unsigned_integral T>
  bool take(T& x) {
    if (in_.size() < sizeof(T))
      return false;
    std::uint64_t result = 0;
    for (auto byte : in_.substr(0, sizeof(T)))
      result = (result << 8) | static_cast<unsigned char>(byte);
    x = static_cast<T>(result);
    in_.remove_prefix(sizeof(T));
    return true;
  }

  bool take(bytes& x) {
    std::uint32_t size = 0;
    if (!take(size) || size > in_.size())
      return false;
    x = bytes{in_.substr(0, size)};
    in_.remove_prefix(size);
    return true;
  }

  bool take_version() {
    std::uint8_t found = 0;
    return take(found) && found == version;
  }

private:
  std::string_view in_;
};

bool take_replies(reader& in, session_state& x) {
  std::uint32_t count = 0;
  if (!in.take(count))
    return false;
  for (; count > 0; --count) {
    std::pair<std::uint64_t, bytes> next;
    if (!in.take(next.first) || !in.take(next.second)
        || !x.replies.insert(std::move(next)).second)
      return false;
  }
  return true;
}

bool take_without_reply(reader& in, session_state& x) {
  std::uint32_t count = 0;
  if (!in.take(count))
    return false;
  for (; count > 0; --count) {
    std::uint64_t next = 0;
    if (!in.take(next) || !x.without_reply.insert(next).second)
      return false;
  }
  return true;
}

} // namespace

bytes encode(const session_state& x) {
  std::string out;
  append(out, version);
  append(out, x.last_used.value);
  append(out, x.last_used_ms);
  append(out, x.low_water);
  append_size(out, x.replies.size());
  for (const auto& [sequence, reply] : x.replies) {
    append(out, sequence);
    append_size(out, reply.size());
    out += reply.view();
  }
  append_size(out, x.without_reply.size());
  for (auto sequence : x.without_reply)
    append(out, sequence);
  return bytes{std::move(out)};
}

std::size_t encoded_size(const session_state& x, std::size_t reply_bytes) {
  constexpr std::size_t number = sizeof(std::uint64_t);
  constexpr std::size_t size = sizeof(std::uint32_t);
  return sizeof version + 3 * number + size + x.replies.size() * (number + size)
       + reply_bytes + size + x.without_reply.size() * number;
}

std::optional<session_state> decode_session(const bytes& x) {
  reader in{x.view()};
  session_state result;
  if (in.take_version() && in.take(result.last_used.value)
      && in.take(result.last_used_ms) && in.take(result.low_water)
      && take_replies(in, result) && take_without_reply(in, result)
      && in.at_end())
    return result;
  return std::nullopt;
}

bytes encode_clock(std::uint64_t now_ms) {
  std::string out;
  append(out, version);
  append(out, now_ms);
  return bytes{std::move(out)};
}

std::optional<std::uint64_t> decode_clock(const bytes& x) {
  reader in{x.view()};
  std::uint64_t result = 0;
  if (in.take_version() && in.take(result) && in.at_end())
    return result;
  return std::nullopt;
}

} // namespace raft::machine
