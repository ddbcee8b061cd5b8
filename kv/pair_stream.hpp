// The state of the key-value machines as a stream: all pairs, ascending.
//
//   each pair   length of the key (4), key, length of the value (4), value
//   the end     ffffffff (4), number of pairs (8)
//
// Both machines write it and read it, see docs/format.md.

#pragma once

#include <raft/machine/snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace raft::kv {

/// What snapshots of both machines say, see `snapshotting::state_format`.
inline constexpr const char* state_format = "key-value 1";

class pair_writer {
public:
  explicit pair_writer(machine::state_sink& to) : to_{to} {
    // nop
  }

  /// @pre The key is above the one before.
  /// @throws what the sink throws.
  void add(std::string_view key, std::string_view value);

  /// Writes the end.
  void finish();

  /// How many bytes wait to be passed on.
  std::size_t waiting() const noexcept {
    return buffer_.size();
  }

  /// Passes on what waits, and nothing else does: so that it can be done
  /// without a lock.
  void flush();

private:
  machine::state_sink& to_;
  std::string buffer_;
  std::uint64_t count_ = 0;
};

/// What a stream of pairs passes on at a time.
inline constexpr std::size_t stream_piece_bytes = 64 << 10;

/// Writes all pairs.
/// @param visit Goes through them.
template <class Visit>
void write_pairs(machine::state_sink& to, Visit visit) {
  pair_writer out{to};
  visit([&](std::string_view key, std::string_view value) {
    out.add(key, value);
    if (out.waiting() >= stream_piece_bytes)
      out.flush();
    return true;
  });
  out.finish();
}

class pair_reader {
public:
  explicit pair_reader(machine::state_source& from) : from_{from} {
    // nop
  }

  /// @returns whether there was another pair; else the end was read.
  /// @throws machine::bad_state if it is no such stream: also if it ends too
  ///         early, or keys do not ascend, or are too long. What the source
  ///         throws.
  bool next();

  /// @pre `next` has returned true.
  std::string_view key() const noexcept {
    return key_;
  }

  std::string_view value() const noexcept {
    return value_;
  }

  std::uint64_t count() const noexcept {
    return count_;
  }

private:
  template <class T>
  T take_number();

  void take(std::string& to, std::uint32_t size);

  machine::state_source& from_;
  std::string key_;
  std::string next_key_;
  std::string value_;
  std::uint64_t count_ = 0;
};

} // namespace raft::kv
