// A peer's log as the core sees it: the tail in memory, the terms of all.

#pragma once

#include <raft/messages/entry.hpp>
#include <raft/messages/persist.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace raft::consensus {

/// The entries that follow a compaction point. Older ones may be on the disk
/// only; the term at any index is known all the same.
///
/// It also knows what the disk has of it. Entries go to the disk batch by
/// batch, one batch at a time: `fill` takes the next one out, `wrote` tells
/// that it is durable.
///
/// If the disk is full, `refused` takes back what `fill` took out.
///
/// Invariants: `compacted().index <= durable() <= handed_to_disk()
/// <= last().index`; indexes have no gaps; terms never decrease; the entries in
/// memory are a suffix of the log and include everything that is not durable.
class log {
public:
  log() = default;

  /// @param tail The last entries, without gaps, up to `recovered.last`.
  log(const durable_state& recovered, std::vector<entry> tail);

  // -- observers --------------------------------------------------------------

  /// Last entry that was dropped; 0@0 if none.
  log_position compacted() const noexcept;

  /// Where the log ends; `compacted()` if it holds no entry.
  log_position last() const noexcept;

  /// Last index whose entry, with this very term, is on this peer's disk.
  log_index durable() const noexcept;

  /// Last index whose entry, with this very term, was given to the disk, be it
  /// durable by now or not.
  log_index handed_to_disk() const noexcept;

  /// First index held in memory; `last().index + 1` if none is.
  log_index first_in_memory() const noexcept;

  /// The term at `index`, or nothing if the log does not reach there or has
  /// been compacted past it. 0@0 counts as an entry.
  std::optional<term_number> term_at(log_index index) const noexcept;

  /// Whether the log holds (or begins after) exactly this entry.
  bool holds(const log_position& x) const noexcept;

  /// First index of the run of entries that have the same term as `index`.
  /// @pre `term_at(index)`.
  log_index first_of_term_at(log_index index) const noexcept;

  /// Last index with a term not above `term`, looking back from `from`.
  /// @pre `compacted().index <= from && from <= last().index`.
  log_index last_not_above(term_number term, log_index from) const noexcept;

  /// The entry at `index`, or null if it is not in memory.
  const entry* find(log_index index) const noexcept;

  /// Copies entries from `first` to `last`, both inclusive, up to `bytes_max`
  /// but at least one.
  /// @returns nothing if `first` is not in memory or beyond `last`.
  std::vector<entry> slice(log_index first, log_index last,
                           std::size_t bytes_max) const;

  /// The summed `cost` of the entries in memory.
  std::size_t bytes_in_memory() const noexcept;

  /// The summed `cost` of the entries in memory that follow `index`.
  std::size_t bytes_after(log_index index) const noexcept;

  /// The summed `cost` of the entries after `before` up to `last`, roughly: of
  /// entries that are not in memory some may count as empty, or belong to a
  /// neighbour.
  /// @pre `before <= last`.
  std::size_t bytes_between(log_index before, log_index last) const noexcept;

  /// The last entry that is surely followed by so many bytes of entries;
  /// `compacted().index` if there is none.
  log_index followed_by(std::size_t bytes) const noexcept;

  /// Whether the disk must be told something about the log up to `end`.
  bool unwritten(log_index end) const noexcept;

  /// Whether that takes room on the disk: something else than empty entries.
  bool needs_space(log_index end) const noexcept;

  // -- modifiers --------------------------------------------------------------

  /// @pre `x.index` follows the last one; `x.term` is not below the last one's.
  void append(entry x);

  /// Drops `from` and everything after it; `durable()` goes down with it.
  /// @pre `compacted().index < from && from <= last().index`.
  void truncate(log_index from);

  /// Adds to `batch` what the disk does not know yet: where to cut its log, and
  /// the entries that follow, up to `end` and `bytes_max`, but at least one.
  void fill(durable_batch& batch, log_index end, std::size_t bytes_max);

  /// Notes that what `fill` took out last is on the disk. What was truncated
  /// since does not count.
  void wrote() noexcept;

  /// Notes that nothing of what `fill` took out last is on the disk: it counts
  /// as unwritten again.
  void refused() noexcept;

  /// Drops all entries up to `index`.
  /// @pre `index <= durable()`.
  void compact(log_index index);

  /// Begins anew behind an entry, with nothing in it; so does the disk's log by
  /// now.
  void reset(const log_position& to);

  /// Drops entries from the front of memory until at most `bytes_max` are left,
  /// but none above `keep_above` and none that is not durable.
  /// @param bytes_per_mark How exactly to remember the sizes of those that go.
  void evict(std::size_t bytes_max, log_index keep_above,
             std::size_t bytes_per_mark);

private:
  /// An entry, and the summed cost of all entries up to and including it since
  /// this object was made. The difference of two such sums is what lies
  /// between: no counter that could drift.
  struct slot {
    entry value;
    std::uint64_t bytes_up_to = 0;
  };

  /// The same sum for an entry that is not in memory. Of the entries that were
  /// there before this object, each counts as an empty one.
  struct mark {
    log_index index;
    std::uint64_t bytes_up_to = 0;
  };

  const slot* find_slot(log_index index) const noexcept;
  std::uint64_t bytes_up_to(log_index index) const noexcept;
  void remember_size(const slot& x, std::size_t bytes_per_mark);
  std::uint64_t bytes_up_to_last() const noexcept;

  log_position compacted_;
  log_position last_;
  log_index durable_;
  log_index handed_to_disk_;
  log_index truncate_disk_from_; // 0 if the disk needs no cut
  log_index disk_end_; // where the disk's log ends, whatever it holds
  log_index disk_end_after_; // as well, once the batch under way is written
  std::deque<slot> slots_; // the entries in memory
  std::uint64_t bytes_up_to_evicted_ = 0; // of the last entry evicted
  std::deque<mark> marks_; // ascending; the first is where the log begins
  std::vector<log_position> term_starts_; // first entry of each term
};

} // namespace raft::consensus
