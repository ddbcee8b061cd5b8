// Members as the bytes of an entry, of a store and of a snapshot.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/messages/membership.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace raft {

/// Writes numbers big-endian, and lists and texts with their length before
/// them.
class membership_writer {
public:
  template <std::unsigned_integral T>
  void add(T x) {
    for (auto shift = 8 * static_cast<int>(sizeof(T)) - 8; shift >= 0;
         shift -= 8)
      out_.push_back(static_cast<char>(x >> shift & 0xff));
  }

  void add(const std::vector<peer_id>& xs) {
    add(static_cast<std::uint32_t>(xs.size()));
    for (const auto x : xs)
      add(x.value);
  }

  void add(std::string_view x) {
    add(static_cast<std::uint32_t>(x.size()));
    out_ += x;
  }

  std::string take() {
    return std::move(out_);
  }

private:
  std::string out_;
};

/// The other way round. Once something is missing, all that follows is 0 or
/// empty.
class membership_reader {
public:
  explicit membership_reader(std::string_view in) : in_{in} {
    // nop
  }

  template <std::unsigned_integral T>
  T number() {
    T result = 0;
    for (const auto c : part(sizeof(T)))
      result = static_cast<T>(static_cast<std::uint64_t>(result) << 8
                              | static_cast<unsigned char>(c));
    return result;
  }

  std::vector<peer_id> peers() {
    std::vector<peer_id> result;
    for (auto n = number<std::uint32_t>(); n > 0 && complete_; --n)
      result.push_back({number<std::uint64_t>()});
    return result;
  }

  std::string text() {
    const auto size = number<std::uint32_t>();
    return std::string{part(size)};
  }

  bool is_complete() const noexcept {
    return complete_;
  }

  bool all_taken() const noexcept {
    return complete_ && in_.empty();
  }

private:
  std::string_view part(std::size_t size) {
    complete_ = complete_ && size <= in_.size();
    if (!complete_)
      return {};
    const auto result = in_.substr(0, size);
    in_.remove_prefix(size);
    return result;
  }

  std::string_view in_;
  bool complete_ = true;
};

/// The data of an entry that makes these the members. The index is not in it:
/// it is that of the entry.
inline bytes to_bytes(const membership& x) {
  membership_writer out;
  out.add(std::uint8_t{1}); // the form of what follows
  out.add(x.voters);
  out.add(x.learners);
  out.add(x.outgoing);
  out.add(static_cast<std::uint32_t>(x.details.size()));
  for (const auto& y : x.details) {
    out.add(y.peer.value);
    out.add(y.incarnation.value);
    out.add(std::string_view{y.address});
    out.add(static_cast<std::uint8_t>(y.joins));
    out.add(y.replaces.value);
  }
  // Who speaks only older versions does not know it, and never gets it.
  if (x.level)
    out.add(x.level);
  return bytes{out.take()};
}

/// @returns nothing if these are no such bytes.
inline std::optional<membership> membership_from(std::string_view data) {
  membership_reader in{data};
  if (in.number<std::uint8_t>() != 1)
    return std::nullopt;
  membership result;
  result.voters = in.peers();
  result.learners = in.peers();
  result.outgoing = in.peers();
  for (auto n = in.number<std::uint32_t>(); n > 0 && in.is_complete(); --n) {
    auto& y = result.details.emplace_back();
    y.peer = {in.number<std::uint64_t>()};
    y.incarnation = {in.number<std::uint64_t>()};
    y.address = in.text();
    y.joins = in.number<std::uint8_t>() != 0;
    y.replaces = {in.number<std::uint64_t>()};
  }
  if (!in.all_taken())
    result.level = in.number<std::uint32_t>();
  if (!in.all_taken())
    return std::nullopt;
  return result;
}

/// The members that an entry makes; nothing if it makes none.
inline std::optional<membership> membership_in(const entry& x) {
  if (x.kind != entry_kind::configuration)
    return std::nullopt;
  auto result = membership_from(x.data.view());
  if (result)
    result->index = x.index;
  return result;
}

} // namespace raft
