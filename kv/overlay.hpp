// Changes that are not on the disk yet, in memory.
//
//   places    hash table, open addressing: which change is a key's
//   changes   in the order in which the keys came
//   runs      of changes, each in the keys' own order: merged by who asks for
//   it
//
// Commands ask for single keys, and so often that an ordered tree, with a cache
// miss at each of its levels, was the largest part of what a peer computes.
// Scans and checkpoints need the order, and need it seldom; but commands that
// come meanwhile must not wait until all is sorted, so that is done a little at
// a time.

#pragma once

#include <raft/kv/map.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace raft::kv {

/// What became of a key since some moment.
struct change {
  std::string key;
  /// The new value; nothing: the key was erased.
  std::optional<std::string> value;
  /// Whether the key was there at that moment; nothing: nobody has looked.
  std::optional<bool> was_there;
};

/// What became of keys since some moment: a new value, or nothing, for a key
/// that was erased. A pure object. Once nobody changes it any more, any number
/// of threads may read it.
class overlay {
public:
  /// Nothing: the key was erased.
  using slot = std::optional<std::string>;

  /// Goes through the changes in the order of the keys' unsigned bytes.
  class iterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = change;
    using difference_type = std::ptrdiff_t;
    using pointer = const change*;
    using reference = const change&;

    iterator() = default;

    reference operator*() const {
      return *next_;
    }

    pointer operator->() const {
      return next_;
    }

    iterator& operator++();

    iterator operator++(int) {
      auto result = *this;
      ++*this;
      return result;
    }

    friend bool operator==(const iterator& x, const iterator& y) noexcept {
      return x.next_ == y.next_;
    }

  private:
    friend class overlay;

    /// The rest of a run; there is one.
    struct rest {
      const change* const* first;
      const change* const* last;
    };

    void add(rest x);

    /// A heap; the one whose first key is the lowest comes first.
    std::vector<rest> rests_;
    const change* next_ = nullptr;
  };

  /// @returns null if nothing happened to the key.
  const slot* find(std::string_view key) const;

  /// Brings into the processor's caches what a look at each of these keys
  /// reads first.
  void prefetch(std::span<const std::string_view> keys) const noexcept;

  /// @param was_there Whether the key was there at the moment from which on
  ///        changes are kept, if that is known; of no interest if there is a
  ///        change of it already.
  void put(std::string_view key, std::string value,
           std::optional<bool> was_there = std::nullopt);

  /// @pre `find(key)` holds a value.
  /// @returns the new length.
  std::size_t append(std::string_view key, std::string_view what);

  /// Notes that a key is gone, whether or not it was ever there.
  /// @param was_there As for `put`.
  void erase(std::string_view key,
             std::optional<bool> was_there = std::nullopt);

  bool empty() const noexcept {
    return changes_.empty();
  }

  /// How many keys something happened to.
  std::size_t size() const noexcept {
    return changes_.size();
  }

  /// About how much memory it takes, in bytes.
  std::size_t bytes() const noexcept {
    return bytes_;
  }

  /// How many bytes there are in keys and values.
  std::size_t content_bytes() const noexcept;

  /// Keys of which nobody knows whether they were there, in no order of theirs.
  std::vector<std::string_view> unknown() const;

  /// How many these are.
  std::size_t unknown_count() const noexcept {
    return unknown_.size();
  }

  bool knows_all() const noexcept {
    return unknown_.empty();
  }

  /// Tells whether they were.
  /// @pre One answer for each key of `unknown()`, in the same order; nothing
  ///      was changed since.
  void know(const std::vector<bool>& there);

  /// How many keys there are with these changes.
  /// @param before How many there were.
  /// @pre `knows_all()`.
  std::uint64_t count_over(std::uint64_t before) const noexcept {
    assert(knows_all());
    return before + values_ - replaced_;
  }

  /// The same for one that does not know all.
  /// @param was_there Tells of a key whether it was there.
  template <class Look>
  std::uint64_t count_over(std::uint64_t before, Look was_there) const {
    auto result = before + values_ - replaced_;
    for (auto i : unknown_)
      result -= was_there(std::string_view{changes_[i].key});
    return result;
  }

  /// The first change of a key that is not below `key`.
  iterator from(std::string_view key) const;

  iterator begin() const;

  iterator end() const;

private:
  /// A place in the hash table.
  struct place {
    std::uint32_t hash = 0;
    /// Which change it is, from 1; 0 for none.
    std::uint32_t number = 0;
  };

  using run = std::vector<const change*>;

  /// The changes by key. Copies do not take it along.
  struct key_order {
    key_order() = default;
    key_order(const key_order&);
    key_order& operator=(const key_order&);

    /// Against others who look at the same overlay.
    std::mutex mutex;
    std::vector<run> runs;
    /// How many changes are in them, the first ones that came.
    std::size_t count = 0;
  };

  /// Where it is in the table; an empty place if there is no change of it.
  /// @pre The table is not empty.
  std::size_t place_of(std::string_view key, std::uint32_t hash) const;

  /// Adds a change to nothing if there is none of the key.
  change& change_of(std::string_view key, std::optional<bool> was_there);

  void make_room();

  void assign(change& x, slot value);

  /// Those that come are sorted when there are so many.
  static constexpr std::size_t run_length = 2048;

  /// Sorts those that have come since the last time.
  const std::vector<run>& in_order() const;

  /// A power of two, at least a quarter of them empty.
  std::vector<place> places_;
  std::deque<change> changes_;
  /// Those whose `was_there` is not known, from 0.
  std::vector<std::uint32_t> unknown_;
  /// How many have a value, and how many of the keys were there.
  std::uint64_t values_ = 0;
  std::uint64_t replaced_ = 0;
  std::size_t bytes_ = 0;
  mutable key_order order_;
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
