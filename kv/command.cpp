// The bytes of commands and replies. All begin with a version and a kind, then
// come the fields in the order of their declaration:
//
//   number    7 bits per byte, the lowest first, the top bit set in all but the
//             last byte; no longer than needed
//   flag      one byte, 0 or 1
//   string    its length as a number, then its bytes
//   optional  a flag, then the value if there is one
//   list      its length as a number, then its elements
//
// A value has exactly one encoding; everything else is refused.

#include <raft/kv/command.hpp>
#include <raft/messages/fields.hpp>

#include <limits>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace raft::kv {

namespace {

constexpr char version = 1;

// What follows the version. Commands come in the order of their variant.
constexpr char first_command = 1;
constexpr char reply_kind = 0x40;
constexpr char digest_request_kind = 0x41;
constexpr char digest_kind = 0x42;
constexpr char batch_kind = 0x43;

/// Takes bytes, and only counts them.
struct byte_counter {
  std::size_t size = 0;

  byte_counter& operator+=(char) {
    ++size;
    return *this;
  }

  byte_counter& operator+=(std::string_view x) {
    size += x.size();
    return *this;
  }
};

/// Writes to anything that takes bytes by `+=`.
template <class Out>
class field_writer {
public:
  void put_head(char kind) {
    out_ += version;
    out_ += kind;
  }

  void put(std::uint64_t x) {
    for (; x >= 0x80; x >>= 7)
      out_ += static_cast<char>((x & 0x7f) | 0x80);
    out_ += static_cast<char>(x);
  }

  void put(bool x) {
    out_ += static_cast<char>(x);
  }

  void put(status x) {
    put(static_cast<std::uint64_t>(x));
  }

  void put(std::string_view x) {
    put(std::uint64_t{x.size()});
    out_ += x;
  }

  void put(const std::string& x) {
    put(std::string_view{x});
  }

  void put(const bytes& x) {
    put(x.view());
  }

  template <class T>
  void put(const std::optional<T>& x) {
    put(x.has_value());
    if (x)
      put(*x);
  }

  template <class T, class U>
  void put(const std::pair<T, U>& x) {
    put(x.first);
    put(x.second);
  }

  template <class T>
  void put(const std::vector<T>& xs) {
    put(std::uint64_t{xs.size()});
    for (const auto& x : xs)
      put(x);
  }

  template <class T>
  void put_fields(const T& x) {
    if constexpr (!std::is_empty_v<T>)
      std::apply([this](const auto&... fields) { (this->put(fields), ...); },
                 tie_fields(x));
  }

protected:
  Out out_;
};

class size_counter : public field_writer<byte_counter> {
public:
  std::size_t size() const {
    return out_.size;
  }
};

class writer : public field_writer<std::string> {
public:
  explicit writer(char kind) {
    put_head(kind);
  }

  /// Says how many bytes are to come, roughly, so that they need not move.
  void expect(std::size_t size) {
    out_.reserve(out_.size() + size);
  }

  bytes finish() {
    return bytes{std::move(out_)};
  }
};

/// Each `take` returns whether it found a value.
class reader {
public:
  explicit reader(std::string_view in) : in_{in} {
    // nop
  }

  bool at_end() const {
    return in_.empty();
  }

  bool take(char& x) {
    if (in_.empty())
      return false;
    x = in_.front();
    in_.remove_prefix(1);
    return true;
  }

  bool take(std::uint64_t& x) {
    x = 0;
    for (auto shift = 0; shift < 64; shift += 7) {
      char next = 0;
      if (!take(next))
        return false;
      auto group = static_cast<std::uint64_t>(next & 0x7f);
      if (shift == 63 && group > 1)
        return false;
      x |= group << shift;
      if ((next & 0x80) == 0)
        return group != 0 || shift == 0;
    }
    return false;
  }

