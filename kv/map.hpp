// What commands run on: an ordered map from byte strings to byte strings.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace raft::kv {

/// Called with the pairs of a map in the order of the keys' unsigned bytes; the
/// views are valid during the call. Returns whether it wants more.
using visitor
  = std::function<bool(std::string_view key, std::string_view value)>;

/// An ordered map. Where its data lives is its own affair; everything that
/// commands mean is in kv/interpreter.hpp, once.
///
/// Not thread safe. Where the data comes from a disk, all members throw
/// `persistence::store_error` if it is damaged or cannot be read.
class map {
public:
  virtual ~map();

  /// @returns the value, valid until the next call of any member.
  virtual std::optional<std::string_view> find(std::string_view key) const = 0;

  /// @returns a copy of the value.
  virtual std::optional<std::string> read(std::string_view key) const;

  /// Commands on these keys come next: what takes time to reach in memory may
  /// be brought near. Changes nothing.
  virtual void prefetch(std::span<const std::string_view> keys) const;

  virtual bool contains(std::string_view key) const = 0;

  /// Adds or replaces a pair.
  virtual void put(std::string_view key, std::string value) = 0;

  /// Makes a value longer; a missing key counts as empty.
  /// @returns the new length.
  virtual std::size_t append(std::string_view key, std::string_view what) = 0;

  /// @returns whether the key was there.
  virtual bool erase(std::string_view key) = 0;

  /// How many keys there are.
  virtual std::uint64_t count() const = 0;

  /// Visits all pairs whose key is not below `first`.
  virtual void visit(std::string_view first, const visitor& f) const = 0;
};

} // namespace raft::kv
