// Changes that are not on the disk yet, in order and in memory.

#pragma once

#include <raft/kv/map.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace raft::kv {

/// What became of keys since some moment: a new value, or nothing, for a key
/// that was erased. A pure object. Once nobody changes it any more, any number
/// of threads may read it.
class overlay {
public:
  /// Nothing: the key was erased.
  using slot = std::optional<std::string>;
  using iterator = std::map<std::string, slot, std::less<>>::const_iterator;

  /// @returns null if nothing happened to the key.
  const slot* find(std::string_view key) const;

  void put(std::string key, std::string value);

  /// @pre `find(key)` holds a value.
  /// @returns the new length.
  std::size_t append(std::string_view key, std::string_view what);

  /// Notes that a key is gone, whether or not it was ever there.
  void erase(std::string_view key);

  bool empty() const noexcept {
    return slots_.empty();
  }

  /// How many keys something happened to.
  std::size_t size() const noexcept {
    return slots_.size();
  }

  /// About how much memory it takes, in bytes.
  std::size_t bytes() const noexcept {
    return bytes_;
  }

  /// How many bytes there are in keys and values.
  std::size_t content_bytes() const noexcept;

  /// The first key that is not below `key`.
  iterator from(std::string_view key) const {
    return slots_.lower_bound(key);
  }

  iterator begin() const noexcept {
    return slots_.begin();
  }

  iterator end() const noexcept {
    return slots_.end();
  }

private:
  slot& slot_of(std::string key);

  std::map<std::string, slot, std::less<>> slots_;
  std::size_t bytes_ = 0;
};

/// Goes through two overlays at once; where both know a key, the newer counts.
class overlay_cursor {
public:
  /// Begins at the first key that is not below `first`. Both overlays must stay
  /// as they are.
  overlay_cursor(const overlay& newer, const overlay& older,
                 std::string_view first);

  bool at_end() const noexcept {
    return newer_ == newer_end_ && older_ == older_end_;
  }

  /// @pre `!at_end()`.
  std::string_view key() const;

  /// @pre `!at_end()`.
  const overlay::slot& value() const;

  /// @pre `!at_end()`.
  void next();

private:
  /// Negative if the newer one comes first, 0 if both stand at the same key.
  int order() const;

  overlay::iterator newer_;
  overlay::iterator newer_end_;
  overlay::iterator older_;
  overlay::iterator older_end_;
};

/// Visits pairs with the changes of two overlays laid over them.
/// @param below Visits the pairs that the changes were made to, from the same
///        key on.
void visit_merged(overlay_cursor changes,
                  const std::function<void(const visitor&)>& below,
                  const visitor& f);

} // namespace raft::kv
