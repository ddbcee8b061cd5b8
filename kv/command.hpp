// The commands of the key-value state machine, their replies and their bytes.

#pragma once

#include <raft/messages/bytes.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace raft::kv {

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

/// Reads keys with a prefix, in the order of their bytes.
struct scan {
  std::string prefix;
  /// Only keys above this one; empty for all.
  std::string after;
  /// At most so many pairs.
  std::uint64_t limit = 0;
};

/// Counts the keys.
struct count {};

using command
  = std::variant<put, get, append, erase, compare_and_set, scan, count>;

enum class status : std::uint8_t {
  ok = 0,
  /// `compare_and_set`: the value differs; the reply holds the one found.
  mismatch = 1,
  /// The bytes are no command of this version; nothing happened.
  malformed = 2,
};

struct reply {
  status result = status::ok;
  /// `append`: length; `erase`, `count`: number of keys.
  std::uint64_t count = 0;
  /// `get`: one per key, in order; `compare_and_set`: the one found.
  std::vector<std::optional<std::string>> values;
  /// `scan`.
  std::vector<std::pair<std::string, std::string>> pairs;
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
std::optional<reply> decode_reply(const bytes& x);

/// The request and answer of a digest query.
bytes digest_request();
bytes encode(const digest& x);
std::optional<digest> decode_digest(const bytes& x);

} // namespace raft::kv
