// The commands of the key-value state machine, their replies and their bytes.

#pragma once

#include <raft/messages/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace raft::kv {

// The bounds are part of the replicated state machine: peers that differ in
// them would answer differently.

/// Longest key, in bytes. LMDB takes 511, one of which is ours.
inline constexpr std::size_t key_bytes_max = 510;

/// Longest value, in bytes. No command makes a longer one.
inline constexpr std::size_t value_bytes_max = 8 << 20;

/// Most keys or pairs in one command.
inline constexpr std::size_t keys_max = 1 << 20;

/// Most bytes of keys and values that a `scan` returns, except that it returns
/// at least one pair.
inline constexpr std::size_t scan_bytes_max = 1 << 20;

/// Most bytes of values that a `get` returns.
inline constexpr std::size_t get_bytes_max = 32 << 20;

/// A batch ends after the command whose reply brings all replies to so many
/// bytes.
inline constexpr std::size_t batch_reply_bytes_max = 4 << 20;

/// Sets a key.
struct put {
  std::string key;
  std::string value;
};

/// Reads keys, linearizably: it goes through the log like a write.
struct get {
  std::vector<std::string> keys;
};

/// Appends to a key's value; a missing key counts as empty. The reply's count
/// is the new length in bytes.
struct append {
  std::string key;
  std::string value;
};

/// Deletes keys. The reply's count says how many there were.
struct erase {
  std::vector<std::string> keys;
};

/// Sets a key if its value is what the client thinks it is.
struct compare_and_set {
  std::string key;
  /// Nothing: the key must not exist.
  std::optional<std::string> expected;
  std::string value;
};

/// Reads keys with a prefix, in the order of their bytes. To read on, scan
/// again after the last key for as long as the reply says that there is more:
/// it may hold fewer pairs than `limit` because of `scan_bytes_max`.
struct scan {
  std::string prefix;
  /// Only keys above this one; nothing for all.
  std::optional<std::string> after;
  /// At most so many pairs.
  std::uint64_t limit = 0;
  /// Leave the values in the reply's pairs empty.
  bool keys_only = false;
};

/// Counts the keys.
struct count {};

/// Counts how many of the keys there are; one that is named twice counts twice.
struct exists {
  std::vector<std::string> keys;
};

/// Sets keys, all in one step, in the order given.
struct put_many {
  std::vector<std::pair<std::string, std::string>> pairs;
};

using command = std::variant<put, get, append, erase, compare_and_set, scan,
                             count, exists, put_many>;

enum class status : std::uint8_t {
  ok = 0,
  /// `compare_and_set`: the value differs; the reply holds the one found.
  mismatch = 1,
  /// The bytes are no command of this version; nothing happened.
  malformed = 2,
  /// A value, or the values of a `get`, would pass their bound; nothing
  /// happened.
  too_large = 3,
  /// A key to be set is longer than `key_bytes_max`; nothing happened. Other
  /// commands take such a key for one that is not there.
  key_too_long = 4,
};

struct reply {
  status result = status::ok;
  /// `append`: length; `erase`, `count`, `exists`: number of keys.
  std::uint64_t count = 0;
  /// `get`: one per key, in order; `compare_and_set`, on a mismatch: the one
  /// found.
  std::vector<std::optional<std::string>> values;
  /// `scan`.
  std::vector<std::pair<std::string, std::string>> pairs;
  /// `scan`: there are keys with the prefix beyond the last pair.
  bool more = false;
};

/// A reply whose strings stay where it was decoded from: they may be large.
struct reply_view {
  status result = status::ok;
  std::uint64_t count = 0;
  std::vector<std::optional<std::string_view>> values;
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  bool more = false;
};

/// What can be asked of one peer's state (`query`): the digest of all of it.
struct digest {
  std::uint64_t keys = 0;
  /// XXH3 over all keys and values in order, from a full scan.
  std::uint64_t hash = 0;
};

bytes encode(const command& x);
bytes encode(const reply& x);

/// @returns nothing if the bytes are not exactly one well-formed value.
std::optional<command> decode_command(const bytes& x);
std::optional<command> decode_command(std::string_view x);
std::optional<reply> decode_reply(const bytes& x);
std::optional<reply_view> view_reply(std::string_view x);

using pair_view = std::pair<std::string_view, std::string_view>;

/// What a `put` and a `put_many` hold, where it is.
/// @returns nothing if the bytes are not exactly one well-formed command of
///          this kind.
std::optional<pair_view> view_put(std::string_view command);
std::optional<std::vector<pair_view>> view_put_many(std::string_view command);

/// Several commands that take effect in one step and in order, each given as
/// its own encoding. Answered by a batch of replies, one per command that was
/// executed: at least one and perhaps not all of them, see
/// `batch_reply_bytes_max`; those after the last reply had no effect.
/// @pre `!commands.empty()`.
bytes encode_batch(const std::vector<bytes>& commands);

/// The replies to a batch. They may be large, and are copied once.
bytes encode_replies(const std::vector<reply>& replies);

/// How many bytes `encode` makes of a reply.
std::size_t encoded_size(const reply& x);

/// The commands, or replies, that a batch holds, each encoded.
/// @returns nothing if the bytes are no batch of at least one element.
std::optional<std::vector<bytes>> decode_batch(const bytes& x);
std::optional<std::vector<std::string_view>> view_batch(std::string_view x);

/// Whether a command, or each command of a batch, changes nothing, whatever the
/// data.
bool only_reads(const bytes& command);

/// The same, or erases keys.
bool only_reads_or_erases(const bytes& command);

/// The request and answer of a digest query.
bytes digest_request();
bytes encode(const digest& x);
std::optional<digest> decode_digest(const bytes& x);

} // namespace raft::kv