  bool take(bool& x) {
    char flag = 0;
    if (!take(flag) || (flag != 0 && flag != 1))
      return false;
    x = flag == 1;
    return true;
  }

  bool take(status& x) {
    std::uint64_t number = 0;
    if (!take(number)
        || number > static_cast<std::uint64_t>(status::key_too_long))
      return false;
    x = static_cast<status>(number);
    return true;
  }

  bool take(std::string_view& x) {
    std::uint64_t size = 0;
    if (!take(size) || size > in_.size())
      return false;
    x = in_.substr(0, size);
    in_.remove_prefix(size);
    return true;
  }

  bool take(std::string& x) {
    std::string_view found;
    if (!take(found))
      return false;
    x = found;
    return true;
  }

  bool take(bytes& x) {
    std::string_view found;
    if (!take(found))
      return false;
    x = bytes{found};
    return true;
  }

  template <class T>
  bool take(std::optional<T>& x) {
    auto there = false;
    return take(there) && (!there || take(x.emplace()));
  }

  template <class T, class U>
  bool take(std::pair<T, U>& x) {
    return take(x.first) && take(x.second);
  }

  template <class T>
  bool take(std::vector<T>& xs) {
    std::uint64_t size = 0;
    // Every element takes a byte at least: a length that cannot be true costs
    // no memory.
    if (!take(size) || size > in_.size() || size > keys_max)
      return false;
    xs.reserve(size);
    while (xs.size() < size)
      if (!take(xs.emplace_back()))
        return false;
    return true;
  }

  template <class T>
  bool take_fields(T& x) {
    if constexpr (std::is_empty_v<T>)
      return true;
    else
      return std::apply(
        [this](auto&... fields) { return (this->take(fields) && ...); },
        tie_fields(x));
  }

private:
  std::string_view in_;
};

template <class T>
bytes encode_as(char kind, const T& x) {
  writer out{kind};
  out.put_fields(x);
  return out.finish();
}

/// Takes version and kind.
bool take_head(reader& in, char& kind) {
  char found = 0;
  return in.take(found) && found == version && in.take(kind);
}

template <class T>
std::optional<T> decode_as(char kind, std::string_view x) {
  reader in{x};
  char found = 0;
  T result;
  if (take_head(in, found) && found == kind && in.take_fields(result)
      && in.at_end())
    return result;
  return std::nullopt;
}

/// Where a kind of command stands in the variant.
template <class T, std::size_t I = 0>
constexpr std::size_t position_of() {
  if constexpr (std::is_same_v<std::variant_alternative_t<I, command>, T>)
    return I;
  else
    return position_of<T, I + 1>();
}

/// Takes the only field, or all of them as one, of a command of one kind.
template <class T>
std::optional<T> view_fields(std::size_t position, std::string_view command) {
  reader in{command};
  char kind = 0;
  T result;
  if (take_head(in, kind) && kind == static_cast<char>(first_command + position)
      && in.take(result) && in.at_end())
    return result;
  return std::nullopt;
}

bool is_read(std::string_view command, bool or_erases) {
  reader in{command};
  char kind = 0;
  if (!take_head(in, kind))
    return false;
  switch (static_cast<std::size_t>(kind - first_command)) {
    case position_of<get>():
    case position_of<scan>():
    case position_of<count>():
    case position_of<exists>():
      return true;
    case position_of<erase>():
      return or_erases;
    default:
      return false;
  }
}

/// Of a command, or of each of a batch.
bool are_reads(const bytes& command, bool or_erases) {
  reader in{command.view()};
  char kind = 0;
  if (!take_head(in, kind))
    return false;
  if (kind != batch_kind)
    return is_read(command.view(), or_erases);
  std::uint64_t size = 0;
  if (!in.take(size) || size == 0)
    return false;
  for (std::string_view next; size > 0; --size)
    if (!in.take(next) || !is_read(next, or_erases))
      return false;
  return in.at_end();
}

template <std::size_t I>
bool take_alternative(reader& in, std::size_t which, command& x) {
  if constexpr (I < std::variant_size_v<command>) {
    if (which == I)
      return in.take_fields(x.emplace<I>());
    return take_alternative<I + 1>(in, which, x);
  } else {
    return false;
  }
}

} // namespace

