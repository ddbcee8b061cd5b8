// What a store with a journal knows of a group without reading it.

#pragma once

#include <raft/persistence/journal.hpp>
#include <raft/persistence/log_change.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace raft::persistence {

/// The durable state of a group, and where its entries are: the older ones in
/// the tables, the newer ones in the journal.
class indexed_log {
public:
  indexed_log() = default;

  /// @param found What the tables hold.
  /// @param compacted_time_ms The time of the last entry that was compacted.
  indexed_log(durable_state found, std::uint64_t compacted_time_ms);

  group_summary summary() const {
    return {state_.hard, state_.compacted, state_.last};
  }

  compaction_point compaction() const {
    return {state_.compacted, compacted_time_ms_};
  }

  /// The term of an entry of the log.
  /// @pre It is there.
  term_number term_at(log_index index) const;

  /// A batch has become durable.
  ///
  /// What is compacted already counts as done: the tables can be ahead of the
  /// journal by that.
  /// @param at The record that holds it; null if the tables do, and nothing is
  ///        in the journal any more.
  /// @returns whether it fits the log; it does if a store has checked it.
  bool apply(const journaled_batch& x, const journal_record* at);

  /// What the journal holds before a place is in the tables now.
  void moved(const journal_cursor& to);

  /// Forgets what the journal holds.
  void forget_places();

  // -- reading ----------------------------------------------------------------

  /// All that a store knows. Where it is not known without reading, it says so.
  struct knowledge {
    durable_state state;
    /// `last_time_ms` is that of the last entry, which must be read.
    bool must_read_last = false;
    /// `proposed` must be looked for where terms begin.
    bool must_find_proposed = false;
    /// See `plan`.
    std::uint64_t version = 0;
  };
  knowledge known() const;

  /// How to read some entries: first from the tables, then from the journal.
  struct plan {
    log_index first;
    log_index last; // before `first` if there is nothing to read
    /// From here on they are in the journal.
    log_index journal_from;
    /// Those, up to `last` or until there are enough of them.
    std::vector<journal_place> places;
    /// Changes when entries are truncated.
    std::uint64_t version = 0;
  };
  plan plan_to_read(log_index first, log_index last,
                    std::uint64_t bytes_max) const;

  /// From here on, entries are in the journal.
  log_index first_in_journal() const {
    return {state_.last.index.value + 1 - places_.size()};
  }

  std::uint64_t version() const noexcept {
    return version_;
  }

  /// Counts entries of the journal that the tables will have to take, by the
  /// length of their records: `added` when they come, `gone` when they have
  /// been moved, or need not be moved any more.
  struct counter {
    std::function<void(std::size_t)> added;
    std::function<void(std::size_t)> gone;
  };

  /// @param x Outlives this object.
  void count_in(const counter& x) {
    counter_ = &x;
  }

private:
  void truncate(log_index from);
  void append(const journaled_entry& x, const journal_record* at);
  void compact(const compaction_point& to);
  void pop_front();
  void pop_back();

  durable_state state_; // `last_time_ms` only if `last_time_known_`
  std::uint64_t compacted_time_ms_ = 0;
  bool last_time_known_ = true;
  bool proposed_known_ = true;
  std::deque<journal_place> places_; // of the last entries, without gaps
  std::uint64_t version_ = 0;
  const counter* counter_ = nullptr;
};

} // namespace raft::persistence
