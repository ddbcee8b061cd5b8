// What a log is made of.

#pragma once

#include <raft/messages/bytes.hpp>
#include <raft/messages/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace raft {

/// What an entry asks the appliers to do.
enum class entry_kind : std::uint8_t {
  /// Nothing. A leader begins its term with one (paper, section 8). If its log
  /// holds no cluster id, `data` is one.
  empty = 0,
  /// Give `data` to the state machine.
  command = 1,
  /// Open the client session whose id is this entry's index.
  open_session = 2,
  /// Change the members of the group; `data` holds the new configuration. It
  /// has its number on the wire and on disk, but no leader makes one yet.
  configuration = 3,
};

/// Tells who asked for a command, so that a retry takes effect once
/// (thesis, section 6.3).
struct command_tag {
  /// The session, or 0 for none; then the other fields mean nothing.
  session_id session;
  /// The client's number for this command, from 1, never used twice.
  std::uint64_t sequence = 0;
  /// The client has the answer to every command below this number, so their
  /// kept replies may be forgotten.
  std::uint64_t lowest_unanswered = 0;

  friend bool operator==(const command_tag&, const command_tag&) = default;
};

/// One entry of the log.
struct entry {
  term_number term;
  log_index index;
  entry_kind kind = entry_kind::empty;
  /// Roughly the wall clock when it was appended, in milliseconds since 1970;
  /// never below that of the entry before it, and never far ahead of the time
  /// that has passed since then (consensus/entry_clock.hpp). Sessions expire by
  /// it.
  std::uint64_t time_ms = 0;
  command_tag tag;
  bytes data;

  friend bool operator==(const entry&, const entry&) = default;
};

/// Whether it may be refused for lack of space. A store keeps a reserve for all
/// others, so that terms and votes go on, and a leader begins its term, on a
/// full disk.
inline bool needs_space(const entry& x) {
  return x.kind != entry_kind::empty;
}

/// The entry's `data` for a cluster id: 8 bytes, big-endian.
inline bytes to_bytes(cluster_id x) {
  std::string result;
  for (auto shift = 56; shift >= 0; shift -= 8)
    result.push_back(static_cast<char>((x.value >> shift) & 0xff));
  return bytes{std::move(result)};
}

/// The cluster id that an entry proposes; 0 if it does not.
inline cluster_id cluster_in(const entry& x) {
  cluster_id result;
  if (x.kind == entry_kind::empty && x.data.size() == 8)
    for (const auto c : x.data.view())
      result.value = (result.value << 8) | static_cast<unsigned char>(c);
  return result;
}

/// A place in the log with the term that makes it unambiguous: logs that agree
/// on both agree on everything before it (paper, section 5.3).
struct log_position {
  log_index index;
  term_number term;

  friend bool operator==(const log_position&, const log_position&) = default;
};

/// "index@term", the way all texts of this project name an entry.
inline std::string to_text(const log_position& x) {
  return to_text(x.index) + '@' + to_text(x.term);
}

/// What an entry costs in memory and on the wire, in bytes; all bounds in bytes
/// use it.
inline std::size_t cost(const entry& x) noexcept {
  constexpr std::size_t overhead = 64;
  return overhead + x.data.size();
}

} // namespace raft
