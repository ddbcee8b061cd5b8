// A peer's log as the core sees it: the tail in memory, the terms of all.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/messages/persist.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace raft::consensus {

/// The entries that follow a compaction point. Older ones may be on the disk
/// only; the term at any index is known all the same.
///
/// Invariants: `compacted().index <= durable() <= last().index`; indexes have
/// no gaps; terms never decrease; the entries in memory are a suffix of the
/// log and include everything that is not durable.
class log {
public:
  log() = default;

  /// @param tail The last entries, without gaps, up to `recovered.last`.
  log(const durable_state& recovered, std::vector<entry> tail);

  // -- observers --------------------------------------------------------------

  /// Last entry that a snapshot replaced; 0@0 if none.
  log_position compacted() const noexcept;

  /// Where the log ends; `compacted()` if it holds no entry.
  log_position last() const noexcept;

  /// Last index whose entry, with this very term, is on this peer's disk.
  log_index durable() const noexcept;

  /// First index held in memory; `last().index + 1` if none is.
  log_index first_in_memory() const noexcept;

  /// The term at `index`, or nothing if the log does not reach there or has
  /// been compacted past it. 0@0 counts as an entry.
  std::optional<term_number> term_at(log_index index) const noexcept;

  /// Whether the log holds (or a snapshot ends with) exactly this entry.
  bool holds(const log_position& x) const noexcept;

  /// First index of the run of entries that have the same term as `index`.
  /// @pre `term_at(index)`.
  log_index first_of_term_at(log_index index) const noexcept;

  /// Last index with a term not above `term`, looking back from `from`.
  log_index last_not_above(term_number term, log_index from) const noexcept;

  /// The entry at `index`, or null if it is not in memory.
  const entry* find(log_index index) const noexcept;

  /// Copies entries from `first` to `last`, both inclusive, up to `bytes_max`
  /// but at least one.
  /// @returns nothing if `first` is not in memory or beyond `last`.
  std::vector<entry> slice(log_index first, log_index last,
                           std::size_t bytes_max) const;

  /// The summed `cost` of the entries in memory from `first` on.
  std::size_t bytes_in_memory() const noexcept;

  // -- modifiers --------------------------------------------------------------

  /// @pre `x.index` follows the last one; `x.term` is not below the last one's.
  void append(entry x);

  /// Drops `from` and everything after it; `durable()` goes down with it.
  /// @pre `from > compacted().index`.
  void truncate(log_index from);

  /// Notes that a batch ending in `written` is on the disk. Counts up to the
  /// last index whose entry is still the one that was written.
  /// @param first First entry of the batch. @param written Its last.
  void wrote(log_index first, const log_position& written);

  /// Drops entries from the front of memory until at most `bytes_max` are left,
  /// but none above `keep_above` and none that is not durable.
  void evict(std::size_t bytes_max, log_index keep_above);

private:
  log_position compacted_;
  log_index durable_;
  log_index first_in_memory_{1};
  std::deque<entry> entries_;             // the ones in memory
  std::size_t bytes_ = 0;                 // their summed cost
  std::vector<log_position> term_starts_; // first entry of each term
};

} // namespace raft::consensus