bytes encode(const command& x) {
  auto kind = static_cast<char>(first_command + x.index());
  return std::visit([kind](const auto& y) { return encode_as(kind, y); }, x);
}

bytes encode(const reply& x) {
  auto says_no_more_than_ok = x.result == status::ok && x.count == 0
                           && x.values.empty() && x.pairs.empty() && !x.more;
  if (says_no_more_than_ok) {
    static const auto ok = encode_as(reply_kind, reply{});
    return ok;
  }
  writer out{reply_kind};
  out.expect(encoded_size(x));
  out.put_fields(x);
  return out.finish();
}

std::size_t encoded_size(const reply& x) {
  size_counter out;
  out.put_head(reply_kind);
  out.put_fields(x);
  return out.size();
}

std::optional<command> decode_command(const bytes& x) {
  return decode_command(x.view());
}

std::optional<command> decode_command(std::string_view x) {
  reader in{x};
  char kind = 0;
  if (!take_head(in, kind) || kind < first_command)
    return std::nullopt;
  command result;
  auto which = static_cast<std::size_t>(kind - first_command);
  if (take_alternative<0>(in, which, result) && in.at_end())
    return result;
  return std::nullopt;
}

std::optional<reply_view> view_reply(std::string_view x) {
  return decode_as<reply_view>(reply_kind, x);
}

std::optional<pair_view> view_put(std::string_view command) {
  return view_fields<pair_view>(position_of<put>(), command);
}

std::optional<std::vector<pair_view>> view_put_many(std::string_view command) {
  return view_fields<std::vector<pair_view>>(position_of<put_many>(), command);
}

std::optional<reply> decode_reply(const bytes& x) {
  return decode_as<reply>(reply_kind, x.view());
}

bytes encode_batch(const std::vector<bytes>& commands) {
  writer out{batch_kind};
  std::size_t size = 16;
  for (const auto& x : commands)
    size += 8 + x.size();
  out.expect(size);
  out.put(commands);
  return out.finish();
}

bytes encode_replies(const std::vector<reply>& replies) {
  std::size_t size = 16;
  std::vector<std::uint64_t> sizes;
  sizes.reserve(replies.size());
  for (const auto& x : replies) {
    sizes.push_back(encoded_size(x));
    size += 10 + sizes.back();
  }
  writer out{batch_kind};
  out.expect(size);
  out.put(std::uint64_t{replies.size()});
  for (std::size_t i = 0; i < replies.size(); ++i) {
    out.put(sizes[i]);
    out.put_head(reply_kind);
    out.put_fields(replies[i]);
  }
  return out.finish();
}

std::optional<std::vector<std::string_view>> view_batch(std::string_view x) {
  reader in{x};
  char kind = 0;
  std::vector<std::string_view> result;
  if (take_head(in, kind) && kind == batch_kind && in.take(result)
      && in.at_end() && !result.empty())
    return result;
  return std::nullopt;
}

std::optional<std::vector<bytes>> decode_batch(const bytes& x) {
  auto found = view_batch(x.view());
  if (!found)
    return std::nullopt;
  return std::vector<bytes>{found->begin(), found->end()};
}

bool only_reads(const bytes& command) {
  return are_reads(command, false);
}

bool only_reads_or_erases(const bytes& command) {
  return are_reads(command, true);
}

bytes digest_request() {
  return writer{digest_request_kind}.finish();
}

bytes encode(const digest& x) {
  return encode_as(digest_kind, x);
}

std::optional<digest> decode_digest(const bytes& x) {
  return decode_as<digest>(digest_kind, x.view());
}

} // namespace raft::kv
